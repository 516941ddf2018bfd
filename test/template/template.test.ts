import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/source/secret.ts';
import { placeName } from '../../src/source/source-text.ts';
import { readExpression, readTemplate, render } from '../../src/template/template.ts';
import { LazyMap, type Scope } from '../../src/template/value.ts';
import { complaint, decision, evaluation, fileOf, rendering, told } from './scope.ts';

function namesOf(text: string): readonly string[] {
  const read = readTemplate(text, fileOf(text));
  if (!read.ok) throw new Error(complaint(read));
  return read.value.names.map(({ keys, mayBeMissing, place }) => {
    const { line, column } = place.source.positionAt(place.start);
    const written = place.source.text.slice(place.start, place.end);
    return `${keys.join('/')}${mayBeMissing ? '?' : ''} ${line}:${column} ${written}`;
  });
}

describe('readTemplate', () => {
  test('knows each variable that is read, its written-out keys, and where', () => {
    const text = `{{ facts.os_family }} {{ hostvars['web1'].x }}
{% for item in groups[which].list if item.ok %}{{ item.name ~ loop.index }}{% endfor %}
{{ a.b | default(c) }}{{ d.e is defined }}{{ f[0]["g h"] }}`;

    const names = namesOf(text);

    expect(names).toEqual([
      'facts/os_family 1:4 facts.os_family',
      "hostvars/web1/x 1:26 hostvars['web1'].x",
      'which 2:23 which',
      'groups 2:16 groups',
      'c 3:18 c',
      'a/b? 3:4 a.b',
      'd/e? 3:26 d.e',
      'f/0/g h 3:46 f[0]["g h"]',
    ]);
  });

  test.each([
    '{% set x = 1 %}{{ x }}',
    '{% for x in [1] %}{{ x }}{{ loop.index }}{% endfor %}',
    '{% macro m(x, y=1) %}{{ x }}{{ y }}{% endmacro %}{{ m(1) }}',
    '{% with x = 1 %}{{ x }}{% endwith %}',
    '{% set x %}a{% endset %}{{ x }}',
    '{{ range(3) | list }}{{ dict(a=1) }}{{ "x" }}',
    '{% raw %}{{ x }}{% endraw %}{# {{ x }} #}',
  ])('counts no name of its own: %s', (text) => {
    expect(namesOf(text)).toEqual([]);
  });

  test('knows that a name is of the scope where the template has not given it yet', () => {
    expect(namesOf('{% for x in [1] %}{{ x }}{% endfor %}{{ x }}')).toEqual(['x 1:41 x']);
  });

  test.each([
    ['{{ a', '1:1 "{{" is never closed'],
    ['a {# b', '1:3 "{#" is never closed'],
    ['{{ a + }}', '1:8 a value is expected here'],
    ['{{ }}', '1:1 there is nothing in these braces'],
    ['{{ a b }}', '1:6 the expression should end here, not "b"'],
    ['{{ "a }}', '1:4 this quote is never closed'],
    ['{{ (a }}', '1:4 "(" is never closed'],
    ['{{ a] }}', '1:5 "]" closes nothing'],
    ['{{ a && b }}', '1:6 "&" has no meaning in an expression (write "and")'],
    ['x\n{% if a %}\n', '2:1 {% if %} has no {% endif %}'],
    ['{% endif %}', '1:1 {% endif %} ends nothing that is open here'],
    ['{% fro x in y %}', '1:1 unknown statement "fro" (did you mean "for"?)'],
    ['{{ a | uper }}', '1:8 there is no filter "uper" (did you mean "upper"?)'],
    ['{{ a is defned }}', '1:9 there is no test "defned" (did you mean "defined"?)'],
    ['{{ a.uper() }}', '1:6 there is no method "uper" (did you mean "upper"?)'],
    ['{{ rnge(3) }}', '1:4 there is no function "rnge" (did you mean "range"?)'],
    ['{{ a | join(sep=1) }}', '1:8 join: there is no argument "sep" (known are d, attribute)'],
    ['{{ a | upper(1) }}', '1:8 upper: at most 0 arguments are taken'],
    ['{{ 99999999999999999999 }}', '1:4 the number 99999999999999999999 cannot be held exactly'],
  ])('tells where %j is wrong', (text, words) => {
    expect(complaint(readTemplate(text, fileOf(text)))).toBe(words);
  });
});

