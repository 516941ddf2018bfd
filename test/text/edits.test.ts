import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withBlock } from '../../src/text/block-edit.ts';
import { withHostNames, withoutHostNames } from '../../src/text/hosts-edit.ts';
import { type IniWish, withOption } from '../../src/text/ini-edit.ts';
import { withLine, withoutLine } from '../../src/text/line-edit.ts';
import { linesOf, textOf } from '../../src/text/lines.ts';
import { patternOf } from '../../src/text/pattern.ts';
import { withReplacements } from '../../src/text/replace-edit.ts';

const word = fc.constantFrom('a', 'b', 'ab', 'key = 1', '# key = 2', '[one]', '[two]', '', ' x ');
const end = fc.constantFrom('\n', '\r\n');

/** Texts of few different lines, with either ending, with and without one at the end. */
const anyText = fc
  .tuple(fc.array(word, { maxLength: 8 }), end, fc.boolean())
  .map(([lines, eol, isEnded]) => lines.join(eol) + (isEnded && lines.length > 0 ? eol : ''));

/** Whether each line of the one that is not one of `touched` is in the other, in the same order. */
function others(text: string, touched: (line: string) => boolean): string[] {
  return linesOf(text).flatMap(({ text: line }) => (touched(line) ? [] : [line]));
}

const endsOf = (text: string) => new Set(linesOf(text).flatMap(({ end: one }) => one || []));

/** An edit twice is the edit once, and no second kind of line ending comes in. */
function isSound(edit: (text: string) => string, text: string): void {
  const once = edit(text);
  expect(edit(once)).toBe(once);
  expect(endsOf(once).size).toBeLessThanOrEqual(1);
}

describe('linesOf', () => {
  test('and textOf give back any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), anyText), (text) => {
        expect(textOf(linesOf(text))).toBe(text);
      }),
    );
  });
});

const line = fc.constantFrom('a', 'new', 'key = 3', '');
const place = fc.constantFrom(
  { side: 'after', at: null } as const,
  { side: 'before', at: null } as const,
  { side: 'after', at: patternOf('^b') } as const,
  { side: 'before', at: patternOf('^b') } as const,
);

describe('withLine', () => {
  test('an exact line is there afterwards, once more is nothing, and others stay', () => {
    fc.assert(
      fc.property(anyText, line, place, fc.boolean(), (text, wanted, where, isFirst) => {
        const edit = (before: string) =>
          withLine(before, { line: wanted, sought: null, hasGroups: false, place: where, isFirst });

        isSound(edit, text);

        const once = edit(text);
        expect(linesOf(once).some((one) => one.text === wanted)).toBe(true);
        expect(others(once, (one) => one === wanted)).toEqual(
          others(text, (one) => one === wanted),
        );
      }),
    );
  });

  test('what an expression finds is replaced, the last one, and all else stays', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, isFirst) => {
        const sought = patternOf('^a');
        const wish = { line: 'abc', sought, hasGroups: false, isFirst } as const;
        const edit = (before: string) =>
          withLine(before, { ...wish, place: { side: 'after', at: null } });

        isSound(edit, text);

        expect(others(edit(text), (one) => one.startsWith('a'))).toEqual(
          others(text, (one) => one.startsWith('a')),
        );
      }),
    );
  });

  test.each([
    ['x\ny', { line: 'z', at: null, side: 'after' }, 'x\ny\nz\n'],
    ['x\r\ny\r\n', { line: 'z', at: /^x/, side: 'after' }, 'x\r\nz\r\ny\r\n'],
    ['x\ny\nx', { line: 'z', at: /^x/, side: 'before' }, 'x\ny\nz\nx'],
    ['', { line: 'z', at: null, side: 'before' }, 'z\n'],
    ['x\n', { line: 'z', at: /nowhere/, side: 'before' }, 'x\nz\n'],
  ] as const)('of %j with %j comes %j', (text, { line: wanted, ...where }, expected) => {
    const wish = { line: wanted, sought: null, hasGroups: false, place: where, isFirst: false };
    expect(withLine(text, wish)).toBe(expected);
  });

  test('groups are those of the line that is found; without one, nothing is done', () => {
    const wish = {
      line: '\\g<name>=\\2\\\\',
      sought: patternOf('^(?P<name>\\w+):(\\d+)$'),
      hasGroups: true,
      place: { side: 'after', at: null },
      isFirst: false,
    } as const;
    expect(withLine('a:1\nb:2', wish)).toBe('a:1\nb=2\\');
    expect(withLine('a\n', wish)).toBe('a\n');
  });
});

