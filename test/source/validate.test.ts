import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { checked, refused } from '../../src/source/complaint.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';
import { nodeAt, orEmptyMap, placeOf, type SourceNode } from '../../src/source/source-node.ts';
import { validate, validatePartly } from '../../src/source/validate.ts';

function parse(yaml: string): SourceNode {
  const parsed = parseYaml(yaml, 'f');
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(formatDiagnostic).join('\n'));
  return parsed.value;
}

function complaints(schema: v.GenericSchema, yaml: string): string[] {
  const result = validate(schema, parse(yaml));
  if (result.ok) return [];
  return result.diagnostics.map(({ position, message, hint }) => {
    const where = `${position?.line}:${position?.column}`;
    return hint === null ? `${where} ${message}` : `${where} ${message} (${hint})`;
  });
}

const file = v.strictObject({
  path: v.string(),
  mode: v.optional(v.string()),
  force: v.optional(v.boolean()),
  size: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(9))),
  state: v.optional(v.picklist(['present', 'absent'])),
  owners: v.optional(v.union([v.string(), v.array(v.string())])),
});

describe('validate', () => {
  test('gives the value of what is right', () => {
    const result = validate(file, parse('{ path: /etc/motd, size: 3 }'));

    expect(result).toEqual({ ok: true, value: { path: '/etc/motd', size: 3 } });
  });

  test('finds every error of a map at once, in the order of the text', () => {
    const yaml =
      'moed: "1"\nmode: 0644\nforce: yes\nsize: 10\nstate: absnt\nowners: [1]\nzzzzz: 1\n';

    expect(complaints(file, yaml)).toEqual([
      '1:1 "path" is missing',
      '1:1 unknown key "moed" (did you mean "mode"?)',
      '2:7 mode must be text, but 0644 is read as the number 644 (quote it: "0644")',
      '3:8 force must be true or false, but yes is text (write true)',
      '4:7 size must be at most 9, not 10',
      '5:8 state must be present or absent, not "absnt" (did you mean "absent"?)',
      '6:10 owners[0] must be text, but 1 is a number (quote it: "1")',
      '7:1 unknown key "zzzzz" (known here: path, mode, force, size, state, owners)',
    ]);
  });

  test.each([
    ['path: 0x10', '1:7 path must be text, but 0x10 is read as the number 16 (quote it: "0x10")'],
    ['path: 1.10', '1:7 path must be text, but 1.10 is read as the number 1.1 (quote it: "1.10")'],
    ['path: true', '1:7 path must be text, but true is a boolean (quote it: "true")'],
    ['path:', '1:1 path has no value (give it text, or leave the key out)'],
    ['path: ~', '1:7 path has no value (give it text, or leave the key out)'],
    ['path: [a]', '1:7 path must be text, not a list'],
    ['path: { a: b }', '1:7 path must be text, not a map'],
    ['{ path: a, force: off }', '1:19 force must be true or false, but off is text (write false)'],
    ['{ path: a, force: 1 }', '1:19 force must be true or false, not 1'],
    [
      '{ path: a, size: "4" }',
      '1:18 size must be a number, but "4" is text (write it without quotes: 4)',
    ],
    ['{ path: a, size: 1.5 }', '1:18 size must be a whole number, not 1.5'],
    ['{ path: a, size: -1 }', '1:18 size must be at least 0, not -1'],
    ['{ path: a, owners: {} }', '1:20 owners must be text or a list, not a map'],
    ['[]', '1:1 this must be a map, not a list'],
    ['text', '1:1 this must be a map, not "text"'],
  ])('says of %s: %s', (yaml, said) => {
    expect(complaints(file, yaml)).toEqual([said]);
  });

  test('a key of every object is no known key', () => {
    expect(complaints(file, '{ path: a, toString: 1, hasOwnProperty: 2 }')).toHaveLength(2);
  });

  test('a list is no map, even where all keys are optional', () => {
    const schema = v.strictObject({
      inner: v.optional(v.strictObject({ a: v.optional(v.string()) })),
    });

    expect(complaints(schema, 'inner: []')).toEqual(['1:8 inner must be a map, not a list']);
    expect(
      complaints(v.strictObject({ vars: v.record(v.string(), v.unknown()) }), 'vars: [1]'),
    ).toEqual(['1:7 vars must be a map, not a list']);
  });

  test('what is wrong inside the option of a union that was meant is said, not that none fits', () => {
    const schema = v.union([v.array(v.string()), v.strictObject({ hosts: v.array(v.string()) })]);

    expect(complaints(schema, '{ hosts: [a, 2] }')).toEqual([
      '1:14 hosts[1] must be text, but 2 is a number (quote it: "2")',
    ]);
    expect(complaints(schema, '[a, 2]')).toEqual([
      '1:5 item [1] must be text, but 2 is a number (quote it: "2")',
    ]);
  });

  test('a message and a hint of the schema are taken as they are', () => {
    const even = checked<number>((value) =>
      value % 2 === 0 ? null : { message: `${value} is odd`, hint: 'add 1' },
    );

    expect(complaints(v.strictObject({ n: v.pipe(v.number(), even) }), 'n: 3')).toEqual([
      '1:4 3 is odd (add 1)',
    ]);
  });

  test('a refused key is reported at the key and never suggested', () => {
    const schema = v.strictObject({
      a: v.optional(v.string()),
      becom: refused('not yet', 'later'),
    });

    expect(complaints(schema, 'becom: 1')).toEqual(['1:1 not yet (later)']);
    expect(complaints(schema, 'become: 1')).toEqual(['1:1 unknown key "become" (known here: a)']);
  });

  test('a part of a document is checked at its own place', () => {
    const play = parse('- tasks:\n    - file:\n        moed: a\n');
    const path = [0, 'tasks', 0, 'file'];
    const part = nodeAt(play, path);

    const result = validate(file, part ?? play, placeOf(play, path, 'key'));

    expect(result.ok ? [] : result.diagnostics.map(({ position }) => position)).toEqual([
      { file: 'f', line: 2, column: 7 },
      { file: 'f', line: 3, column: 9 },
    ]);
  });

  test('parameters that were left out are an empty map', () => {
    const play = parse('- firewall:\n');
    const node = nodeAt(play, [0, 'firewall']) ?? play;

    expect(validate(v.strictObject({ a: v.optional(v.string()) }), orEmptyMap(node)).ok).toBe(true);
  });
});

describe('validatePartly', () => {
  test('gives what is right beside what is wrong', () => {
    const partly = validatePartly(file, parse('{ path: a, mode: 0644, size: 3, foo: 1 }'));

    expect(partly.value).toEqual({ path: 'a', size: 3 });
    expect(partly.diagnostics).toHaveLength(2);
  });

  test('takes a whole item away when its part cannot be missed', () => {
    const schema = v.strictObject({ files: v.array(file) });

    const partly = validatePartly(schema, parse('files: [ { path: 1 }, { path: b } ]'));

    expect(partly.value).toEqual({ files: [{ path: 'b' }] });
  });

  test('gives nothing when nothing satisfies the schema', () => {
    expect(validatePartly(file, parse('{ path: 1 }')).value).toBeNull();
    expect(validatePartly(file, parse('[1]')).value).toBeNull();
  });
});