describe('render', () => {
  const values = {
    ...{ n: 7, f: 1.5, t: true, nul: null, s: '7', list: [1, { a: 'b' }], map: { k: [] } },
  };

  test.each(Object.entries(values))(
    'gives the value of one expression as it is: %s',
    (name, value) => {
      expect(rendering(`{{ ${name} }}`, values)).toEqual({ ok: true, value });
      expect(rendering(`{{ [${name}][0] }}`, values)).toEqual({ ok: true, value });
    },
  );

  test('gives the value at a key that is worked out', () => {
    const many = { m: { x: 1, y: { z: 'deep' } }, k: 'x', j: ['y', 'x'], at: { k: 'y' }, n: 1 };
    for (const [text, value] of [
      ['m[k]', 1],
      ['m[j[0]]', many.m.y],
      ['m[j[0]].z', 'deep'],
      ['m[at.k].z', 'deep'],
      ["m[at['k']]['z']", 'deep'],
      ['j[n]', 'x'],
      ['j[n - 1]', 'y'],
      ['m[j[n]]', 1],
      ["m[k | replace('x', 'y')].z", 'deep'],
      ["{'a': 5}[('A' | lower)]", 5],
    ] as const) {
      expect(told(rendering(`{{ ${text} }}`, many)), text).toEqual(value);
      expect(told(evaluation(text, many)), text).toEqual(value);
      expect(told(rendering(`{{ (${text}) }}`, many)), text).toEqual(value);
    }
    expect(complaint(rendering('{{ m[q] }}', many))).toMatch(/^1:6 "q" is not defined/);
    expect(complaint(rendering('{{ m[j[1]].z }}', many))).toBe(
      '1:12 "m.x" is a number: it has no "z"',
    );
    expect(complaint(rendering('{{ m[n] }}', many))).toMatch(/^1:6 "m\[1\]" is not defined/);
    for (const text of ['{{ m[m] }}', 'x{{ m[m] }}', '{{ m[j] }}']) {
      expect(complaint(rendering(text, many)), text).toMatch(/is not defined/);
    }
    expect(told(rendering('{{ m[m] | default(1) }}', many))).toBe(1);
  });

  test('gives a text where anything stands beside the expression', () => {
    expect(told(rendering(' {{ n }}', values))).toBe(' 7');
    expect(told(rendering('{{ n }}{{ n }}', values))).toBe('77');
    expect(told(rendering('{% if t %}{{ n }}{% endif %}', values))).toBe('7');
  });

  test('keeps the order of the keys of maps', () => {
    const map = { z: 1, a: 2, m: { y: 1, b: 2 } };

    expect(told(rendering('x{{ map }}', { map }))).toBe("x{'z': 1, 'a': 2, 'm': {'y': 1, 'b': 2}}");
    expect(told(rendering('{{ map | combine({"c": 3}) | to_json }}', { map }))).toBe(
      '{"z": 1, "a": 2, "m": {"y": 1, "b": 2}, "c": 3}',
    );
  });

  test('says which name is missing, where, and which one is near', () => {
    const scope = { facts: { os_family: 'Debian' }, hosts: ['a'] };

    expect(told(rendering('a\nb {{ facts.os_famly }}', scope))).toBe(
      [
        't.j2:2:12: "facts.os_famly" is not defined',
        '  b {{ facts.os_famly }}',
        '             ^~~~~~~~',
        '  hint: did you mean "os_family"?',
      ].join('\n'),
    );
    expect(complaint(rendering('{{ fats.x }}', scope))).toBe(
      '1:4 "fats" is not defined (did you mean "facts"?)',
    );
    expect(complaint(rendering('x{{ hosts[3] }}', scope))).toBe(
      '1:11 "hosts" is a list: it has no "3" (it has 1 items)',
    );
    expect(complaint(rendering('{% for h in hosts %}{{ h.name }}{% endfor %}', scope))).toBe(
      '1:26 this is a text: it has no "name"',
    );
  });

  test.each([
    'not nope',
    'nope == 1',
    'nope ~ "x"',
    'nope | upper',
    'nope and 1',
    '[nope]',
    'nope in [1]',
    '1 in nope',
    'nope is string',
  ])('takes nothing that is not defined: %s', (expression) => {
    expect(complaint(rendering(`{{ ${expression} }}`))).toContain('"nope" is not defined');
  });

  test('asks for no value that it does not need', () => {
    const asked: string[] = [];
    const scope: Scope = {
      get: (name) => {
        asked.push(name);
        return { ok: true, value: name === 'yes' };
      },
      names: () => [],
    };
    const text = '{{ a if yes else b }}{{ no and c }}{{ yes or d }}';
    const template = readTemplate(text, fileOf(text));
    if (template.ok) render(template.value, scope);

    expect(asked).toEqual(['yes', 'a', 'no', 'yes']);
  });

  test('makes of a lazy map only what is asked for', () => {
    const made: string[] = [];
    const hostvars = new LazyMap({
      get: (name) => {
        made.push(name);
        return name === 'gone' ? undefined : { ok: true, value: { port: name.length } };
      },
      names: () => ['web1', 'db'],
    });
    const values = { hostvars, host: 'db' };

    expect(told(rendering('{{ hostvars.web1.port }}', values))).toBe(4);
    expect(told(rendering('{{ hostvars[host].port + 1 }}', values))).toBe(3);
    expect(made).toEqual(['web1', 'db']);
    expect(told(rendering('{{ hostvars.gone is defined }}', values))).toBe(false);
    expect(told(rendering('{{ hostvars | length }}', values))).toBe(2);
    expect(JSON.stringify(told(rendering('{{ hostvars }}', values)))).toBe(
      '{"web1":{"port":4},"db":{"port":2}}',
    );
  });

  test('ends with what is wrong with a value, and with what its scope throws', () => {
    const diagnostics = [{ position: null, message: 'of elsewhere', hint: null, excerpt: null }];
    const thrown = new Error('of the caller');
    const scope: Scope = {
      get: (name) => {
        if (name === 'thrower') throw thrown;
        return { ok: false, diagnostics };
      },
      names: () => [],
    };
    const read = (text: string) => {
      const template = readTemplate(text, fileOf(text));
      if (!template.ok) throw new Error(complaint(template));
      return template.value;
    };

    expect(render(read('{{ a }}'), scope)).toEqual({ ok: false, diagnostics });
    expect(render(read('x{{ a | upper }}'), scope)).toEqual({ ok: false, diagnostics });
    expect(() => render(read('x{{ thrower }}'), scope)).toThrow(thrown);
    expect(() => render(read('{{ thrower }}'), scope)).toThrow(thrown);
    expect(told(rendering('x{{ 1 }}'))).toBe('x1');
  });

  test('renders variables that are templates themselves, and ends where they never do', () => {
    const texts: Readonly<Record<string, string>> = {
      ...{ a: 'a{{ b }}', b: 'b{{ c | upper }}', c: 'c{{ 1 + 1 }}', x: 'x{{ y }}', y: 'y{{ x }}' },
    };
    const scope: Scope = {
      get: (name) => {
        const text = texts[name];
        if (text === undefined) return undefined;
        const template = readTemplate(text, fileOf(text));
        return template.ok ? render(template.value, scope) : template;
      },
      names: () => Object.keys(texts),
    };
    const of = (name: string) => told(scope.get(name) ?? { ok: true, value: null });

    expect(of('a')).toBe('abC2');
    expect(of('x')).toContain('refer to each other too deeply');
    expect(of('a')).toBe('abC2');
  });
});

