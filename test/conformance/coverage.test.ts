import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { casesDirectory } from './cases.ts';

/** What is known and tested elsewhere, with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  'pause.prompt': 'is only known to be refused',
  ...Object.fromEntries(
    ['dnf', 'yum', 'apk', 'pacman'].map((name) => [
      `package.use=${name}`,
      'package-managers.test.ts of steps runs those that Debian has, package.test.ts reads the others',
    ]),
  ),
};

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
}

const repository = join(casesDirectory, '..', '..');
const { definitions } = JSON.parse(
  readFileSync(join(repository, 'schemas', 'playbook.json'), 'utf8'),
) as { readonly definitions: Readonly<Record<'play' | 'task', Schema>> };
/** Their calls take the words of tasks. */
const roles = ['import_role', 'include_role'];
const lists = ['pre_tasks', 'tasks', 'post_tasks', 'handlers', 'block', 'rescue', 'always'];

/** All that there is to say in a playbook: `play KEYWORD`, `KEYWORD`, `STEP`, `STEP.PARAMETER`, `STEP.PARAMETER=VALUE`. */
const language: readonly string[] = [
  ...Object.keys(definitions.play.properties ?? {}).map((keyword) => `play ${keyword}`),
  ...Object.entries(definitions.task.properties ?? {}).flatMap(([name, schema]) => [
    name,
    ...wordsOf(schema, name),
  ]),
];

function wordsOf(schema: Schema, path: string): readonly string[] {
  return [
    ...(schema.enum ?? []).map((value) => `${path}=${String(value)}`),
    ...[...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])].flatMap((one) =>
      wordsOf(one, path),
    ),
    ...([...lists, ...roles].includes(path) || !/^\w+$/.test(path)
      ? []
      : Object.entries(schema.properties ?? {}).flatMap(([name, parameter]) => [
          `${path}.${name}`,
          ...wordsOf(parameter, `${path}.${name}`),
        ])),
  ];
}

/** What the playbooks say. */
const said = new Set<string>();
for (const name of readdirSync(casesDirectory, { recursive: true, encoding: 'utf8' })) {
  if (!/\.ya?ml$/.test(name) || /inventory/.test(name)) continue;
  const items: unknown = parse(readFileSync(join(casesDirectory, name), 'utf8'));
  if (Array.isArray(items)) for (const item of items) listen(item, 'hosts' in item ? 'play ' : '');
}

function listen(item: Readonly<Record<string, unknown>>, kind: string): void {
  const { loop } = item;
  for (const [keyword, value] of Object.entries(item)) {
    said.add(`${kind}${keyword}`);
    if (lists.includes(keyword) && Array.isArray(value)) for (const one of value) listen(one, '');
    else if (kind === '') listenTo(value, keyword, Array.isArray(loop) ? loop : []);
  }
}

/** @param items what `item` stands for */
function listenTo(value: unknown, path: string, items: readonly unknown[]): void {
  if (Array.isArray(value)) {
    for (const one of value) listenTo(one, path, items);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      said.add(`${path}.${name}`);
      listenTo(inner, `${path}.${name}`, items);
    }
  } else if (value === '{{ item }}') {
    for (const item of items) said.add(`${path}=${String(item)}`);
  } else said.add(`${path}=${String(value)}`);
}

describe('conformance', () => {
  test('a playbook says each word of the language', () => {
    const missing = language.filter((word) => !said.has(word) && !(word in exceptions));
    expect(missing).toEqual([]);
  });

  test('what is excepted is part of the language, and no playbook says it', () => {
    const known = Object.keys(exceptions);
    expect(known.filter((word) => !language.includes(word) || said.has(word))).toEqual([]);
  });
});
