import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { secretsUsed } from '../../src/playbook/secrets-used.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';

const directory = mkdtempSync(join(tmpdir(), 'xpush-names-'));
afterAll(() => rmSync(directory, { recursive: true }));

const inventory = await loadInventory({
  argument: '-',
  stdin: `
vars: { top: !secret top, unused: !secret unused, url: "https://{{ user }}@{{ server }}" }
hosts:
  a: { vars: { user: "{{ account }}", account: !secret account-a, server: x } }
  b: { vars: { user: b, account: !secret account-b } }
groups:
  one: [a]
`,
});

function plays(text: string, extraVars = {}) {
  const node = parseYaml(text, 'site.yaml', { takesSecrets: true });
  const book = node.ok ? parsePlaybook(node.value, 'site.yaml', { extraVars }) : node;
  if (!book.ok) throw new Error(JSON.stringify(book.diagnostics));
  return book.value.plays;
}

/** The names of the secrets that a play on these hosts can use. */
function secrets(tasks: string, hosts: readonly string[] = ['a', 'b']): readonly string[] {
  const [play] = plays(`- hosts: all\n${tasks.trim().replace(/^/gm, '  ')}\n`);
  if (play === undefined) throw new Error('no play');
  return secretsUsed([{ play, hosts: new Set(hosts) }], inventory)
    .map(({ origin }) => ('name' in origin ? origin.name : origin.kind))
    .toSorted();
}

describe('secretsUsed', () => {
  test('has what is written in a task', () => {
    expect(
      secrets('tasks: [{ command: { changes: always, argv: [x], stdin: !secret one } }]'),
    ).toEqual(['one']);
  });

  test('has what templates read, on the hosts of the play, and by way of other variables', () => {
    const tasks = 'tasks: [{ debug: { msg: "{{ url }}" } }]';

    expect(secrets(tasks, ['a'])).toEqual(['account-a']);
    expect(secrets(tasks, ['b'])).toEqual([]);
    expect(secrets(tasks, [])).toEqual([]);
  });

  test.each([
    'when: top == "x"',
    'loop: ["{{ top }}"]',
    'environment: { A: "{{ top }}" }',
    'changed_when: top == "x"',
    'failed_when: top == "x"',
    'until: top == "x"',
    'vars: { mine: "{{ top }}" }',
  ])('sees %s', (keyword) => {
    const msg = keyword.startsWith('vars') ? '{{ mine }}' : 'x';
    const tasks = `tasks:\n  - command: { changes: always, argv: ["echo", "${msg}"] }\n    ${keyword}`;

    expect(secrets(tasks)).toEqual(['top']);
  });

  test('has all of all hosts for hostvars', () => {
    expect(secrets('tasks: [{ debug: { msg: "{{ hostvars.b.account }}" } }]', ['a'])).toEqual([
      'account-a',
      'account-b',
      'top',
      'unused',
    ]);
  });

  test.each([
    ['dest: /x', ['top']],
    ['dest: "/{{ server }}"', ['top']],
    ['dest: /x, mode: "{{ server }}"', ['top']],
  ])('has what a template file reads: %s', (more, wanted) => {
    const file = join(directory, 'a.j2');
    writeFileSync(file, '{{ top }}');

    expect(secrets(`tasks: [{ template: { src: ${file}, ${more} } }]`)).toEqual(wanted);
  });

  test('has all where a template file is another on each host', () => {
    const tasks = 'tasks: [{ template: { src: "{{ server }}.j2", dest: /x } }]';

    expect(secrets(tasks, ['a'])).toEqual(['account-a', 'account-b', 'top', 'unused']);
  });

  test.each(['become_user: "{{ top }}"', 'delegate_to: "{{ top }}"'])('sees %s', (keyword) => {
    expect(secrets(`tasks: [{ debug: { msg: x }, ${keyword} }]`)).toEqual(['top']);
  });

  test('has nothing of a variable that nobody reads', () => {
    expect(secrets('vars: { x: !secret x }\ntasks: [{ debug: { msg: "{{ server }}" } }]')).toEqual(
      [],
    );
  });
});