describe('render, of secrets', () => {
  const place = fileOf('secret');
  const secret = new Secret({ kind: 'written' }, place);
  secret.settle('hunter2');
  const values = { pw: secret, app: { user: 'bob', pass: secret } };

  function revealedBy(text: string): string {
    const value = told(rendering(text, values));
    expect(value).toBeInstanceOf(Secret);
    expect(JSON.stringify(value)).toBe('"***"');
    return value instanceof Secret ? value.reveal() : '';
  }

  test('gives a secret itself where nothing is done with it', () => {
    expect(told(rendering('{{ pw }}', values))).toBe(secret);
    expect(told(rendering('{{ app }}', values))).toBe(values.app);
    expect(told(rendering('{{ all[name] }}', { all: values, name: 'app' }))).toBe(values.app);
    expect(told(rendering('{{ all[n].pw }}', { all: [values], n: 0 }))).toBe(secret);
    expect(revealedBy("{{ {'hunter2': 'x'}[pw] }}")).toBe('x');
  });

  test('makes a secret of every text that one went into', () => {
    expect(revealedBy('user:{{ app.pass }}')).toBe('user:hunter2');
    expect(revealedBy('{{ pw | b64encode }}')).toBe('aHVudGVyMg==');
    expect(revealedBy('{% if pw == "hunter2" %}yes{% endif %}')).toBe('yes');
    expect(JSON.stringify(told(rendering('{{ [pw, "x"] }}', values)))).toBe('["***","***"]');
  });

  test('leaves a text open that none went into', () => {
    expect(told(rendering('{{ app.user }}!', values))).toBe('bob!');
    expect(told(rendering('{{ app.pass is defined }}', values))).toBe(true);
  });

  test('tells nothing of a value in its complaints', () => {
    for (const text of [
      '{{ pw | int }}',
      '{{ pw | from_json }}',
      '{{ pw + 1 }}',
      '{{ pw.x }}',
      '{{ pw | regex_search(pw ~ "(") }}',
    ]) {
      const words = complaint(rendering(text, values));

      expect(words).toMatch(/^1:\d+ /);
      expect(words).not.toContain('hunter');
    }
  });

  test('says so when a secret is not fetched yet', () => {
    const later = new Secret({ kind: 'file', name: 'x' }, place);

    expect(complaint(rendering('a{{ later }}', { later }))).toBe(
      '1:5 the value of this secret is not known yet',
    );
  });
});

