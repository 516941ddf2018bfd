import { describe, expect, test } from 'vitest';
import { planLegs } from '../../src/engine/legs.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { type Play, usualRollout } from '../../src/playbook/model.ts';
import { SourceText } from '../../src/source/source-text.ts';
import { command } from '../../src/steps/command.ts';

const place = { source: new SourceText('test.yaml', ''), start: 0, end: 0 };

function play(name: string, tasks = 1): Play {
  const task = (index: number) => ({
    name: `${name}${index}`,
    step: command,
    params: { argv: ['true'] },
    network: false,
    place,
  });
  return {
    name,
    hosts: ['all'],
    hostsPlace: place,
    rollout: usualRollout,
    tasks: Array.from({ length: tasks }, (_, index) => task(index)),
  };
}

const inventory = await loadInventory({
  argument: '-',
  stdin: `
networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 } }
dom0:
  xen1: { address: 10.0.0.2 }
  xen2: { address: 10.0.0.3 }
domU:
  a: { dom0: xen1, vifs: [{ ip: 10.0.0.10 }] }
  b: { dom0: xen2, vifs: [{ ip: 10.0.0.11 }] }
hosts:
  plain: { address: 10.0.0.4 }
`,
});

function shape(plays: readonly (readonly [Play, readonly string[]])[]) {
  const legs = planLegs(
    plays.map(([one, hosts]) => ({ play: one, hosts: new Set(hosts) })),
    inventory,
  );
  const label = (leg: (typeof legs)[number]) =>
    `${leg.host.name}:${leg.tasks.map(({ task }) => task.name).join('+')}`;
  return Object.fromEntries(legs.map((leg) => [label(leg), leg.after.map(label)]));
}

describe('planLegs', () => {
  test('a guest waits for its own dom0 and for no other', () => {
    const legs = shape([
      [play('dom0s'), ['xen1', 'xen2']],
      [play('guests'), ['a', 'b']],
    ]);

    expect(legs).toEqual({
      'xen1:dom0s0': [],
      'xen2:dom0s0': [],
      'a:guests0': ['xen1:dom0s0'],
      'b:guests0': ['xen2:dom0s0'],
    });
  });

  test('plays of one host that nobody stands between are one leg', () => {
    const legs = shape([
      [play('first'), ['xen1', 'plain']],
      [play('second', 2), ['xen1', 'plain']],
    ]);

    expect(legs).toEqual({
      'xen1:first0+second0+second1': [],
      'plain:first0+second0+second1': [],
    });
  });

  test('a dom0 whose guests come in between waits for them', () => {
    const legs = shape([
      [play('before'), ['xen1']],
      [play('guests'), ['a']],
      [play('after'), ['xen1']],
    ]);

    expect(legs).toEqual({
      'xen1:before0': [],
      'xen1:after0': ['xen1:before0', 'a:guests0'],
      'a:guests0': ['xen1:before0'],
    });
  });

  test('in a play for both, the guest waits for its dom0', () => {
    const legs = shape([[play('both'), ['xen1', 'a']]]);

    expect(legs).toEqual({ 'xen1:both0': [], 'a:both0': ['xen1:both0'] });
  });

  test('a guest without its dom0 in the run waits for nobody', () => {
    expect(shape([[play('guests'), ['a']]])).toEqual({ 'a:guests0': [] });
  });

  test('a play without tasks makes no leg', () => {
    expect(shape([[play('empty', 0), ['xen1']]])).toEqual({});
  });
});
