import { describe, expect, test } from 'vitest';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { allTasks, selectTasks, type TaskChoice } from '../../src/playbook/select-tasks.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';

const text = `
- hosts: all
  name: first
  tasks:
    - { name: plain, debug: { msg: x }, notify: restart }
    - { name: web, debug: { msg: x }, tags: [web] }
    - { name: always, debug: { msg: x }, tags: always }
    - { name: never, debug: { msg: x }, tags: [never, danger] }
  handlers:
    - { name: restart, debug: { msg: x }, tags: other }
- hosts: all
  name: second
  tags: db
  tasks:
    - { name: dump, debug: { msg: x } }
    - name: group
      tags: backup
      block:
        - { name: 'copy [1]', debug: { msg: x } }
`;

function select(choice: Partial<TaskChoice>): string {
  const node = parseYaml(text, 'site.yaml');
  const book = node.ok ? parsePlaybook(node.value, 'site.yaml') : node;
  if (!book.ok) throw new Error(JSON.stringify(book.diagnostics));
  const selected = selectTasks(book.value.plays, { ...allTasks, ...choice });
  if (!selected.ok) {
    return selected.diagnostics.map(({ message, hint }) => `${message} (${hint})`).join('; ');
  }
  return selected.value.map(({ tasks }) => tasks.map(({ name }) => name).join(' ')).join(' / ');
}

describe('selectTasks', () => {
  // as evaluate_tags() of ansible-core 2.19 decides
  test.each<[string, Partial<TaskChoice>, string]>([
    ['nothing', {}, 'plain web always restart / dump copy [1]'],
    ['--tags web', { tags: ['web'] }, 'web always restart / '],
    ['--tags db', { tags: ['db'] }, 'always restart / dump copy [1]'],
    ['--tags backup', { tags: ['backup'] }, 'always restart / copy [1]'],
    ['--tags danger', { tags: ['danger'] }, 'always never restart / '],
    ['--tags never', { tags: ['never'] }, 'always never restart / '],
    ['--tags all', { tags: ['all'] }, 'plain web always restart / dump copy [1]'],
    ['--tags tagged', { tags: ['tagged'] }, 'web always restart / dump copy [1]'],
    ['--tags untagged', { tags: ['untagged'] }, 'plain always restart / '],
    ['--skip-tags web', { skipTags: ['web'] }, 'plain always restart / dump copy [1]'],
    ['--skip-tags always', { skipTags: ['always'] }, 'plain web restart / dump copy [1]'],
    ['--skip-tags all', { skipTags: ['all'] }, 'always restart / '],
    ['--skip-tags tagged', { skipTags: ['tagged'] }, 'plain restart / '],
    ['--skip-tags untagged', { skipTags: ['untagged'] }, 'web always restart / dump copy [1]'],
    ['both', { tags: ['db'], skipTags: ['backup'] }, 'always restart / dump'],
  ])('%s', (_, choice, tasks) => {
    expect(select(choice)).toBe(tasks);
  });

  test.each<[string, string]>([
    ['web', 'web always restart / dump copy [1]'],
    ['dum?', ' / dump copy [1]'],
    ['copy [1]', ' / copy [1]'],
  ])('--start-at-task %s leaves out what is before', (startAt, tasks) => {
    expect(select({ startAt })).toBe(tasks);
  });

  test('a task that is not meant is no place to start at', () => {
    expect(select({ startAt: 'never' })).toContain('no task is called "never"');
  });

  test('a misspelt tag or name is no empty run', () => {
    expect(select({ tags: ['wbe'], skipTags: ['nothing'] })).toBe(
      '--tags: no task has the tag "wbe" (did you mean "web"?); ' +
        '--skip-tags: no task has the tag "nothing" (tags: web, always, never, danger, other, db, backup)',
    );
    expect(select({ startAt: 'dmup' })).toBe(
      '--start-at-task: no task is called "dmup" (did you mean "dump"?)',
    );
  });
});