describe('readExpression', () => {
  test('takes no braces, and says how it is written without', () => {
    expect(complaint(readExpression('{{ a == 1 }}', fileOf('{{ a == 1 }}')))).toBe(
      '1:1 an expression has no braces around it (write: a == 1)',
    );
  });

  test('reads over lines, and names the place in them', () => {
    const text = 'a == 1 and\n  b == 2';
    const read = readExpression(text, fileOf(text));

    expect(read.ok && read.value.names.map(({ place }) => placeName(place))).toEqual([
      't.j2:1:1',
      't.j2:2:3',
    ]);
    expect(told(evaluation(text, { a: 1, b: 2 }))).toBe(true);
  });
});

describe('decide', () => {
  test.each([
    ['a == 1', true],
    ['a != 1', false],
    ['a is defined and b is not defined', true],
    ['"x" in list', true],
    ['not (a > 3 or "y" in list)', true],
    ['flag', true],
    ['"no" | bool', false],
  ])('answers %s', (text, answer) => {
    expect(told(decision(text, { a: 1, list: ['x'], flag: true }))).toBe(answer);
  });

  test.each([
    ['s', 'a text'],
    ['1', 'a number'],
    ['list', 'a list'],
    ['none', 'null'],
  ])('takes %s neither for true nor for false', (text, kind) => {
    expect(complaint(decision(text, { s: 'false', list: [1] }))).toBe(
      `1:1 the condition is neither true nor false, but ${kind} (compare it, or write "| bool", "is truthy" or "| length > 0")`,
    );
  });
});