describe('withoutLine', () => {
  test('takes out those that are meant and no others', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const without = withoutLine(text, patternOf('^a'), '');

        expect(linesOf(without)).toEqual(linesOf(text).filter((one) => !/^a/.test(one.text)));
      }),
    );
  });
});

describe('withBlock', () => {
  const markers = { begin: '# BEGIN', end: '# END' } as const;
  const block = fc.array(fc.constantFrom('a', 'x', '', ' y'), { maxLength: 3 });

  test('the block is between its markers, once, and goes again without a trace', () => {
    fc.assert(
      fc.property(anyText, block, block, place, (text, first, second, where) => {
        const edit = (before: string, lines: readonly string[] | null) => {
          const made = withBlock(before, { ...markers, lines, place: where });
          if ('problem' in made) throw new Error(made.problem);
          return made.text;
        };

        isSound((before) => edit(before, first), text);

        const changed = edit(edit(text, first), second);
        const whole = linesOf(changed).map((one) => one.text);
        const at = whole.indexOf('# BEGIN');
        expect(whole.slice(at, at + second.length + 2)).toEqual(['# BEGIN', ...second, '# END']);
        const gone = edit(changed, null);
        expect(linesOf(gone).map((one) => one.text)).toEqual(linesOf(text).map((one) => one.text));
      }),
    );
  });

  test('half a block is a problem', () => {
    const wish = { ...markers, lines: ['x'], place: { side: 'after', at: null } } as const;
    expect(withBlock('# BEGIN\na\n', wish)).toHaveProperty('problem');
    expect(withBlock('# END\n# BEGIN\n', wish)).toHaveProperty('problem');
  });
});

describe('withReplacements', () => {
  test('agrees with replacing all at once', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const made = withReplacements(text, {
          expression: patternOf('^(a)(b?)$', 'gm'),
          replacement: '<\\2\\g<1>>',
          section: null,
        });
        // lines end at a line feed alone, as in Python
        expect(made).toBe(text.replace(/(?<![^\n])(a)(b?)(?![^\n])/g, '<$2$1>'));
      }),
    );
  });
});

