import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTemplate } from '../../src/template/template.ts';
import { revealed, textOf } from '../../src/template/value.ts';
import { runs } from '../runs.ts';
import { fileOf, rendering } from './scope.ts';

const program = `
import json, sys, jinja2, jinja2.meta
environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True,
    keep_trailing_newline=True, finalize=lambda value: "" if value is None else value)
work = json.load(sys.stdin)
answers = []
for text in work["texts"]:
    names = sorted(jinja2.meta.find_undeclared_variables(environment.parse(text)) - {"range", "dict", "namespace"})
    try:
        answers.append([names, environment.from_string(text).render(work["values"])])
    except Exception as error:
        answers.append([names, None])
print(json.dumps(answers))
`;

type Answer = readonly [names: readonly string[], text: string | null];

function jinja(texts: readonly string[], values: unknown): readonly Answer[] {
  const input = JSON.stringify({ texts, values });
  const { stdout, stderr } = spawnSync('python3', ['-c', program], { input, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

const hasJinja = spawnSync('python3', ['-c', 'import jinja2']).status === 0;

const values = {
  ...{ n: 7, m: -3, s: 'Hello World', t: true, f: false, nul: null, empty: [], blank: '' },
  list: [3, 1, 2],
  words: ['b', 'A', 'c', 'a'],
  rows: [
    { name: 'x', size: 2, on: true },
    { name: 'y', size: 1, on: false },
    { name: 'z', size: 2, on: true },
  ],
  k: 'zeta',
  keys: { first: 'alpha', third: 'name' },
  d: { zeta: 1, alpha: [1, { deep: "it's" }], q: 'say "hi"' },
};

function ours(text: string): string | null {
  const result = rendering(text, values);
  if (!result.ok) return null;
  return typeof result.value === 'string' ? result.value : JSON.stringify(result.value);
}

function namesOf(text: string): readonly string[] {
  const template = readTemplate(text, fileOf(text));
  if (!template.ok) throw new Error(template.diagnostics[0]?.message);
  return [...new Set(template.value.names.map(({ keys }) => keys[0]))].toSorted();
}

// a text after each: alone, an expression would give its value and not its text
const texts = [
  ...[
    '{{ n }}',
    '{{ t }} {{ f }} {{ nul }}',
    '{{ d }}',
    '{{ list }}',
    '{{ [1, "a", none, true] }}',
  ],
  ...[
    '{{ d.alpha[1].deep }}',
    '{{ d[k] }}',
    '{{ d[keys.first][1].deep }}',
    '{{ d[keys["first"]][list[1]] }}',
    '{{ rows[list[1]].name }}',
    '{{ rows[n - 6][keys.third] }}',
    '{{ words[list[0] - 3:list[1]] }}',
    '{{ {"zeta": "b"}[k] }}',
    '{{ (d)[k] }}',
    '{{ d[k ~ ""] }}',
    "{{ d['alpha'][0] }}",
    '{{ list[-1] }}',
    '{{ list[1:] }}',
    '{{ s[::-1] }}',
  ],
  ...[
    '{{ n + m * 2 - 1 }}',
    '{{ n // 2 }}',
    '{{ m // 2 }}',
    '{{ m % 5 }}',
    '{{ 2 ** 10 }}',
    '{{ n / 2 }}',
  ],
  ...[
    '{{ -n }}',
    '{{ -1 | abs }}',
    '{{ 2 + 3 ~ 4 }}',
    '{{ 1 ~ 2 + 3 }}',
    '{{ "a" * 3 }}',
    '{{ [1] * 3 }}',
  ],
  ...[
    '{{ "a" "b" }}',
    "{{ 'x\\ty' }}",
    '{{ "\\u00e9" }}',
    '{{ 1_000 }}',
    '{{ 0x1f }}',
    '{{ 1.5e-3 }}',
  ],
  ...[
    '{{ n > 3 and not f }}',
    '{{ 1 < 2 < 3 }}',
    '{{ 3 > 2 > 1 }}',
    '{{ 1 < 3 < 2 }}',
    '{{ n == 7.0 }}',
  ],
  ...[
    '{{ "a" in words }}',
    '{{ "zeta" in d }}',
    '{{ "ell" in s }}',
    '{{ 9 not in list }}',
    '{{ blank or "x" }}',
  ],
  ...[
    '{{ 0 or empty or "y" }}',
    '{{ n and s }}',
    '{{ "a" if t else "b" }}',
    '{{ 1 if f else 2 if f else 3 }}',
  ],
  ...[
    '{{ n is number }}',
    '{{ s is string }}',
    '{{ d is mapping }}',
    '{{ list is sequence }}',
    '{{ n is odd }}',
  ],
  ...[
    '{{ n is divisibleby 7 }}',
    '{{ nul is none }}',
    '{{ n is not none }}',
    '{{ n is eq 7 }}',
    '{{ n is in list }}',
  ],
  ...[
    '{{ nope is defined }}',
    '{{ n is defined }}',
    '{{ d.nope is undefined }}',
    '{{ nope | default("x") }}',
  ],
  ...[
    '{{ nul | default("x") }}',
    '{{ nul | default("x", true) }}',
    '{{ d.nope.x | default("x") if f else 1 }}',
  ],
  ...[
    '{{ s | upper }}',
    '{{ s | lower }}',
    '{{ s | title }}',
    '{{ "heLLo" | capitalize }}',
    '{{ " x " | trim }}',
  ],
  ...[
    '{{ s | replace("l", "L") }}',
    '{{ s | replace("l", "L", 2) }}',
    '{{ s | length }}',
    '{{ d | length }}',
  ],
  ...['{{ words | join(", ") }}', '{{ rows | join("-", attribute="name") }}', '{{ words | sort }}'],
  ...[
    '{{ words | sort(reverse=true) }}',
    '{{ words | sort(case_sensitive=true) }}',
    '{{ words | unique | list }}',
  ],
  ...[
    '{{ rows | sort(attribute="size,name") | map(attribute="name") | list }}',
    '{{ list | min }} {{ list | max }}',
  ],
  ...[
    '{{ list | sum }}',
    '{{ rows | sum(attribute="size") }}',
    '{{ list | first }} {{ list | last }}',
  ],
  ...[
    '{{ rows | selectattr("on") | map(attribute="name") | list }}',
    '{{ rows | rejectattr("on") | list }}',
  ],
  ...[
    '{{ rows | selectattr("size", "equalto", 2) | list | length }}',
    '{{ list | select("odd") | list }}',
  ],
  ...[
    '{{ list | reject("odd") | list }}',
    '{{ words | map("upper") | list }}',
    '{{ list | map("string") | join }}',
  ],
  ...[
    '{{ empty | first | default("none") }}',
    '{{ 2.45 | round(1) }} {{ 2.675 | round(2) }} {{ 0.125 | round(2) }} {{ 1.25 | round(1) }}',
    '{{ 7 | string }}',
  ],
  ...[
    '{{ "42" | int + 1 }}',
    '{{ "1.5" | float }}',
    '{{ s | list }}',
    '{{ d | dictsort | map("first") | list }}',
    '{{ s | wordcount }}',
  ],
  ...[
    '{{ d.items() | map("last") | list }}',
    '{{ d.keys() | list }}',
    '{{ d.get("zeta") }}{{ d.get("no", 5) }}',
    '{{ s.split(" ") }}',
  ],
  ...[
    '{{ s.upper() }}',
    '{{ s.startswith("He") }}',
    '{{ ",".join(words) }}',
    '{{ s.replace("l", "") }}',
    '{{ "  a ".strip() }}',
  ],
  ...[
    '{{ "%s-%03d-%.2f" | format("a", 7, 1.5) }}',
    '{{ "%5s|%-5s|" | format("a", "b") }}',
    '{{ "x%sy" % 3 }}',
  ],
  ...[
    '{{ s | truncate(8) }}',
    '{{ s | truncate(8, true) }}',
    '{{ "a\nb" | indent(2) }}',
    '{{ "a\n\nb" | indent(2, true) }}',
  ],
  ...[
    '{{ "<a>" | e }}',
    '{{ "a b/&\\u00e9~*\\\'" | urlencode }}{{ 5 | urlencode }}',
    '{{ {"a b": "c/d", "e": 1} | urlencode }}{{ [["x", "(y)"]] | urlencode }}',
    '{{ "x" | center(7) }}',
    '{{ list | batch(2) | list }}',
    '{{ list | reverse | list }}',
  ],
  ...[
    '{{ rows | groupby("size") | map("first") | list }}',
    '{{ list | tojson }}',
    '{{ range(3) | list }}',
  ],
  ...[
    '{{ dict(a=1, b="x") }}',
    '{{ {"b": 1, "a": {"c": []}} }}',
    '{{ ("a", 1)[1] }}',
    '{{ d.alpha.0 }}',
  ],
  ...[
    '{{ d["q"] }}',
    '{{ ["it\'s"] }} {{ [\'"\'] }} {{ ["a\\\\b"] }} {{ ["\\n\\t"] }}',
    '{{ 0.00001 }} {{ 123456.5 }}',
  ],
  ...[
    '{% for x in list %}{{ loop.index }}/{{ loop.length }}:{{ x }}{{ "," if not loop.last else "" }}{% endfor %}',
  ],
  ...[
    '{% for x in list if x > 1 %}{{ x }}{% else %}none{% endfor %}',
    '{% for x in empty %}{% else %}none{% endfor %}',
  ],
  ...[
    '{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}',
    '{% for k in d %}{{ k }}{% endfor %}',
  ],
  ...[
    '{% for c in "abc" %}{{ c }}.{% endfor %}',
    '{% for a in list %}{% for b in list %}{{ a * b }} {% endfor %}\n{% endfor %}',
  ],
  ...[
    '{% if n > 5 %}a{% elif n > 3 %}b{% else %}c{% endif %}',
    '{% if empty %}a{% endif %}b',
    '{% if d %}a{% endif %}',
  ],
  ...[
    '{% set x = n + 1 %}{{ x }}',
    '{% set a, b = list[0], list[1] %}{{ a }}{{ b }}',
    '{% set x %}<{{ n }}>{% endset %}{{ x }}',
  ],
  ...[
    '{% set x | upper %}a{{ s }}{% endset %}{{ x }}',
    '{% for x in list %}{% set n = x %}{{ n }}{% endfor %}{{ n }}',
  ],
  ...[
    '{% set ns = namespace(n=0) %}{% for x in list %}{% set ns.n = ns.n + x %}{% endfor %}{{ ns.n }}',
  ],
  ...[
    '{% macro m(a, b=2) %}<{{ a }}{{ b }}{{ n }}>{% endmacro %}{{ m(1) }}{{ m(1, b=3) }}{{ m(a=s) }}',
  ],
  ...[
    '{% filter upper %}a{{ s }}{% endfilter %}',
    '{% with x = n, y = 2 %}{{ x + y }}{% endwith %}{{ n }}',
  ],
  ...[
    '{% raw %}{{ x }} {% if %}{% endraw %}{{ n }}',
    'a {# c {{ x }} #} b',
    '{{ n }}{{ "{{" }}{{ "%}" }}',
  ],
  ...[
    'a\n{% if t %}\nb\n{% endif %}\nc\n',
    'a\n  {%- if t -%}\n b \n{%- endif +%}\nc',
    'x {{- n -}} y',
    '{%+ if t %} a{% endif %}',
  ],
  ...[
    'a{# c #}\nb',
    '{% raw -%}  {{ x }}  {%- endraw %} a',
    '{{ n }}\n',
    '{{ n\n}}\n\n',
    '{ {n} }{{ n }}}',
  ],
  ...[
    '{{ rows[0].name ~ rows[1]["name"] }}',
    '{{ rows | map(attribute="size") | list | unique | list }}',
  ],
  ...[
    '{{ (list | first) + 1 }}',
    '{{ not t }}',
    '{{ not not n }}',
    '{{ (n if n > 10 else m) | abs }}',
    '{{ loop }}',
  ],
  ...[
    '{{ nope }}',
    '{{ d.nope }}',
    '{{ not nope }}',
    '{{ nope == 1 }}',
    '{{ nope ~ "x" }}',
    '{{ nope | upper }}',
    '{{ 1 + s }}',
  ],
];

describe.skipIf(!hasJinja)('templates', () => {
  test('render as Jinja renders them, and fail where it fails', () => {
    const wanted = jinja(
      texts.map((text) => `${text} `),
      values,
    );

    const made = texts.map((text) => [text, ours(`${text} `)]);

    expect(made).toEqual(texts.map((text, index) => [text, wanted[index]?.[1] ?? null]));
  });

  test('come to the value, where an expression stands alone, that it has in a text', () => {
    const alone = texts.filter((text) => {
      const read = readTemplate(text, fileOf(text));
      return read.ok && read.value.makes === 'value';
    });
    const made = alone.map((text) => {
      const result = rendering(text, values);
      return [text, result.ok ? `${textOf(revealed(result.value, () => {}))} ` : null];
    });

    expect(alone.length).toBeGreaterThan(100);
    expect(made).toEqual(alone.map((text) => [text, ours(`${text} `)]));
  });

  test('name the variables that Jinja finds in them', () => {
    const wanted = jinja(texts, values);

    const made = texts.map((text) => [text, namesOf(text)]);

    expect(made).toEqual(texts.map((text, index) => [text, wanted[index]?.[0]]));
  });

  test('calculate and compare as Jinja does', () => {
    const leaf = fc.constantFrom('1', '2', '7', '-3', '0', 'n', 'm', 'list[0]', 'd.zeta');
    const { sum, test: condition } = fc.letrec<{ sum: string; test: string }>((tie) => ({
      sum: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc
          .tuple(tie('sum'), fc.constantFrom('+', '-', '*', '//', '%'), tie('sum'))
          .map(([left, operator, right]) => `${left} ${operator} ${right}`),
        tie('sum').map((inner) => `(${inner})`),
        fc
          .tuple(tie('sum'), tie('test'), tie('sum'))
          .map(([a, b, c]) => `(${a} if ${b} else ${c})`),
      ),
      test: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('t', 'f', 'n', 'nul', 'empty'),
        fc
          .tuple(tie('sum'), fc.constantFrom('<', '<=', '==', '!=', '>', '>='), tie('sum'))
          .map(([left, operator, right]) => `${left} ${operator} ${right}`),
        fc
          .tuple(tie('test'), fc.constantFrom('and', 'or'), tie('test'))
          .map((parts) => parts.join(' ')),
        tie('test').map((inner) => `not ${inner}`),
        tie('sum').map((inner) => `${inner} in list`),
      ),
    }));
    const expressions = fc.array(fc.oneof(sum, condition), { minLength: 200, maxLength: 200 });
    fc.assert(
      fc.property(expressions, (all) => {
        const some = all.map((expression) => `${`{{ ${expression} }}`} `);
        const wanted = jinja(some, values);

        const made = some.map((text) => [text, ours(text)]);

        expect(made).toEqual(some.map((text, index) => [text, wanted[index]?.[1] ?? null]));
      }),
      { numRuns: Math.max(3, runs(3)) },
    );
  });
});
