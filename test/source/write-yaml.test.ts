import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseYaml } from '../../src/source/parse-yaml.ts';
import { toData } from '../../src/source/source-node.ts';
import { flowList, writeYaml, type YamlPair, type YamlValue } from '../../src/source/write-yaml.ts';
import { runs } from '../runs.ts';

/** What a written value stands for. */
function dataOf(value: YamlValue): unknown {
  if (value === null || typeof value !== 'object') return value;
  if ('quoted' in value) return value.quoted;
  if ('items' in value) return value.items.map(dataOf);
  return Object.fromEntries(value.pairs.map((pair) => [pair.key, dataOf(pair.value)]));
}

function readBack(text: string): unknown {
  const read = parseYaml(text, 'test.yaml');
  if (!read.ok) throw new Error(read.diagnostics.map(({ message }) => message).join('; '));
  return toData(read.value);
}

describe('writeYaml', () => {
  test('reads as people write it', () => {
    const text = writeYaml(
      ['Written by xpush.'],
      [
        {
          key: 'networks',
          value: {
            pairs: [
              {
                key: 'lan',
                value: {
                  pairs: [{ key: 'subnet', value: '192.168.0.0/24' }],
                  isFlow: true,
                },
              },
            ],
            isFlow: false,
          },
        },
        {
          key: 'domU',
          isApart: true,
          comments: ['One', 'Two'],
          value: {
            pairs: [
              {
                key: 'vifs',
                value: { items: [flowList([80, '1024-65535', { quoted: 'a:b' }])], isFlow: false },
              },
            ],
            isFlow: false,
          },
        },
      ],
    );

    expect(text).toBe(`# Written by xpush.

networks:
  lan: { subnet: 192.168.0.0/24 }

# One
# Two
domU:
  vifs:
    - [ 80, 1024-65535, "a:b" ]
`);
  });

  test('whatever is written is read back, and no comment ends early', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'yes',
        '0x1f',
        '1e3',
        '',
        ' a',
        'a: b',
        '- a',
        '# a',
        '2001:db8::',
        '~',
        'null',
      ),
      fc.constantFrom('192.168.0.0/24', '00:16:3e:00:00:01', '[', '"', "'", '{}', '!a', '*a', '&a'),
      fc.stringMatching(/^[ -~]{0,12}$/),
    );
    const leaf = fc.oneof(word, fc.integer({ min: 0, max: 70000 }), fc.boolean());
    const key = fc.stringMatching(/^[a-z0-9:.-]{1,8}$/);
    const isFlow = fc.boolean();
    const value: fc.Arbitrary<YamlValue> = fc.letrec<{ value: YamlValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.record({ quoted: word }),
        fc.record({ items: fc.array(tie('value'), { maxLength: 3 }), isFlow }),
        fc.record({ pairs: pairsOf(tie('value')), isFlow }),
      ),
    })).value;
    function pairsOf(of: fc.Arbitrary<YamlValue>): fc.Arbitrary<YamlPair[]> {
      return fc.uniqueArray(
        fc.record({
          key,
          value: of,
          comments: fc.array(fc.string({ unit: 'binary' }), { maxLength: 2 }),
          isApart: fc.boolean(),
        }),
        { selector: (pair) => pair.key, maxLength: 4 },
      );
    }
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), pairsOf(value), (head, pairs) => {
        fc.pre(pairs.length > 0);

        const text = writeYaml(head, pairs);

        expect(readBack(text)).toEqual(dataOf({ pairs, isFlow: false }));
        expect(writeYaml(head, pairs)).toBe(text);
      }),
      { numRuns: runs() },
    );
  });
});
