import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRefusal, parseConfig } from '../../src/xen/xl-config.ts';
import { runs } from '../runs.ts';
import { hasXenParser, readByXen } from './xen-parser.ts';

const pieces = fc.constantFrom(
  ...[
    'vif',
    'name',
    'a_1',
    'A',
    '_x',
    '0x1f',
    '12',
    '1g',
    '=',
    '=',
    '+=',
    '==',
    ',',
    '[',
    ']',
    ';',
  ],
  ...["'a'", '"b"', "'it\\'s'", '"\\\\"', "'#'", '"\\n"', "''", "'''", '"', "'", '\xe9', '"\xe9"'],
  ...['# c', '# "[\n', '\n', '\n', ' ', '\t', '-', '(', '%', '\\', '\f', 'import os\n', 'if x:\n'],
);
const soup = fc.array(pieces, { maxLength: 12 }).map((list) => `${list.join('')}\n`);

const atoms = fc.constantFrom("'x'", '"y"', '3', "'# ]'", '"\\"["');
const gaps = fc.constantFrom('', ' ', '\n', '\t# ,]\n');
const lists = fc
  .array(fc.tuple(gaps, atoms, gaps), { maxLength: 4 })
  .map((items) => `[${items.map((item) => item.join('')).join(',')}]`);
const nearly = fc
  .array(
    fc.tuple(
      fc.constantFrom('vif', 'vif', 'disk', 'name'),
      fc.constantFrom('=', ' = ', '+='),
      fc.oneof(atoms, lists),
      fc.constantFrom('\n', ';', ' # end\n', '\n\n'),
    ),
    { maxLength: 5 },
  )
  .map((statements) => `${statements.flat().join('')}\n`);

const names = (text: string) => {
  const result = parseConfig(text);
  return isRefusal(result) ? result : result.map((assignment) => assignment.name);
};

describe('parseConfig', () => {
  test('reads assignments of strings, numbers and nested lists', () => {
    expect(names(`name = "a"; memory=512\ndisk = [ 'x', # y ]\n [1,2], ]\n`)).toEqual([
      'name',
      'memory',
      'disk',
    ]);
  });

  test.each([
    ['import os\nvif = [ f() ]\n', 1, '`import os` is not plain assignments'],
    ['a=1\n\nif x:\n', 3, '`if x:` is not plain assignments'],
    ["name = 'a' + 'b'\n", 1, "`name = 'a' + 'b'` is not plain assignments"],
    ["a=1\nvif = [ 'mac=%s' % m ]\n", 2, "`vif = [ 'mac=%s' % m ]` is not plain assignments"],
    ['a = """x"""\n', 1, '`a = """x"""` is not plain assignments'],
    ['a = True\n', 1, '`a = True` is not plain assignments'],
    ["vif = [ 'a',\n 'b' 'c' ]\n", 2, "`'b' 'c' ]` is not plain assignments"],
    ["a = '\x1b[2J\n", 1, "`a = '?[2J` is not plain assignments"],
    ['a = [1,\n', 2, 'the file ends amid an assignment'],
  ])('refuses %j, naming the first line that xl would not read', (text, line, message) => {
    expect(parseConfig(text)).toMatchObject({ kind: 'refused', line, message });
  });

  test.each([
    ['a=1\r\nb=2\r\n', 1, 'carriage return'],
    ['\xef\xbb\xbfa=1\n', 1, 'byte order mark'],
    ['a=1\nb="\0"\n', 2, 'NUL'],
  ])('refuses %j with the byte that xl stumbles over', (text, line, what) => {
    expect(parseConfig(text)).toMatchObject({
      line,
      message: expect.stringContaining(what),
    });
  });

  test('refuses lists nested without end, and does not break', () => {
    expect(isRefusal(parseConfig(`a = ${'['.repeat(200_000)}`))).toBe(true);
  });
});

describe.runIf(hasXenParser)('parseConfig, beside Xen’s own parser', () => {
  test('accepts what Xen accepts, and nothing else', () => {
    const texts = fc.sample(fc.oneof(soup, nearly), { numRuns: runs(4000), seed: 7 });

    const readings = readByXen(texts);

    const accepted = texts.filter((text) => !isRefusal(parseConfig(text)));
    // Xen does not parse `+=` of a string to a list, which is no matter of grammar.
    const mixed = (text: string) => /\+=/.test(text);
    expect(accepted.filter((text) => !mixed(text))).toEqual(
      texts.filter((text, place) => readings[place] !== 'refused' && !mixed(text)),
    );
    expect(accepted.length).toBeGreaterThan(500);
  });
});
