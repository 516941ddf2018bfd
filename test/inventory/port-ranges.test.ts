import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PortRange } from '../../src/inventory/model.ts';
import { localPortFor, normalisePorts } from '../../src/inventory/port-ranges.ts';
import { formatPorts } from '../../src/xen/ports.ts';
import { runs } from '../runs.ts';

fc.configureGlobal({ numRuns: runs() });

const ranges = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 20 }))
    .map(([first, width]) => ({ first, last: first + width })),
  { maxLength: 60 },
);

const members = (list: readonly PortRange[]): readonly number[] =>
  Array.from({ length: 330 }, (_, port) => port).filter((port) =>
    list.some(({ first, last }) => first <= port && port <= last),
  );

describe('normalisePorts', () => {
  test('drops what another range covers', () => {
    const list = [
      { first: 8080, last: 8080 },
      { first: 1024, last: 65_535 },
      { first: 443, last: 443 },
      { first: 80, last: 80 },
    ];

    expect(normalisePorts(list).map(formatPorts)).toEqual(['80', '443', '1024:65535']);
  });

  test('is empty, any port, where all are covered', () => {
    expect(normalisePorts([{ first: 1, last: 65_535 }])).toEqual([]);
  });

  test('keeps the ports, in ranges that neither touch nor overlap', () => {
    fc.assert(
      fc.property(ranges, (list) => {
        const normal = normalisePorts(list);

        expect(members(normal)).toEqual(members(list));
        normal.forEach(({ first }, place) => {
          expect(first).toBeGreaterThan((normal[place - 1]?.last ?? -1) + 1);
        });
      }),
    );
  });
});

describe('localPortFor', () => {
  test.each<[string, readonly PortRange[], number | null | 'privileged']>([
    ['any', [], null],
    ['all that the system chooses from', [{ first: 1024, last: 65_535 }], null],
    ['some', [{ first: 2000, last: 3000 }], 3000],
    ['one that takes root', [{ first: 53, last: 53 }], 'privileged'],
  ])('of %s', (_, ranges, wanted) => {
    expect(localPortFor(ranges, false)).toBe(wanted);
  });

  test('root may have any', () => {
    expect(localPortFor([{ first: 53, last: 53 }], true)).toBe(53);
  });
});
