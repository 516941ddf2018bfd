import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIpNetwork } from '../../src/inventory/address.ts';
import type { Family } from '../../src/inventory/model.ts';
import { addressSet, portSet } from '../../src/xen/nft-sets.ts';
import { normalisePorts } from '../../src/xen/ports.ts';
import { hasTool, isRoot } from '../host/shells.ts';
import { runs } from '../runs.ts';
import { NativeHost } from './native-host.ts';

const isAble = isRoot && hasTool('nft');
if (!isAble) process.stderr.write(`skipped: nft (root: ${isRoot})\n`);

/** Networks that overlap, touch and lie apart; written with host bits, as `cidrOf` never does, or without. */
const somePlaces = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0, 0, 0, 0, 1, 2, 3)),
  { minLength: 1, maxLength: 8 },
);
const networksOf = (family: Family, places: readonly (readonly [number, number])[]) =>
  places.map(([place, bits]) => {
    const first = (place >> bits) << bits;
    return family === 4
      ? `10.0.0.${first}/${32 - bits}`
      : `2001:db8::${first === 0 ? '' : first.toString(16)}/${128 - bits}`;
  });

const somePorts = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom(0, 0, 1, 5, 65_475)), {
    minLength: 1,
    maxLength: 8,
  })
  .map((ranges) => normalisePorts(ranges.map(([first, more]) => ({ first, last: first + more }))))
  .filter((ranges) => ranges.length > 0);

describe('addressSet', () => {
  test.each([
    [['10.0.0.1/32'], '10.0.0.1'],
    [['10.0.0.0/8'], '10.0.0.0/8'],
    [['10.0.0.2/32', '10.0.0.1/32', '10.0.0.2/32'], '{ 10.0.0.1, 10.0.0.2 }'],
    [['10.0.0.1/32', '10.0.0.0/24'], '10.0.0.0/24'],
    [['10.0.0.0/25', '10.0.0.128/25'], '10.0.0.0/24'],
    [['10.0.0.0/30', '10.0.0.4/32', '9.9.9.9/32'], '{ 9.9.9.9, 10.0.0.0-10.0.0.4 }'],
    [['0.0.0.0/1', '128.0.0.0/1'], '0.0.0.0/0'],
    [['2001:db8::2/128', '2001:db8::1/128'], '{ 2001:db8::1, 2001:db8::2 }'],
    [['fe80::/10', '2001:db8::/64'], '{ 2001:db8::/64, fe80::/10 }'],
  ])('says %j as %s', (networks, text) => {
    expect(addressSet(networks)).toBe(text);
  });

  test('holds the addresses of its networks, and no other', () => {
    fc.assert(
      fc.property(fc.constantFrom<Family>(4, 6), somePlaces, (family, places) => {
        const networks = networksOf(family, places);
        const numbers = (text: string): readonly bigint[] => {
          const [first = '', last = first] = text.split('-');
          const [a, b] = [first, last].map((one) => parseIpNetwork(one));
          if (a == null || b == null) throw new Error(text);
          const size = 1n << BigInt((family === 4 ? 32 : 128) - b.prefix);
          const end = b.first + size;
          return Array.from(
            { length: Number(end - a.first) },
            (_, place) => a.first + BigInt(place),
          );
        };
        const held = addressSet(networks).replace(/[{} ]/g, '').split(',').flatMap(numbers);
        expect(new Set(held).size).toBe(held.length);
        expect([...held].sort()).toEqual([...new Set(networks.flatMap(numbers))].sort());
      }),
      { numRuns: runs() },
    );
  });
});

describe.runIf(isAble)('addressSet and portSet', () => {
  test('speak as nft lists what they said', async () => {
    const sets = fc.oneof(
      fc.tuple(fc.constantFrom<Family>(4, 6), somePlaces).map(([family, places]) => {
        return `${family === 4 ? 'ip' : 'ip6'} saddr ${addressSet(networksOf(family, places))} accept`;
      }),
      somePorts.map((ports) => `tcp dport ${portSet(ports)} accept`),
    );
    await using host = new NativeHost();
    const rules = fc.sample(sets, runs());
    await host.nft(`table inet x {\nchain c {\n${rules.join('\n')}\n}\n}`);

    expect(await host.rules('inet x c')).toEqual(rules);
  });
});
