import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ExplainedSegment } from '../../src/engine/explain-leg.ts';
import { playbookOnLocalHost } from './playbook-on-local-host.ts';

const local = playbookOnLocalHost();

/** What a check says of how the tasks would be carried out. */
async function explain(rest: string): Promise<readonly string[]> {
  const { explained } = await local.run(rest, { check: true });
  return explained.map(inWords);
}

function inWords({ kind, tasks, isSure, ends }: ExplainedSegment): string {
  const why = ends === null ? '' : `: ${ends}`;
  return `${kind}${isSure ? '' : '?'} ${tasks.join(' ')}${why}`;
}

const network = 'sysctl: { name: net.ipv4.ip_forward, value: 1234 }';
const always = (line: string) => `command: { shell: "${line}", changes: always }`;
const write = (name: string, content = 'x') =>
  `copy: { dest: "DIR/${name}", content: "${content}" }`;

describe('explainTo', () => {
  test('what can be foreseen is one segment, and nothing is done', async () => {
    const said = await explain(`
tasks:
  - { name: one, ${write('one')}, register: made }
  - { name: two, ${write('two', '{{ made.changed }} {{ facts.kernel }}')}, loop: [a, b] }
  - { name: never, ${write('three')}, when: not made.changed }
`);

    expect(said).toEqual(['act one two']);
    expect(existsSync(join(local.directory, 'one'))).toBe(false);
  });

  test('a host with nothing to do is only looked at', async () => {
    expect(await explain('tasks: [{ name: one, debug: { msg: x } }]')).toEqual(['look one']);
  });

  test.each<[string, string, readonly string[]]>([
    [
      'the result of a task that is needed',
      `  - { name: ask, ${always('echo 1')}, register: answer }
  - { name: use, ${write('{{ answer.stdout }}')} }
  - { name: more, ${write('more')} }`,
      ['act ask: the result of "ask" is needed by "use"', 'act? use more'],
    ],
    [
      'a result that is needed by way of another variable',
      `  - { name: ask, ${always('echo 1')}, register: answer }
  - { name: use, ${write('{{ path }}')}, vars: { path: "{{ answer.stdout }}" } }`,
      ['act ask: the result of "ask" is needed by "use"', 'act? use'],
    ],
    [
      'a command whose effect is unknown',
      `  - { name: change, ${always('true')} }
  - { name: more, ${write('more')} }`,
      ['act change: what "change" does is unknown until it is done', 'act? more'],
    ],
    [
      'a confirm window, before and behind',
      `  - { name: before, ${write('before')} }
  - { name: route, ${network} }
  - { name: behind, ${write('behind')} }`,
      [
        'act before: "route" begins a confirm window',
        'window route: its network changes are confirmed first',
        'act behind',
      ],
    ],
    [
      'a task that cannot be done',
      `  - { name: good, ${write('good')} }
  - { name: bad, fail: { msg: no } }
  - { name: never, ${write('never')} }`,
      ['act good: "bad" cannot be done: no'],
    ],
  ])('a segment ends at %s', async (_, tasks, wanted) => {
    expect(await explain(`tasks:\n${tasks}`)).toEqual(wanted);
  });

  test('handlers that may be notified are part of it, others are not', async () => {
    const said = await explain(`
tasks:
  - { name: change, ${always('true')}, notify: maybe }
handlers:
  - { name: maybe, ${write('maybe')} }
  - { name: other, ${write('other')} }
`);

    expect(said).toEqual([
      'act change: whether "change" notifies "maybe" is not known before',
      'act? maybe',
    ]);
  });

  test('there are as many segments as programs that change the host', async () => {
    const tasks = `tasks:
  - { name: ask, ${always('echo 1')}, register: answer }
  - { name: use, ${write('{{ answer.stdout }}')} }
  - { name: more, ${write('more')} }
  - { name: again, ${always('true')} }
  - { name: last, ${write('last')} }`;
    const said = await explain(tasks);
    const before = local.host.programs.length;

    await local.run(tasks);

    const acting = local.host.programs.slice(before).filter((one) => /^xp_do /m.test(one));
    expect(said).toHaveLength(3);
    expect(acting).toHaveLength(said.length);
  });
});
