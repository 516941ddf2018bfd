import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { library } from '../../src/template/library.ts';
import { runs } from '../runs.ts';
import { complaint, evaluation, told } from './scope.ts';

const values = {
  rows: [
    { name: 'x', tags: ['a', 'b'], on: true },
    { name: 'y', tags: [], on: false },
  ],
  d: { b: 1, a: { c: [1], e: 2 } },
  names: ['web1', 'db'],
  vars: { web1: { ip: '10.0.0.1' }, db: { ip: '10.0.0.2' } },
};

describe('filters', () => {
  test.each([
    ['d | combine({"a": {"c": [2]}})', { b: 1, a: { c: [2] } }],
    ['d | combine({"a": {"c": [2]}}, recursive=true)', { b: 1, a: { c: [2], e: 2 } }],
    [
      'd | combine({"a": {"c": [2]}}, recursive=true, list_merge="append")',
      { b: 1, a: { c: [1, 2], e: 2 } },
    ],
    ['d | combine({"x": 1}, {"x": 2}, [{"y": 3}])', { b: 1, a: { c: [1], e: 2 }, x: 2, y: 3 }],
    ['[] | combine', {}],
    ['d | dict2items | map(attribute="key") | list', ['b', 'a']],
    ['[{"k": "a", "v": 1}] | items2dict(key_name="k", value_name="v")', { a: 1 }],
    ['d | dict2items | items2dict == d', true],
    ['rows | subelements("tags") | map("last") | list', ['a', 'b']],
    ['[1, 2, 2, 3] | unique', [1, 2, 3]],
    ['[1, 2] | union([2, 3])', [1, 2, 3]],
    ['[1, 2] | intersect([2, 3])', [2]],
    ['[1, 2] | difference([2, 3])', [1]],
    ['[1, 2] | symmetric_difference([2, 3])', [1, 3]],
    ['[1, [2, [3, none]]] | flatten', [1, 2, 3]],
    ['[1, [2, [3]]] | flatten(levels=1)', [1, 2, [3]]],
    [
      '[1, 2] | zip(["a", "b", "c"])',
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      '[1] | zip_longest(["a", "b"], fillvalue="-")',
      [
        [1, 'a'],
        ['-', 'b'],
      ],
    ],
    [
      '[1, 2] | product(["a"])',
      [
        [1, 'a'],
        [2, 'a'],
      ],
    ],
    ['names | map("extract", vars, "ip") | list', ['10.0.0.1', '10.0.0.2']],
    ['rows | selectattr("name", "match", "x") | map(attribute="on") | list', [true]],
    ['rows | selectattr("nope", "defined") | list', []],
    ['rows | map(attribute="nope", default=0) | list', [0, 0]],
    ['["a1", "b"] | map("regex_replace", "[0-9]", "") | list', ['a', 'b']],
    ['["a", ""] | select | list', ['a']],
    ['"a-b_c" | regex_replace("(?P<x>[a-c])[-_]", "\\\\g<x>=")', 'a=b=c'],
    ['"ABC" | regex_replace("b", "x", ignorecase=true)', 'AxC'],
    ['"aaa" | regex_replace("a", "b", count=2)', 'bba'],
    ['"$1 $& x" | regex_replace("x", "$& $1")', '$1 $& $& $1'],
    ['"eth0.100" | regex_search("[0-9]+$")', '100'],
    ['"eth0" | regex_search("x")', null],
    ['"eth0" | regex_search("([a-z]+)([0-9])", "\\\\2", "\\\\1")', ['0', 'eth']],
    ['"a1b22" | regex_findall("[0-9]+")', ['1', '22']],
    [
      '"a1b2" | regex_findall("([a-z])([0-9])")',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['"a.b" | regex_escape', 'a\\.b'],
    ['d | to_json', '{"b": 1, "a": {"c": [1], "e": 2}}'],
    [
      'd | to_nice_json(indent=2)',
      '{\n  "a": {\n    "c": [\n      1\n    ],\n    "e": 2\n  },\n  "b": 1\n}',
    ],
    ['"é" | to_json', '"\\u00e9"'],
    ['d | to_json | from_json == d', true],
    ['d | to_yaml', 'b: 1\na:\n  c:\n    - 1\n  e: 2\n'],
    ['["a", {"b": "yes: no"}] | to_nice_yaml', '- a\n- b: "yes: no"\n'],
    ['"a: [1, x]" | from_yaml', { a: [1, 'x'] }],
    ['d | to_yaml | from_yaml == d', true],
    ['"héllo" | b64encode', 'aMOpbGxv'],
    ['"aMOpbGxv" | b64decode', 'héllo'],
    ['"/etc/ssh/sshd_config" | basename', 'sshd_config'],
    ['"/etc/ssh/sshd_config" | dirname', '/etc/ssh'],
    ['"/x" | dirname', '/'],
    ['"a.tar.gz" | splitext', ['a.tar', '.gz']],
    ['["/etc", "x", "y"] | path_join', '/etc/x/y'],
    ['"12" | int', 12],
    ['"x" | int(default=5)', 5],
    ['"0x1f" | int(base=16)', 31],
    ['"1.5" | float', 1.5],
    ['"yes" | bool and not ("off" | bool)', true],
    ['none | string', 'None'],
    ['"it\'s" | quote', `'it'"'"'s'`],
    ['"" | quote', "''"],
    ['"abc" | hash("sha256")', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['"abc" | checksum', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['true | ternary("a", "b")', 'a'],
    ['none | ternary("a", "b", "c")', 'c'],
    ['"a\\nb\\n" | splitlines', ['a', 'b']],
    ['"a,b,c" | split(",", 1)', ['a', 'b,c']],
    ['"one\\ntwo" | comment', '#\n# one\n# two\n#'],
    ['"10.1.2.3/24" | ipaddr("network")', '10.1.2.0'],
    ['"10.1.2.3/24" | ipaddr("netmask")', '255.255.255.0'],
    ['"10.1.2.3/24" | ipaddr("prefix")', 24],
    ['"10.1.2.3/24" | ipaddr("address")', '10.1.2.3'],
    ['"10.1.2.3/24" | ipaddr("subnet")', '10.1.2.0/24'],
    ['"10.1.2.3/24" | ipaddr("broadcast")', '10.1.2.255'],
    ['"10.1.2.0/24" | ipaddr(1)', '10.1.2.1/24'],
    ['"10.1.2.0/24" | ipaddr(-2)', '10.1.2.254/24'],
    ['"2001:db8::5/64" | ipaddr("network")', '2001:db8::'],
    ['"x" | ipaddr', false],
    ['["x", "10.0.0.1", "::1"] | ipv4', ['10.0.0.1']],
    ['{"rc": 0, "changed": true} is changed', true],
    ['{"failed": true} is succeeded', false],
    ['"1.10" is version("1.9", ">=")', true],
    ['[1] is subset([1, 2])', true],
    ['[1, 2] is contains(2)', true],
    ['"Hello" is match("H") and "Hello" is not match("l") and "Hello" is search("l")', true],
    ['[true, 0] is any', true],
    ['[true, 0] is all', false],
  ])('work: %s', (text, value) => {
    expect(JSON.stringify(told(evaluation(text, values)))).toBe(JSON.stringify(value));
  });

  test.each([
    ['"x" | int', '"x" is no whole number'],
    ['"maybe" | bool', '"maybe" is no boolean'],
    ['"{" | from_json', '"{" is not JSON'],
    ['"a: [" | from_yaml', 'not YAML'],
    ['"****" | b64decode', 'not base64'],
    ['"/w==" | b64decode', 'not UTF-8'],
    ['"x" | regex_search("(")', 'is no regular expression'],
    ['"x" | regex_replace("(x)", "\\\\2")', 'the expression has no group "2"'],
    ['5 | join', 'a list is wanted, not a number'],
    ['"x" | combine({})', 'a map is wanted, not a text'],
    ['[1, "a"] | sort', 'have no order'],
    ['[] | max', 'the list is empty'],
    ['rows | map(attribute="nope") | list', 'a map has no "nope"'],
    ['rows | map("nope") | list', 'map takes no filter "nope"'],
    ['rows | selectattr("on", "nope") | list', 'there is no test "nope"'],
    ['"x" | hash("crc32")', '"hashtype" takes one of'],
    ['"10.0.0.1" | ipaddr("nope")', '"nope" is not known here'],
    ['"x" | extract(["a"])', 'there is no "x" in it'],
    ['"" | extract([[1]], {"a": 1})', 'there is no "" in it'],
    ['0 | extract([[1]], {"a": 1})', 'a text is wanted, not a map'],
    ['[["a"]] | map(attribute="x") | list', 'a list has no "x"'],
    ['"%d" | format("x")', '%d takes a number, not a text'],
    ['"%s%s" | format("x")', 'there is no value for %s'],
  ])('say what they cannot take: %s', (text, words) => {
    expect(complaint(evaluation(text, values))).toContain(words);
  });

  test('never throw, whatever they are given', () => {
    const things = fc.constantFrom(
      '1',
      '"x"',
      '[1, "a"]',
      '{"a": 1}',
      'none',
      'true',
      '[]',
      '""',
      '-1.5',
      '[[1]]',
    );
    const names = fc.constantFrom(...library.filters.keys());
    const call = fc
      .tuple(things, names, fc.array(things, { maxLength: 3 }))
      .map(([subject, name, args]) => `${subject} | ${name}(${args.join(', ')})`);
    const test = fc
      .tuple(things, fc.constantFrom(...library.tests.keys()), fc.array(things, { maxLength: 2 }))
      .filter(([, name]) => /^\w+$/.test(name))
      .map(([subject, name, args]) => `${subject} is ${name}(${args.join(', ')})`);
    fc.assert(
      fc.property(fc.oneof(call, test), (text) => {
        expect(evaluation(text)).toHaveProperty('ok');
      }),
      { numRuns: runs(1000) },
    );
  });

  test('quote any text for a shell', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
        (text) => {
          fc.pre(!/\p{Cs}/u.test(text));
          const quoted = told(evaluation('x | quote', { x: text }));

          const said = execFileSync('sh', ['-c', `printf %s. ${String(quoted)}`], {
            encoding: 'utf8',
          });

          expect(said).toBe(`${text}.`);
        },
      ),
      { numRuns: runs(50) },
    );
  });
});
