import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HostedPlay, type PlannedLeg, planLegs } from '../../src/engine/legs.ts';
import { Schedule } from '../../src/engine/schedule.ts';
import { planSequences, usualOptions } from '../../src/engine/sequences.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import type { Share } from '../../src/playbook/model.ts';
import { SourceText } from '../../src/source/source-text.ts';
import { fleet, named, playOf } from './fleet.ts';

const place = { source: new SourceText('test.yaml', ''), start: 0, end: 0 };

/** All of a run that is known before it begins. */
function prepare(plays: readonly HostedPlay[], inventory: Inventory) {
  const { all, ofPlay } = planSequences(plays, inventory, { ...usualOptions, check: false });
  const legs = planLegs(plays, inventory, { sequenceOf: (play) => ofPlay[play] ?? 0 });
  const batchOf = ({ sequence, host }: PlannedLeg): number =>
    all[sequence]?.batches.findIndex((names) => names.includes(host.name)) ?? -1;
  return { inventory, sequences: all, legs, batchOf };
}

/** Runs all legs, of those under way `pick` says which ends next; gives what it took. */
function runAll(
  { inventory, sequences, legs }: ReturnType<typeof prepare>,
  forks: number,
  {
    onStart = () => {},
    pick = () => 0,
  }: {
    readonly onStart?: (
      leg: PlannedLeg,
      underWay: readonly PlannedLeg[],
      over: ReadonlySet<PlannedLeg>,
    ) => void;
    readonly pick?: () => number;
  } = {},
): { readonly order: readonly string[]; readonly steps: number } {
  const schedule = new Schedule(legs, sequences, inventory, forks);
  const underWay: PlannedLeg[] = [];
  const over = new Set<PlannedLeg>();
  const order: string[] = [];
  while (!schedule.isOver) {
    for (let leg = schedule.start(); leg !== null; leg = schedule.start()) {
      underWay.push(leg);
      order.push(leg.host.name);
      onStart(leg, underWay, over);
    }
    const [ended] = underWay.splice(pick() % underWay.length, 1);
    if (ended === undefined) throw new Error('nothing is under way, and it is not over');
    over.add(ended);
    schedule.end(ended);
    for (const { sequence, batch } of schedule.takeOver()) {
      if (batch + 1 < (sequences[sequence]?.batches.length ?? 0)) schedule.openNext(sequence);
    }
  }
  return { order, steps: schedule.steps };
}

const inventories = await Promise.all([
  fleet(3, 2, 2),
  fleet(7, 1),
  fleet(2, 5, 1),
  fleet(6, 0, 7),
]);

const share: fc.Arbitrary<Share> = fc.oneof(
  fc.record({ hosts: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
);

const maxPer = fc
  .record({ group: fc.constantFrom('dom0', 'all', 'domU'), most: fc.integer({ min: 1, max: 3 }) })
  .map((limit) => [{ ...limit, place }]);

/** Plays for random hosts, some with batches and limits of their own. */
const runs = fc.constantFrom(...inventories).chain((inventory) => {
  const play = fc.record({
    hosts: fc.subarray([...inventory.hosts.keys()]),
    network: fc.boolean(),
    serial: fc.option(fc.array(share, { minLength: 1, maxLength: 3 })),
    maxPer: fc.option(maxPer, { nil: [] }),
  });
  return fc.array(play, { minLength: 1, maxLength: 5 }).map((plays) =>
    prepare(
      plays.map(({ hosts, ...rest }, index) => playOf(`play ${index}`, hosts, rest)),
      inventory,
    ),
  );
});

describe('Schedule', () => {
  test('every leg runs once, after those that it waits for and the batch before its own, within all limits', () => {
    const picks = fc.infiniteStream(fc.nat(1000));
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 6 }), picks, (prepared, forks, stream) => {
        const { legs, sequences, batchOf, inventory } = prepared;
        const { order } = runAll(prepared, forks, {
          pick: () => stream.next().value,
          onStart: (leg, underWay, over) => {
            expect(underWay.length).toBeLessThanOrEqual(forks);
            const before = legs.filter(
              (other) => other.sequence === leg.sequence && batchOf(other) < batchOf(leg),
            );
            expect([...leg.after, ...before].every((other) => over.has(other))).toBe(true);
            for (const { group, most } of sequences[leg.sequence]?.maxPer ?? []) {
              const members = underWay.filter(({ host, sequence }) => {
                if (sequence !== leg.sequence) return false;
                if (group !== 'dom0') return inventory.groups.get(group)?.hosts.includes(host.name);
                return (
                  host.kind === 'domU' && leg.host.kind === 'domU' && host.dom0 === leg.host.dom0
                );
              });
              expect(members.length).toBeLessThanOrEqual(most);
            }
          },
        });
        expect(order).toHaveLength(legs.length);
      }),
    );
  });

  test('guests of one dom0 hold up nobody else: the dom0s take turns', async () => {
    const inventory = await fleet(4, 10);
    const { order } = runAll(prepare([playOf('g', named(inventory, 'domU'))], inventory), 4);

    expect(order.slice(0, 8)).toEqual([
      'x1-1',
      'x2-1',
      'x3-1',
      'x4-1',
      'x1-2',
      'x2-2',
      'x3-2',
      'x4-2',
    ]);
  });

  test('a host that waits for a limit holds no place among the forks', async () => {
    const inventory = await fleet(1, 3, 2);
    const limit = [{ group: 'dom0', most: 1, place }];
    const hosts = [...named(inventory, 'domU'), ...named(inventory, 'host')];
    const { order } = runAll(prepare([playOf('g', hosts, { maxPer: limit })], inventory), 3);

    expect(order.slice(0, 3)).toEqual(['x1-1', 'p1', 'p2']);
  });

  test('costs the same for each host, however many there are', async () => {
    const [small, large] = await Promise.all([fleet(50, 1), fleet(500, 1)]);
    const stepsOf = (inventory: Inventory): number => {
      const plays = [
        playOf('Xen hosts', named(inventory, 'dom0'), { network: true }),
        playOf('Guests', named(inventory, 'domU'), { network: true }),
        playOf('Limited', named(inventory, 'domU'), {
          serial: [{ percent: 10 }],
          maxPer: [{ group: 'domU', most: 8, place }],
        }),
      ];
      return runAll(prepare(plays, inventory), 32).steps / inventory.hosts.size;
    };

    expect(large.hosts.size).toBe(1000);
    expect(stepsOf(large)).toBeLessThan(stepsOf(small) * 1.2);
    expect(stepsOf(large)).toBeLessThan(20);
  });
});
