import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { complete } from '../../src/cli/complete.ts';
import { candidatesFor } from '../../src/cli/complete-words.ts';
import { wordsInPlaybooks } from '../../src/cli/playbook-words.ts';
import { wordsOfLine } from '../../src/cli/shell-words.ts';

const directory = mkdtempSync(join(tmpdir(), 'xpush-complete-'));
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string, mode = 0o644): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
  return path;
}

const fleet = write(
  'fleet.yaml',
  `vars: { port: 1 }
hosts: { web1: {}, web2: {}, db: {} }
groups: { web: { hosts: [web1, web2], vars: { path: x } } }
playbook: site.yaml
`,
);
write(
  'site.yaml',
  `- import_playbook: more.yaml
- hosts: all
  tags: [site]
  roles: [base, { role: other, tags: "o1, o2" }]
  tasks:
    - { name: first task, copy: { name: no, tags: [x] }, tags: one }
    - import_tasks: tasks.yaml
`,
);
write(
  'more.yaml',
  '- hosts: web\n  tasks: [{ block: [{ name: in a block, debug: }], tags: deep }]\n',
);
write('tasks.yaml', '- { name: imported, nonsense: x }\n- import_tasks: tasks.yaml\n');
write('roles/base/tasks/main.yml', '- { name: of a role, debug: , tags: role }\n');

const words = async (...line: readonly string[]): Promise<string> =>
  (await complete(['zsh', ...line])).replace(/\t.*/g, '').trimEnd().replaceAll('\n', ' ');

describe('complete', () => {
  test.each<[readonly string[], string]>([
    [['app'], 'apply'],
    [['apply', '--list-ta'], '--list-tasks --list-tags'],
    [['apply', ''], ':files'],
    [['apply', fleet, '-C', ''], ':files'],
    [['apply', fleet, '-l', 'web'], 'web1 web2 web'],
    [['apply', fleet, '--limit=w'], '--limit=web1 --limit=web2 --limit=web'],
    [['apply', fleet, '-l', 'db,!w'], 'db,!web1 db,!web2 db,!web'],
    [['apply', fleet, '-o', 'j'], 'json junit'],
    [['apply', fleet, '-t', ''], 'deep o1 o2 one role site x'],
    [['apply', fleet, '-t', 'one,o'], 'one,o1 one,o2'],
    [['apply', fleet, '--start-at-task', ''], 'first task of a role imported in a block'],
    [['run', fleet, 'd'], 'db dom0 domU'],
    [['run', fleet, 'all', '--', 'un'], ':files'],
    [['exec', fleet, 'all', 'sysct'], 'sysctl'],
    [['exec', fleet, 'all', 'sysctl', 'n'], 'name='],
    [['exec', fleet, 'all', 'copy', 'src='], ':files'],
    [['inventory', fleet, '--host', 'd'], 'db'],
    [['inventory', fleet, '--host', 'db', '--explain', 'p'], 'port path'],
    [['steps', 'rt'], 'rt_tables'],
    [['completion', ''], 'bash zsh fish'],
    [['nothing', ''], ''],
    [['apply', 'nowhere.yaml', '-l', ''], ''],
  ])('%j is completed by %s', async (line, wanted) => {
    const found = await words(...line);
    expect(found.split(' ').toSorted()).toEqual(wanted.split(' ').toSorted());
  });

  test('no program is run for it', async () => {
    const program = write('run.sh', `#!/bin/sh\ntouch ${directory}/was-run\n`, 0o755);

    expect(await words('apply', program, '-l', '')).toBe('');
    expect(await words('apply', `${directory}/was-run`, '')).toBe(':files');
  });

  test('bash gets what stands behind = and :, with blanks escaped', async () => {
    const line = `xpush apply ${fleet}`;

    expect(await complete(['bash', `${line} --limit=web1:d`])).toMatch(/^db\thost\n/);
    expect(await complete(['bash', `${line} --start-at-task 'first`])).toBe('first\\ task\t\n');
  });

  test('nothing that is typed throws', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('apply', '-l', '--', '='))),
        async (line) => {
          const sources = { inventory: async () => null, playbooks: wordsInPlaybooks };
          await candidatesFor(line, commands, sources);
          await complete(['bash', line.join(' ')]);
        },
      ),
    );
  });
});

describe('wordsOfLine', () => {
  test.each<[string, readonly string[]]>([
    ['', ['']],
    ['xpush ', ['xpush', '']],
    ['xpush "a b" c\\ d \'e\\f', ['xpush', 'a b', 'c d', 'e\\f']],
    ['a"b"c', ['abc']],
    ['""', ['']],
  ])('%s', (line, wanted) => {
    expect(wordsOfLine(line)).toEqual(wanted);
  });
});
