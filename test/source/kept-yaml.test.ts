import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type KeptNode,
  keptList,
  keptMap,
  keptPair,
  keptScalar,
} from '../../src/source/kept-yaml.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';
import { readKeptYaml } from '../../src/source/read-kept-yaml.ts';
import { toData } from '../../src/source/source-node.ts';
import { writeKeptYaml } from '../../src/source/write-kept-yaml.ts';

function again(text: string): string {
  const read = readKeptYaml(text, 'x');
  if (!read.ok) throw new Error(read.diagnostics.map(({ message }) => message).join());
  return writeKeptYaml(read.value);
}

function dataOf(text: string): unknown {
  const parsed = parseYaml(text, 'x', { takesSecrets: true });
  return parsed.ok ? JSON.parse(JSON.stringify(toData(parsed.value))) : parsed.diagnostics;
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

function nodeOf(value: Json): KeptNode {
  if (value === null || typeof value !== 'object') return keptScalar(value);
  if (Array.isArray(value)) return keptList(value.map(nodeOf));
  return keptMap(Object.entries(value).map(([key, one]) => keptPair(key, nodeOf(one))));
}

describe('readKeptYaml and writeKeptYaml', () => {
  test('comments, empty lines, quotes and blocks stay', () => {
    const text = [
      '# head',
      '',
      '- a: 1 # behind',
      '  # above',
      "  b: 'x'",
      '',
      '  c: |',
      '    one',
      '    two',
      '# between',
      '- [ 1, "2" ]',
      '# foot',
      '',
    ].join('\n');

    expect(
      again(text)
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual(
      expect.arrayContaining([
        '# head',
        '- a: 1 # behind',
        '# above',
        "b: 'x'",
        '# between',
        '# foot',
      ]),
    );
    expect(again(again(text))).toBe(again(text));
  });

  test('words and numbers of YAML 1.1 are what they mean', () => {
    expect(dataOf(again('[yes, No, on, y, 0x10, 010, 1.50, ~, 2020-01-01, "yes"]'))).toEqual([
      ...[true, false, true, 'y', 16, 8, 1.5, null, '2020-01-01', 'yes'],
    ]);
  });

  test('anchors and merge keys are written out', () => {
    expect(dataOf(again('- &a { x: 1, y: 2 }\n- <<: *a\n  y: 3\n- *a\n'))).toEqual([
      ...[
        { x: 1, y: 2 },
        { x: 1, y: 3 },
        { x: 1, y: 2 },
      ],
    ]);
  });

  test('aliases that repeat too much are refused', () => {
    const lines = Array.from({ length: 30 }, (_, index) => {
      const inner = index === 0 ? 'x' : `*a${index - 1}, *a${index - 1}`;
      return `- &a${index} [${inner}]`;
    });
    const read = readKeptYaml(lines.join('\n'), 'x');

    expect(read).toMatchObject({
      ok: false,
      diagnostics: [{ message: 'aliases repeat too much' }],
    });
  });

  test('a second document and bad YAML are refused with their place', () => {
    expect(readKeptYaml('a: 1\n---\nb: 2\n', 'x').ok).toBe(false);
    expect(readKeptYaml('a: [1\n', 'x')).toMatchObject({
      diagnostics: [{ position: { file: 'x' } }],
    });
  });

  test('a comment ends no line', () => {
    const node = { ...keptMap([keptPair('a', 1)]), before: ['x\ny: 2\u0007'] };

    expect(dataOf(writeKeptYaml({ head: ['h\n- z'], root: node, foot: [] }))).toEqual({ a: 1 });
  });

  test('data is read back as it was', () => {
    const text = fc.string({ unit: 'grapheme-ascii' });
    const key = fc.stringMatching(/^[a-z][a-z_ -]{0,8}$/).map((one) => one.trim());
    const { json } = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('json'), { maxLength: 4 }),
        fc.dictionary(key, tie('json'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(json, (value) => {
        const written = writeKeptYaml({ head: [], root: nodeOf(value), foot: [] });
        expect(dataOf(written)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
