import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutSegments, type Planned } from '../../src/engine/segment.ts';
import { change } from '../../src/host/change.ts';

const touch = change.command(['true'], null);

type Sort = 'network' | 'plain' | 'idle' | 'idleNetwork' | 'upkeep' | 'upkeepNetwork';

const sorts: Readonly<Record<Sort, Planned>> = {
  network: { plan: { changes: [touch] }, isNetwork: true },
  plain: { plan: { changes: [touch] }, isNetwork: false },
  idle: { plan: { changes: [] }, isNetwork: false },
  idleNetwork: { plan: { changes: [] }, isNetwork: true },
  upkeep: { plan: { changes: [], upkeep: [touch] }, isNetwork: false },
  upkeepNetwork: { plan: { changes: [], upkeep: [touch] }, isNetwork: true },
};

function cut(names: readonly Sort[]): readonly (readonly [string, string])[] {
  const tasks = names.map((name) => ({ name, ...sorts[name] }));
  return cutSegments(tasks).map(({ kind, tasks: cutOff }) => [
    kind,
    cutOff.map(({ name }) => name).join(' '),
  ]);
}

const sort = fc.constantFrom<Sort[]>(
  ...(['network', 'plain', 'idle', 'idleNetwork', 'upkeep', 'upkeepNetwork'] as const),
);

describe('cutSegments', () => {
  test.each<[readonly Sort[], readonly (readonly [string, string])[]]>([
    [[], []],
    [['idle', 'idleNetwork'], [['act', 'idle idleNetwork']]],
    [['network', 'network'], [['window', 'network network']]],
    [['network', 'idle', 'network'], [['window', 'network idle network']]],
    [
      ['plain', 'idle', 'network', 'plain'],
      [
        ['act', 'plain idle'],
        ['window', 'network'],
        ['act', 'plain'],
      ],
    ],
    [['idle', 'network'], [['window', 'idle network']]],
    [['upkeepNetwork', 'idle', 'network'], [['window', 'upkeepNetwork idle network']]],
    [
      ['plain', 'upkeepNetwork', 'network'],
      [
        ['act', 'plain'],
        ['window', 'upkeepNetwork network'],
      ],
    ],
    [
      ['network', 'upkeepNetwork', 'plain'],
      [
        ['window', 'network upkeepNetwork'],
        ['act', 'plain'],
      ],
    ],
    [['upkeepNetwork'], [['act', 'upkeepNetwork']]],
    [['plain', 'upkeepNetwork', 'plain'], [['act', 'plain upkeepNetwork plain']]],
  ])('cuts %j into %j', (names, segments) => {
    expect(cut(names)).toEqual(segments);
  });

  test('gives all tasks in their order, and no two segments of a kind in a row', () => {
    fc.assert(
      fc.property(fc.array(sort, { maxLength: 12 }), (names) => {
        const tasks = names.map((name) => sorts[name]);
        const segments = cutSegments(tasks);

        expect(segments.flatMap(({ tasks: cutOff }) => cutOff)).toEqual(tasks);
        for (const [index, { kind, tasks: cutOff }] of segments.entries()) {
          expect(kind).not.toBe(segments[index - 1]?.kind);
          expect(cutOff.length).toBeGreaterThan(0);
        }
      }),
    );
  });

  test('puts every network change into a window, and no change of another task', () => {
    fc.assert(
      fc.property(fc.array(sort, { maxLength: 12 }), (names) => {
        for (const { kind, tasks } of cutSegments(names.map((name) => sorts[name]))) {
          const has = (one: Planned) => tasks.includes(one);
          if (kind === 'window') {
            expect(has(sorts.network)).toBe(true);
            expect(has(sorts.plain) || has(sorts.upkeep)).toBe(false);
          } else {
            expect(has(sorts.network)).toBe(false);
          }
        }
      }),
    );
  });
});
