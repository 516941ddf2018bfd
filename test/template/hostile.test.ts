import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasMarks } from '../../src/template/has-marks.ts';
import { runs } from '../runs.ts';
import { complaint, evaluation, rendering, told } from './scope.ts';

const pieces = fc.constantFrom(
  ...['{{', '}}', '{%', '%}', '{#', '#}', '-', '+', ' ', '\n', 'a', 'b.c', 'if', 'else', 'endif'],
  ...[
    'for',
    'in',
    'endfor',
    'set',
    '=',
    'macro',
    'm(',
    ')',
    '(',
    '[',
    ']',
    '{',
    '}',
    ':',
    ',',
    '|',
  ],
  ...['upper', 'default(1)', 'is', 'not', 'defined', '"x"', "'", '"', '1', '2.5', '~', '*', '**'],
  ...['raw', 'endraw', 'filter', 'endfilter', '\\', 'é', '\0', 'namespace()', 'loop', 'range(3)'],
  ...[
    'true',
    'none',
    'and',
    'or',
    '==',
    '<',
    'map("upper")',
    'first',
    '.x',
    '[0]',
    'endset',
    'with',
  ],
);
const nearlyTemplates = fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join(' '));
const values = { a: 1, b: { c: [1, { d: 'x' }] }, loop: 2, m: 'text' };