describe('withOption', () => {
  const wish: fc.Arbitrary<IniWish> = fc.record({
    section: fc.constantFrom(null, 'one', 'three'),
    option: fc.constantFrom('key', 'other', 'a'),
    values: fc.uniqueArray(fc.constantFrom<string | null>('1', '2', 'x y'), {
      minLength: 1,
      maxLength: 2,
    }),
    isPresent: fc.boolean(),
    isExclusive: fc.boolean(),
    separator: fc.constantFrom('=', ' = '),
    revives: fc.boolean(),
  });

  test('only lines of the option change, and a second time nothing', () => {
    fc.assert(
      fc.property(anyText, wish, (text, wanted) => {
        const edit = (before: string) => withOption(before, wanted);

        isSound(edit, text);

        const isOurs = (one: string) =>
          new RegExp(`^[ \\t]*(?:# )?${wanted.option}(?: ?=|$)`).test(one) ||
          one === `[${wanted.section}]`;
        expect(others(edit(text), isOurs)).toEqual(others(text, isOurs));
      }),
    );
  });

  const set = (text: string, more: Partial<IniWish>) =>
    withOption(text, {
      ...{ section: 'one', option: 'key', values: ['9'], isPresent: true, isExclusive: true },
      ...{ separator: ' = ', revives: true },
      ...more,
    });
  test.each<[string, Partial<IniWish>, string]>([
    ['[one]\nkey=1\n[two]\nkey=2\n', {}, '[one]\nkey = 9\n[two]\nkey=2\n'],
    ['[one]\nkey =  9\n', {}, '[one]\nkey =  9\n'],
    ['[one]\n#key = 1\n\n[two]\n', {}, '[one]\nkey = 9\n\n[two]\n'],
    ['[one]\n#key = 1\n\n[two]\n', { revives: false }, '[one]\n#key = 1\nkey = 9\n\n[two]\n'],
    ['[two]\na=1', {}, '[two]\na=1\n[one]\nkey = 9\n'],
    ['', { values: [null] }, '[one]\nkey\n'],
    ['[one]\nkey = 1\nkey = 2\n', {}, '[one]\nkey = 9\n'],
    ['[one]\nkey = 1\nb\n', { isExclusive: false }, '[one]\nkey = 1\nkey = 9\nb\n'],
    ['[one]\nkey = 1\nb\n', { isPresent: false, values: [] }, '[one]\nb\n'],
    ['[one]\nkey = 1\nkey = 9\n', { isPresent: false, isExclusive: false }, '[one]\nkey = 1\n'],
    ['a\n[one]\nkey = 1\n[two]\nb\n', { isPresent: false, option: null }, 'a\n[two]\nb\n'],
    ['key=1\n[one]\n', { section: null }, 'key = 9\n[one]\n'],
  ])('of %j with %j comes %j', (text, more, expected) => {
    expect(set(text, more)).toBe(expected);
  });
});

describe('withHostNames', () => {
  const hosts = fc
    .array(
      fc.constantFrom(
        '127.0.0.1 localhost',
        '10.0.0.1\ta b # here',
        '10.0.0.2   c',
        '::1 localhost a',
        '# 10.0.0.1 a',
        '',
        'fd00::1 six',
      ),
    )
    .map((lines) => lines.map((one) => `${one}\n`).join(''));

  test('each name has the address, and none other of its family', () => {
    fc.assert(
      fc.property(
        hosts,
        fc.constantFrom('10.0.0.1', '10.0.0.9', 'fd00:0::1'),
        fc.subarray(['a', 'b', 'C', 'new'], { minLength: 1 }),
        (text, ip, names) => {
          const edit = (before: string) => withHostNames(before, ip, names);

          isSound(edit, text);

          const once = edit(text);
          for (const name of names) {
            const lines = linesOf(once).filter(
              (one) =>
                !one.text.startsWith('#') &&
                one.text.split('#')[0]?.toLowerCase().split(/\s+/).includes(name.toLowerCase()) &&
                one.text.includes(':') === ip.includes(':'),
            );
            expect(lines.length).toBeGreaterThan(0);
            for (const one of lines) expect(one.text).toMatch(ip.includes(':') ? /^fd00:/ : ip);
          }
          expect(withoutHostNames(withoutHostNames(once, ip, names), ip, names)).toBe(
            withoutHostNames(once, ip, names),
          );
        },
      ),
    );
  });

  test.each([
    ['127.0.1.1 a\n10.0.0.1 b # x\n', '10.0.0.1', ['a'], '10.0.0.1 b a # x\n'],
    ['1.1.1.1 a c\n', '10.0.0.1', ['a', 'b'], '1.1.1.1\tc\n10.0.0.1\ta b\n'],
    ['10.0.0.1 a b\n', '10.0.0.1', ['b', 'a'], '10.0.0.1 a b\n'],
  ])('of %j with %s %j comes %j', (text, ip, names, expected) => {
    expect(withHostNames(text, ip, names)).toBe(expected);
  });
});
