import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { parseYaml, readYaml } from '../../src/source/parse-yaml.ts';
import {
  nodeAt,
  type Path,
  placeOf,
  type SourceNode,
  toData,
} from '../../src/source/source-node.ts';
import { runs } from '../runs.ts';

function parse(yaml: string): SourceNode {
  const parsed = parseYaml(yaml, 'f');
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(formatDiagnostic).join('\n'));
  return parsed.value;
}

function positionOf(root: SourceNode, path: Path, part: 'key' | 'value') {
  const { source, start } = placeOf(root, path, part);
  return source.positionAt(start);
}

function firstComplaint(yaml: string | Uint8Array): string {
  const parsed = parseYaml(yaml, 'f');
  if (parsed.ok) return '';
  const [first] = parsed.diagnostics;
  return `${first?.position?.line}:${first?.position?.column} ${first?.message}`;
}

describe('parseYaml', () => {
  test('reads the core schema of YAML 1.2', () => {
    const data = toData(
      parse(
        'a: [1, 0x10, 0o17, 1.5, true, null, ~, yes, on, 1:30, 2001-01-01, "x", 00:16:3e:00:00:01]',
      ),
    );

    expect(JSON.parse(JSON.stringify(data))).toEqual({
      a: [
        1,
        16,
        15,
        1.5,
        true,
        null,
        null,
        'yes',
        'on',
        '1:30',
        '2001-01-01',
        'x',
        '00:16:3e:00:00:01',
      ],
    });
  });

  test('maps have no prototype', () => {
    const data = toData(parse('a: { b: 1 }'));

    expect(Object.getPrototypeOf(data)).toBeNull();
  });

  test('aliases stand for their anchors, and what they hold has the place of the anchor', () => {
    const root = parse('a: &x { b: 1 }\nc: *x\n');

    expect(JSON.stringify(toData(root))).toBe('{"a":{"b":1},"c":{"b":1}}');
    expect(positionOf(root, ['c', 'b'], 'value')).toEqual({ file: 'f', line: 1, column: 12 });
  });

  test('a byte order mark and CR before LF make no difference', () => {
    const root = parse('\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\n');

    expect(JSON.stringify(toData(root))).toBe('{"a":1,"b":"x\\ny\\n"}');
    expect(positionOf(root, ['a'], 'key')).toEqual({ file: 'f', line: 1, column: 1 });
  });

  test.each([
    ['a: !!binary aGk=', '1:4 unknown tag "!!binary"'],
    ['a: !!set { b }', '1:4 unknown tag "!!set"'],
    ['a: !!timestamp 2001-01-01', '1:4 unknown tag "!!timestamp"'],
    ['a: !!int "x"', '1:4 the tag "!!int" does not fit here'],
    ['a: !!js/function x', '1:4 unknown tag "!!js/function"'],
    ['a: 1\n...\n---\nb: 2\n', '3:1 a second document begins here'],
    ['%TAG ! tag:x,2000:\n---\na: 1\n', '1:1 "%TAG ! tag:x,2000:" is not supported'],
    ['? [a, b]\n: 1\n', '1:3 a key must be plain text'],
    [': 1\n', '1:1 a key is missing'],
    ['~: 1\n', '1:1 the key ~ is empty, not text'],
    ['? *a\n: 1\n', '1:3 a key must be plain text'],
    ['a: .inf', '1:4 the number ".inf" cannot be held exactly'],
    ['a: .nan', '1:4 the number ".nan" cannot be held exactly'],
    ['a: 9007199254740993', '1:4 the number "9007199254740993" cannot be held exactly'],
    ['a: "\\u0000"', '1:4 the control character U+0000 is not allowed in a text'],
    ['a: "\\x7f"', '1:4 the control character U+007F is not allowed in a text'],
    ['a: "\\x9b2J"', '1:4 the control character U+009B is not allowed in a text'],
    ['a: "\\r"', '1:4 the control character U+000D is not allowed in a text'],
    ['a: "\\ud800"', '1:4 the control character U+D800 is not allowed in a text'],
    ['a: b\rc', '1:4 the control character U+000D is not allowed in a text'],
  ])('refuses %j: %s', (yaml, said) => {
    expect(firstComplaint(yaml)).toBe(said);
  });

  test.each([
    [[0x61, 0xff], '1:2 the byte 0xff is not UTF-8'],
    [[0x61, 0x0a, 0xc3], '2:1 the byte 0xc3 is not UTF-8'],
    [[0xed, 0xa0, 0x80], '1:1 the byte 0xed is not UTF-8'],
    [[0xc0, 0xaf], '1:1 the byte 0xc0 is not UTF-8'],
    [[0xef, 0xbf, 0xbd, 0x80], '1:2 the byte 0x80 is not UTF-8'],
    [[0xff, 0xfe, 0x61, 0x00], '1:1 the byte 0xff is not UTF-8'],
  ])('refuses the bytes %j: %s', (bytes, said) => {
    expect(firstComplaint(Uint8Array.from(bytes))).toBe(said);
  });

  test.each(['__proto__', 'constructor', 'prototype'])(
    'refuses the key %s at any depth',
    (name) => {
      const before: unknown = Reflect.get({}, 'polluted');
      fc.assert(
        fc.property(
          fc.array(fc.boolean(), { maxLength: 20 }),
          fc.constantFrom('', '"', "'"),
          (nest, quote) => {
            const [open, close] = nest.reduceRight(
              ([left, right], isList) => [
                isList ? `[${left}` : `{ a: ${left}`,
                `${right}${isList ? ']' : ' }'}`,
              ],
              ['', ''],
            );

            const said = firstComplaint(
              `x: ${open}{ ${quote}${name}${quote}: { polluted: 1 } }${close}`,
            );

            expect(said).toBe(`1:${open.length + 6} "${name}" is not allowed as a key`);
          },
        ),
        { numRuns: runs() },
      );
      expect(Reflect.get({}, 'polluted')).toBe(before);
    },
  );

  test('nine lists of nine aliases nine times over are refused and not built', () => {
    const lines = ['a0: &a0 [x]'];
    for (let level = 1; level < 30; level++) {
      lines.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      );
    }

    const parsed = parseYaml(lines.join('\n'), 'f');

    expect(parsed.ok ? '' : parsed.diagnostics.map(({ message }) => message)).toEqual([
      'the aliases up to here repeat more than 100000 values',
    ]);
  });

  test('a chain of aliases within aliases stays shallow enough to walk', () => {
    const lines = ['a0: &a0 [x]'];
    for (let level = 1; level < 5000; level++) lines.push(`a${level}: &a${level} [*a${level - 1}]`);

    expect(firstComplaint(lines.join('\n'))).toMatch(/^\d+:\d+ the aliases up to here repeat/);
  });

  test.each([
    ['flow lists', '['.repeat(200_000)],
    ['flow lists over lines', '[\n'.repeat(50_000)],
    ['flow maps', '{a: '.repeat(50_000)],
    ['block lists on a line', '- '.repeat(50_000)],
    ['explicit keys', '? '.repeat(50_000)],
    [
      'indented maps',
      Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
    ],
    [
      'compact lists over lines',
      Array.from({ length: 300 }, (_, at) => `${' '.repeat(at * 4)}- -`).join('\n'),
    ],
  ])('deep nesting of %s is said where it gets too deep', (_, yaml) => {
    expect(firstComplaint(yaml)).toMatch(/^\d+:\d+ more than 64 levels are nested here$/);
  });

  test('what looks like brackets inside texts nests nothing', () => {
    const yaml = `a: "${'['.repeat(500)}"\nb: ${'x['.repeat(500)}\nc: |\n${'  {\n'.repeat(500)}`;

    expect(parseYaml(yaml, 'f').ok).toBe(true);
  });

  test('a long document on one line is not deep', () => {
    const data = Object.fromEntries(
      Array.from({ length: 500 }, (_, at) => [`k${at}`, [{ a: at }]]),
    );

    expect(parseYaml(JSON.stringify(data), 'f').ok).toBe(true);
  });

  test('a text over 10 MB is refused before it is read', () => {
    expect(firstComplaint('#'.repeat(10 * 1024 * 1024 + 1))).toBe(
      '1:1 the text is larger than 10 MB',
    );
  });

  test('many keys cost time in proportion', () => {
    const yaml = Array.from({ length: 20_000 }, (_, index) => `k${index}: v`).join('\n');
    const before = process.cpuUsage();

    expect(parseYaml(yaml, 'f').ok).toBe(true);
    // Comparing each key with all others took half a minute.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(10_000);
  });
});

