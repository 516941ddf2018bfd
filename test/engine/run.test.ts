import { describe, expect, test } from 'vitest';
import { ConnectionError, type Transport } from '../../src/connection/transport.ts';
import type { HostEnd, HostStatus, RunEvent } from '../../src/engine/events.ts';
import { run } from '../../src/engine/run.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { type Play, usualRollout } from '../../src/playbook/model.ts';
import { SourceText } from '../../src/source/source-text.ts';
import { command } from '../../src/steps/command.ts';
import { identity } from './identity.ts';
import { localHost } from './local-host.ts';

const place = { source: new SourceText('test.yaml', ''), start: 0, end: 0 };
const inventory = await loadInventory({
  argument: '-',
  stdin: `
networks: { lan: { subnet: 10.0.0.0/24 } }
dom0: { xen1: { address: 10.0.0.2 }, xen2: { address: 10.0.0.3 } }
domU:
  a: { dom0: xen1, vifs: [{ ip: 10.0.0.10 }] }
  b: { dom0: xen2, vifs: [{ ip: 10.0.0.11 }] }
`,
});

function play(name: string, line: string): Play {
  const task = { name: line, step: command, params: { shell: line }, network: false, place };
  return { name, hosts: [name], hostsPlace: place, tasks: [task], rollout: usualRollout };
}

/** Runs plays on "hosts" that are this machine; those named in `dead` do not answer. */
async function runPlays(
  plays: readonly (readonly [Play, readonly string[]])[],
  options: {
    dead?: readonly string[];
    forks?: number;
    fleet?: Inventory;
    check?: boolean;
    onEvent?: (event: RunEvent) => void;
    proven?: readonly HostStatus[];
  } = {},
) {
  const events: RunEvent[] = [];
  const local = localHost();
  const transport: Transport = {
    connect: async ({ name }, signal) => {
      signal.throwIfAborted();
      if (options.dead?.includes(name) ?? false) throw new ConnectionError('network', 'dead');
      return local.connect();
    },
    close: async () => {},
  };
  const stopping = new AbortController();
  const { proven } = options;
  const proof = { isRight: false, summary: '', text: '', document: {} };
  const exit = await run({
    ...(proven === undefined ? {} : { verify: async () => ({ ...proof, statuses: proven }) }),
    version: '0',
    identity,
    inventory: options.fleet ?? inventory,
    plays: plays.map(([one, hosts]) => ({ play: one, hosts: new Set(hosts) })),
    transport,
    endpointOf: ({ name, address }) => ({ name, address }),
    check: options.check ?? false,
    forks: options.forks ?? 2,
    pendingAsExit: false,
    emit: (event) => {
      events.push(event);
      if (event.event === 'task' && event.task.startsWith('echo stop')) stopping.abort();
    },
    stopping: stopping.signal,
    leaving: new AbortController().signal,
  });
  const ended = events.filter((event): event is HostEnd => event.event === 'host_end');
  const hosts = Object.fromEntries(
    ended.map(({ host, status, error }) => [host, [status, error?.message ?? null]]),
  );
  const hints = ended.flatMap(({ error }) => error?.hint ?? []);
  const phases = events.flatMap((event) =>
    event.event === 'phase' ? [`${event.name} ${event.status}`] : [],
  );
  return { exit, hosts, hints, phases, ended: ended.map(({ host }) => host) };
}

describe('run', () => {
  test('many hosts at once are no leak of listeners, and Node prints no warning of one', async () => {
    const names = Array.from({ length: 24 }, (_, index) => `xen${index + 1}`);
    const dom0 = names.map((name, index) => `${name}: { address: 10.0.0.${index + 2} }`).join(', ');
    const fleet = await loadInventory({ argument: '-', stdin: `dom0: { ${dom0} }` });
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', onWarning);
    try {
      const rollout = { ...usualRollout, serial: [{ hosts: 24 }] };
      const one = { ...play('xen1', 'true'), rollout };
      const { ended } = await runPlays([[one, names]], { fleet, forks: 24, dead: names });
      expect(ended).toHaveLength(24);
      await new Promise((resolve) => setImmediate(resolve));
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', onWarning);
    }
  });

  test('does each host once, a guest after its dom0', async () => {
    const { exit, hosts, ended } = await runPlays([
      [play('dom0s', 'true'), ['xen1', 'xen2']],
      [play('guests', 'true'), ['a', 'b']],
    ]);

    expect(exit).toBe(0);
    expect(Object.values(hosts)).toEqual(Array(4).fill(['changed', null]));
    expect(ended.indexOf('a')).toBeGreaterThan(ended.indexOf('xen1'));
    expect(ended.indexOf('b')).toBeGreaterThan(ended.indexOf('xen2'));
  });

  test('skips the guests of a dom0 that cannot be reached, and no others', async () => {
    const { exit, hosts } = await runPlays(
      [
        [play('dom0s', 'true'), ['xen1', 'xen2']],
        [play('guests', 'true'), ['a', 'b']],
      ],
      { dead: ['xen1'] },
    );

    expect(exit).toBe(3);
    expect(hosts).toEqual({
      xen1: ['unreachable', 'dead'],
      a: ['skipped', 'its dom0 xen1 was unreachable'],
      xen2: ['changed', null],
      b: ['changed', null],
    });
  });

  test('a guest that fails does not keep its dom0 from its later plays', async () => {
    const { exit, hosts } = await runPlays([
      [play('before', 'true'), ['xen1']],
      [play('guests', 'exit 3'), ['a']],
      [play('after', 'true'), ['xen1']],
    ]);

    expect(exit).toBe(1);
    expect(hosts).toEqual({
      xen1: ['changed', null],
      a: ['failed', 'exit 3: exit 3: exit status 3'],
    });
  });

  test('an interrupt between the plays of a host does not hide what it changed', async () => {
    const { exit, hosts } = await runPlays([
      [play('before', 'true'), ['xen1']],
      [play('guests', 'echo stop'), ['a']],
      [play('after', 'true'), ['xen1']],
    ]);

    expect(exit).toBe(130);
    expect(hosts).toEqual({
      xen1: ['changed', 'interrupted before its later plays'],
      a: ['changed', null],
    });
  });

  test('in a check, a guest out of reach behind a dom0 that would change says so', async () => {
    const { exit, hints } = await runPlays(
      [
        [play('dom0s', 'true'), ['xen1']],
        [play('guests', 'true'), ['a']],
      ],
      { dead: ['a'], check: true },
    );

    expect(exit).toBe(3);
    expect(hints).toEqual(['xen1 would change first: the guest may answer once that is applied']);
  });

  test('a proof comes last and counts in the exit code; a check has none', async () => {
    const plays = [[play('dom0s', 'true'), ['xen1']]] as const;

    const wrong = await runPlays(plays, { proven: ['ok', 'failed'] });
    const unasked = await runPlays(plays, { proven: ['unreachable'] });
    const right = await runPlays(plays, { proven: ['ok'] });
    const check = await runPlays(plays, { proven: ['failed'], check: true });
    const stopped = await runPlays([[play('dom0s', 'echo stop'), ['xen1']]], {
      proven: ['failed'],
    });

    expect([wrong.exit, unasked.exit, right.exit, check.exit]).toEqual([1, 3, 0, 0]);
    expect(stopped.exit).toBe(130);
    expect(wrong.phases.slice(-3)).toEqual(['Apply done', 'Verify start', 'Verify failed']);
    expect(right.phases.slice(-1)).toEqual(['Verify done']);
    expect([check.phases, stopped.phases].flat().join()).not.toContain('Verify');
  });
});
