import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIpNetwork } from '../../src/inventory/address.ts';
import type { Family } from '../../src/inventory/model.ts';
import { normalisePorts } from '../../src/inventory/port-ranges.ts';
import { addressWords, portWords } from '../../src/xen/nft-sets.ts';
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

describe('addressWords', () => {
  test.each([
    [['10.0.0.1/32'], ['10.0.0.1']],
    [['10.0.0.0/8'], ['10.0.0.0/8']],
    [['10.0.0.2/32', '10.0.0.1/32', '10.0.0.2/32'], ['{ 10.0.0.1, 10.0.0.2 }']],
    [['10.0.0.1/32', '10.0.0.0/24'], ['10.0.0.0/24']],
    [
      ['10.0.0.0/25', '10.0.0.128/25'],
      ['10.0.0.0/25', '10.0.0.128/25'],
    ],
    [
      ['10.0.0.0/30', '10.0.0.4/32', '9.9.9.9/32'],
      ['{ 9.9.9.9, 10.0.0.4 }', '10.0.0.0/30'],
    ],
    [['2001:db8::2/128', '2001:db8::1/128'], ['{ 2001:db8::1, 2001:db8::2 }']],
    [
      ['fe80::/10', '::/128', '2001:db8::/64'],
      ['::', '2001:db8::/64', 'fe80::/10'],
    ],
  ])('says %j as %j', (networks, words) => {
    expect(addressWords(networks)).toEqual(words);
  });

  test('hold the addresses of the networks, each once, and no other', () => {
    fc.assert(
      fc.property(fc.constantFrom<Family>(4, 6), somePlaces, (family, places) => {
        const networks = networksOf(family, places);
        const numbers = (text: string): readonly bigint[] => {
          const network = parseIpNetwork(text);
          if (network === null) throw new Error(text);
          const size = 1 << ((family === 4 ? 32 : 128) - network.prefix);
          return Array.from({ length: size }, (_, place) => network.first + BigInt(place));
        };
        const held = addressWords(networks).flatMap(valuesOf).flatMap(numbers);
        expect(new Set(held).size).toBe(held.length);
        expect([...held].sort()).toEqual([...new Set(networks.flatMap(numbers))].sort());
      }),
      { numRuns: runs() },
    );
  });
});

describe('portWords', () => {
  test.each([
    [[80], ['80']],
    [[80, 443], ['{ 80, 443 }']],
    [[[80, 82], 443], ['{ 80, 81, 82, 443 }']],
    [
      [80, 443, [1024, 65_535]],
      ['{ 80, 443 }', '1024-65535'],
    ],
    [
      [
        [1, 79],
        [81, 65_535],
      ],
      ['1-79', '81-65535'],
    ],
  ])('says %j as %j', (ports, words) => {
    const ranges = ports.map((one) => {
      const [first = 0, last = first] = [one].flat();
      return { first, last };
    });
    expect(portWords(ranges)).toEqual(words);
  });

  test('put single values into sets, and nothing that the kernel keeps in a tree', () => {
    const words = fc.oneof(
      fc
        .tuple(fc.constantFrom<Family>(4, 6), somePlaces)
        .map(([family, places]) => addressWords(networksOf(family, places))),
      somePorts.map(portWords),
    );
    fc.assert(
      fc.property(words, (said) => {
        for (const word of said.filter((one) => one.startsWith('{'))) {
          expect(valuesOf(word).filter((value) => /[/-]/.test(value))).toEqual([]);
        }
        expect(said.filter((one) => one.startsWith('{')).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: runs() },
    );
  });
});

const valuesOf = (word: string): readonly string[] => word.replace(/[{} ]/g, '').split(',');

describe.runIf(isAble)('addressWords and portWords', () => {
  test('speak as nft lists what they said', async () => {
    const rules = fc.oneof(
      fc
        .tuple(fc.constantFrom<Family>(4, 6), somePlaces)
        .map(([family, places]) =>
          addressWords(networksOf(family, places)).map(
            (word) => `${family === 4 ? 'ip' : 'ip6'} saddr ${word} accept`,
          ),
        ),
      somePorts.map((ports) => portWords(ports).map((word) => `tcp dport ${word} accept`)),
    );
    await using host = new NativeHost();
    const wanted = fc.sample(rules, runs()).flat();
    await host.nft(`table inet x {\nchain c {\n${wanted.join('\n')}\n}\n}`);

    expect(await host.rules('inet x c')).toEqual(wanted);
  });
});
