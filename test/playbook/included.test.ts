import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xpush-included-'));
  writeFileSync(join(directory, 'a.yaml'), '- { name: "a {{ item }}", debug: x }\n');
  writeFileSync(join(directory, 'self.yaml'), '- { include_tasks: self.yaml, loop: [1, 2, 3] }\n');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function load(task: string, extraVars = {}) {
  const file = join(directory, 'site.yaml');
  writeFileSync(file, `- hosts: all\n  tasks:\n    - ${task}\n`);
  try {
    const [book] = loadPlaybooks([file], { extraVars });
    return book?.plays[0]?.tasks.map(({ keywords }) => keywords?.vars.at(-1)) ?? [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.diagnostics.map(({ message, hint }) => [message, hint].join('; '));
  }
}

describe('inclusionsOf', () => {
  test('lays out what is included for each item, with its place', () => {
    expect(
      load('{ include_tasks: a.yaml, loop: [p, q], loop_control: { index_var: at } }'),
    ).toEqual([
      expect.objectContaining({
        item: 'p',
        at: 0,
        ansible_loop: expect.objectContaining({ first: true }),
      }),
      expect.objectContaining({
        item: 'q',
        at: 1,
        ansible_loop: expect.objectContaining({ last: true }),
      }),
    ]);
    expect(load('{ include_tasks: a.yaml, loop: [] }')).toEqual([]);
  });

  test.each([
    [
      '{ include_tasks: a.yaml, loop: "{{ users }}" }',
      'the items are written out here; write the list',
    ],
    ['{ import_tasks: a.yaml, loop: [p] }', 'import_tasks takes no "loop"'],
    ['{ include_tasks: self.yaml }', 'is imported in a circle'],
  ])('refuses %s', (task, message) => {
    expect(load(task).join('\n')).toContain(message);
  });
});

describe('includedFile', () => {
  test('takes items and variables of the command line', () => {
    expect(load('{ include_tasks: "{{ item }}.yaml", loop: [a] }')).toHaveLength(1);
    expect(load('{ include_tasks: "{{ which }}.yaml" }', { which: 'a' })).toHaveLength(1);
  });

  test.each([
    [
      '{ include_tasks: "{{ facts.os_family }}.yaml" }',
      'import each file with a "when" of its own',
    ],
    ['{ include_tasks: "{{ item }}.yaml", loop: ["{{ color }}"] }', 'known beforehand'],
    ['{ include_tasks: "{{ item }}.yaml", loop: [b] }', 'b.yaml'],
  ])('refuses %s', (task, message) => {
    expect(load(task).join('\n')).toContain(message);
  });
});