describe('rendering', () => {
  test('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearlyTemplates, nearlyTemplates), (text) => {
        const result = rendering(text, values);

        if (!result.ok) expect(result.diagnostics[0]?.position?.file).toBe('t.j2');
      }),
      { numRuns: runs(1000) },
    );
  });

  test('of an expression never throws either', () => {
    fc.assert(
      fc.property(nearlyTemplates, (text) => {
        expect(evaluation(text, values)).toHaveProperty('ok');
      }),
      { numRuns: runs(500) },
    );
  });

  test('leaves a text without marks as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!hasMarks(text));

        expect(rendering(text)).toEqual({ ok: true, value: text });
      }),
      { numRuns: runs() },
    );
  });

  test('gives back any value as it is, and never reads one as a template', () => {
    const tricky = fc.constantFrom(
      '{{ 1 }}',
      '{% raw %}',
      '{#',
      '__proto__',
      'constructor',
      '\0',
      '\u2028',
    );
    const key = fc.oneof(fc.string(), tricky);
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(
          fc.string(),
          tricky,
          fc.integer(),
          fc.boolean(),
          fc.constant(null),
          fc.maxSafeInteger(),
        ),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: false }),
      ),
    })).value;
    fc.assert(
      fc.property(json as fc.Arbitrary<string>, (value) => {
        const through = rendering('{{ [x, {"k": x}, x if true else 1, (x | default(1))] }}', {
          x: value,
        });
        const expected = JSON.stringify([value, { k: value }, value, value]);

        expect(JSON.stringify(through.ok ? through.value : through)).toBe(expected);
        expect(JSON.stringify(rendering('{{ x }}', { x: value }))).toContain(JSON.stringify(value));
      }),
      { numRuns: runs() },
    );
  });

  test('prints a text that looks like a template as it is', () => {
    const text = '{{ 7 * 7 }}{% for x in y %}{# #}';

    expect(rendering('a {{ x }} b {{ x | upper | lower }}', { x: text })).toEqual({
      ok: true,
      value: `a ${text} b ${text}`,
    });
  });

  test('finds nothing in a value that JavaScript has there and the user has not', () => {
    for (const key of ['__proto__', 'constructor', 'toString', 'length', 'hasOwnProperty']) {
      expect(complaint(rendering(`{{ x.${key} }}`, { x: { a: 1 } }))).toContain('is not defined');
      expect(complaint(rendering(`{{ x.${key} }}`, { x: ['a'] }))).toContain('it has no');
      expect(complaint(rendering(`{{ x.${key} }}`, { x: 'text' }))).toContain('it has no');
      expect(complaint(rendering(`{{ ${key} }}`, {}))).toContain('is not defined');
    }
  });

  const doubled = (operator: string, start: string): string =>
    `{% set a = ${start} %}${`{% set a = a ${operator} a %}`.repeat(40)}{{ a }}`;

  /** A value that is made anew of itself, so many times. */
  const grown = (times: number, value: string): string =>
    `{% set ns = namespace(x=[]) %}{% for i in range(${times}) %}{% set ns.x = ${value} %}{% endfor %}`;

  test.each([
    [`${grown(30, '[ns.x, ns.x]')}{{ ns.x | to_json }}`, 'too'],
    [`${grown(30, '{"a": ns.x, "b": ns.x}')}{{ ns.x }}`, 'more than 1000000 parts'],
    [`${grown(30, '{"a": ns.x, "b": ns.x}')}{{ ns.x == ns.x }}`, 'more than 1000000 parts'],
    [`${grown(600, '[ns.x]')}{{ ns.x | to_json }}`, 'deeper than 500'],
    [`${grown(600, '{"a": ns.x}')}{{ ns.x }}`, 'deeper than 500'],
    [
      '{% set b = "a" * 9000000 %}{% for i in range(90000) %}{{ b | hash }}{% endfor %}',
      'takes too long',
    ],
    [
      '{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}',
      'too many steps',
    ],
    ['{{ range(1000000000) | list }}', 'too many elements'],
    ['{{ "x" * 1000000000 }}', 'too long'],
    ['{{ [1] * 1000000000 }}', 'too long'],
    ['{{ [1] | batch(1000000000) | list }}', 'too much memory'],
    [doubled('+', '[1]'), 'too long'],
    [doubled('~', '"1"'), 'longer than 10 MB'],
    [`{% for i in range(3000) %}{{ "${'x'.repeat(5000)}" }}{% endfor %}`, 'longer than 10 MB'],
    ['{{ ("x" * 1000000) | replace("x", "y" * 1000) }}', 'too long'],
    ['{{ ("a" * 50) | regex_search("(a+)+$b") }}', 'longer than 3 s'],
    ['{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}', 'recursion limit'],
    [`{{ ${'['.repeat(1000)}${']'.repeat(1000)} }}`, 'levels are nested'],
    [`{{ ${'-'.repeat(100000)}1 }}`, 'too'],
    [`{{ ${'not '.repeat(10000)}1 }}`, 'nested too deeply'],
    [`{{ ${'1 < ('.repeat(60)}1${') < 3'.repeat(60)} }}`, 'too long'],
    [`${'{% if 1 %}'.repeat(2000)}`, 'nested here'],
    [`{{ 1${' + 1'.repeat(30000)} }}`, 'too long'],
  ])('ends with an error: %.60s', (text, words) => {
    expect(complaint(rendering(text))).toContain(words);
    expect(rendering('{{ 1 + 1 }}')).toEqual({ ok: true, value: 2 });
  });

  test.each([
    ['{{ 1', ' + 1', ' }}'],
    ['{{ x', '.a', ' }}'],
    ['{{ "x"', ' | upper', ' }}'],
    ['{{ 1', ' and 1', ' }}'],
    ['{{ 1', ' is odd', ' }}'],
    ['{{ 1', ' if 1 else 1', ' }}'],
    ['{{ "x"', '.upper()', ' }}'],
    ['{{ 1', ' < 2', ' }}'],
    ['{{ ', '{"a": ', ' }}'],
    ['', '{% for x in [1] %}', ''],
    ['', '{% macro f() %}', ''],
    ['{% if 1 %}', '{% elif 1 %}', '{% endif %}'],
  ])('takes as much of a thing as it likes, and throws nothing: %s%s%s', (start, more, end) => {
    for (const count of [10, 100, 1000, 10_000]) {
      const result = rendering(`${start}${more.repeat(count)}${end}`, { x: 1 });

      if (count === 10 && start !== '') expect(complaint(result)).not.toMatch(/nested|recursion/);
      if (!result.ok) expect(result.diagnostics[0]?.position?.line).toBe(1);
    }
  });

  test('goes on however many templates there were', () => {
    for (let count = 0; count < 1500; count++) {
      const text = `${'{{ x }} and '.repeat(300)}${count}`;

      expect(rendering(text, { x: 1 }).ok).toBe(true);
    }
  });

  test('takes a template of a megabyte', () => {
    const text = `{{ x }}${'some text of a file\n'.repeat(100_000)}{{ x }}`;

    expect(told(rendering(text, { x: 1 }))).toHaveLength(text.length - 12);
  });

  test('says nothing on standard error when the engine breaks', () => {
    const said: unknown[] = [];
    const { error } = console;
    console.error = (...words) => said.push(words);
    rendering('{{ [secret] | batch(1000000000) | list }}', { secret: 'hunter2' });
    console.error = error;

    expect(said).toEqual([]);
  });

  test('has no way to files, code or the clock', () => {
    for (const text of [
      ...['{{ lookup("file", "/etc/passwd") }}', '{% include "/etc/passwd" %}', '{{ debug() }}'],
      ...['{% extends "x" %}', '{% import "x" as y %}', '{% from "x" import y %}', '{{ now() }}'],
      ...['{{ query("env", "HOME") }}', '{{ "".__class__ }}', '{{ [] | random }}', '{{ _x(0) }}'],
      ...[
        '{{ "x" | password_hash }}',
        '{{ self }}',
        '{{ "a".format() }}',
        '{{ x.constructor("y") }}',
      ],
    ]) {
      expect(complaint(rendering(text, { x: {} }))).toMatch(/^1:\d+ /);
    }
  });
});
