import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { jsonSchemas } from '../scripts/json-schemas.ts';
import type { Data } from '../src/source/data.ts';
import { parseYaml } from '../src/source/parse-yaml.ts';
import { Secret } from '../src/source/secret.ts';
import { toData } from '../src/source/source-node.ts';
import { readPages, root } from './docs/markdown.ts';

const schemas = jsonSchemas();
const asData = (name: string) => JSON.parse(JSON.stringify(schemas[name]));
const ajv = new Ajv({ strict: true, strictTypes: false, validateFormats: false, allErrors: true });
const validators = {
  inventory: ajv.compile(asData('inventory.json')),
  playbook: ajv.compile(asData('playbook.json')),
};

/** What a schema finds wrong. */
function wrongIn(kind: keyof typeof validators, text: string): readonly string[] {
  const parsed = parseYaml(text, 'x.yaml', { takesSecrets: true });
  if (!parsed.ok) throw new Error(parsed.diagnostics[0]?.message);
  const validate = validators[kind];
  validate(withoutSecrets(toData(parsed.value)));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** As an editor sees it: a tag that it does not know is passed over. */
function withoutSecrets(data: Data): unknown {
  return JSON.parse(
    JSON.stringify(data, (_key, value) => (value instanceof Secret ? 'name' : value)),
  );
}

/** YAML files below a directory of the repository that are not wrong on purpose, and have xpush's steps only. */
const yamlBelow = (directory: string): readonly string[] =>
  readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && !/wrong|own-steps.site|roles\//.test(name))
    .map((name) => join(directory, name));

const files = ['inventory', 'playbooks', 'docs/examples'].flatMap(yamlBelow);
const kindOf = (text: string): keyof typeof validators =>
  /^-/m.test(text.replace(/^(?:#.*\n|\s*\n)+/, '').slice(0, 1)) ? 'playbook' : 'inventory';

const blocks = (await readPages()).flatMap(({ path, fences }) =>
  fences
    .filter(({ info }) => info === 'yaml')
    .map(({ text, line }): [string, string] => [`${path}:${line}`, text]),
);

describe('jsonSchemas', () => {
  test.each(Object.entries(schemas))(
    'schemas/%s is up to date: npm run schemas',
    (name, schema) => {
      const file = readFileSync(join(root, 'schemas', name), 'utf8');

      expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(schema)));
    },
  );

  test.each(files)('%s is valid, and names its schema', (file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const kind = kindOf(text);

    expect(wrongIn(kind, text)).toEqual([]);
    const up = '../'.repeat(file.split('/').length - 1);
    expect(text).toContain(`# yaml-language-server: $schema=${up}schemas/${kind}.json\n`);
  });

  test.each(blocks)('%s is valid', (_, text) => {
    expect(wrongIn(kindOf(text), text)).toEqual([]);
  });

  test.each([
    ['an unknown key', 'inventory', 'hosts: { a: { adress: 10.0.0.1 } }'],
    ['a wrong type', 'inventory', 'hosts: { a: { ssh: { port: abc } } }'],
    ['an unknown word', 'inventory', 'domU: { a: { dom0: b, names: udevv } }'],
    ['an unknown step', 'playbook', '- { hosts: all, tasks: [{ copyy: { dest: /x } }] }'],
    ['an unknown parameter', 'playbook', '- { hosts: all, tasks: [{ copy: { dst: /x } }] }'],
    ['a wrong keyword', 'playbook', '- { hosts: all, tasks: [{ debug: x, ignore_errors: "no" }] }'],
    ['a play without hosts', 'playbook', '- { tasks: [] }'],
  ] as const)('%s is wrong', (_, kind, text) => {
    expect(wrongIn(kind, text)).not.toEqual([]);
  });

  test.each([
    'copy: { dest: "{{ a }}", content: x, mode: "{{ m }}" }',
    'debug: { var: a.b }',
    'assert: { that: [a, b == 1] }',
    'debug: hello',
    'block: [{ debug: x }]\n      rescue: [{ fail: { msg: x } }]',
    'import_tasks: a.yaml',
    'vif_config:',
    'set_fact: { any: [1, { b: 2 }] }',
    'add_host: { name: "{{ a }}", groups: [b], ssh: { port: 2222 }, vars: { c: 1 } }',
    'group_by: "os_{{ facts.os_family }}"',
  ])('a task is valid: %s', (task) => {
    expect(wrongIn('playbook', `- hosts: all\n  tasks:\n    - ${task}\n`)).toEqual([]);
  });

  test('each parameter has its sentence', () => {
    const text = JSON.stringify(schemas['playbook.json']);

    expect(text).toContain('"dest":{"description":"Where it goes on the host');
  });
});