describe('readYaml', () => {
  test('goes on without the parts that are refused', () => {
    const { root, diagnostics } = readYaml('a: 1\na: 2\n3: x\nb: "\\e"\n', 'f');

    expect(diagnostics.map(({ position }) => position?.line)).toEqual([2, 3, 4]);
    expect(root && Object.keys(Object(toData(root)))).toEqual(['a', 'b']);
  });
});

describe('placeOf', () => {
  test('finds the key and the value of every path', () => {
    const text = 'a:\n  - b: one\n    "c d": [2, { e: three }]\n';
    const root = parse(text);
    const written = (path: (string | number)[], part: 'key' | 'value'): string => {
      const { start, end } = placeOf(root, path, part);
      return text.slice(start, end);
    };

    expect(written(['a'], 'key')).toBe('a');
    expect(written(['a', 0, 'b'], 'key')).toBe('b');
    expect(written(['a', 0, 'b'], 'value')).toBe('one');
    expect(written(['a', 0, 'c d'], 'key')).toBe('"c d"');
    expect(written(['a', 0, 'c d', 0], 'value')).toBe('2');
    expect(written(['a', 0, 'c d', 1, 'e'], 'value')).toBe('three');
  });

  test('of what is missing it finds the key of what should hold it', () => {
    const root = parse('a:\n  b: { c: 1 }\n');

    expect(positionOf(root, ['a', 'b', 'x', 'y'], 'value')).toEqual({
      file: 'f',
      line: 2,
      column: 3,
    });
    expect(positionOf(root, ['x'], 'key')).toEqual({ file: 'f', line: 1, column: 1 });
  });

  test('a value that was left empty is found at its key', () => {
    expect(positionOf(parse('a: 1\nb:\n'), ['b'], 'value')).toEqual({
      file: 'f',
      line: 2,
      column: 1,
    });
  });

  test('points at the text of every key and every value', () => {
    const key = fc.stringMatching(/^[a-z]{1,5}$/).map((name) => `k${name}`);
    const scalar = fc.stringMatching(/^[a-z🐚漢]{1,8}$/u).map((text) => `v${text}`);
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.nat(4), (data, indent) => {
        const text = JSON.stringify(data, null, indent);
        const root = parse(text);

        checkPlaces(root, data, [], root, text);
      }),
      { numRuns: runs() },
    );
  });
});

function checkPlaces(
  node: SourceNode,
  data: unknown,
  path: (string | number)[],
  root: SourceNode,
  text: string,
): void {
  const { start, end } = placeOf(root, path, 'value');
  expect(JSON.parse(text.slice(start, end))).toEqual(data);
  const { line, column } = positionOf(root, path, 'value');
  expect([...(text.split('\n')[line - 1] ?? '')].slice(column - 1).join('')).toBe(
    text.slice(start).split('\n')[0],
  );
  if (typeof data !== 'object' || data === null) return;
  for (const [name, value] of Object.entries(data)) {
    const step: string | number = Array.isArray(data) ? Number(name) : name;
    const below: (string | number)[] = [...path, step];
    if (typeof step === 'string') {
      const key = placeOf(root, below, 'key');
      expect(text.slice(key.start, key.end)).toBe(JSON.stringify(step));
    }
    const child = nodeAt(node, [step]);
    if (child === undefined) expect.fail(`nothing at ${below.join('.')}`);
    checkPlaces(child, value, below, root, text);
  }
}
