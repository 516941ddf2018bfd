import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planHosts } from '../../src/engine/plays.ts';
import { cutStages } from '../../src/engine/stages.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';
import { LocalFleet, playOnFleet } from '../conformance/play-on-fleet.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: `
vars: { by_way: "{{ hostvars['here'].said.stdout }}", further: "{{ by_way }}", circle: "{{ hostvars.here.circle }}", ring: "{{ hostvars[inventory_hostname].ring }}" }
hosts:
  here: { address: 127.0.0.1 }
  there: { address: 127.0.0.2, vars: { number: 2 } }
`,
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xpush-others-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function fileOf(text: string): string {
  const file = join(directory, 'site.yaml');
  writeFileSync(file, text.replaceAll('DIR', directory));
  return file;
}

async function play(text: string, check = false) {
  const options = { check, extraVars: {}, tags: [], skipTags: [] };
  const played = await playOnFleet(fileOf(text), inventory, new LocalFleet(), options);
  return played.ended.map(
    ({ host, task, status, message }) => `${host} ${task} ${status} ${message}`,
  );
}

const told = `
- hosts: here
  tasks:
    - { name: say, command: { argv: [echo, hello], changes: always }, register: said }
    - set_fact: { mine: "{{ said.stdout }} too" }
    - { name: kind, debug: "{{ facts.kernel is defined }}" }
`;

describe('hostvars', () => {
  test('has what plays before told of other hosts, and of the host itself all', async () => {
    const lines = await play(`${told}
- hosts: there
  tasks:
    - { name: theirs, debug: "{{ hostvars.here.said.stdout }} {{ hostvars['here'].mine }} {{ hostvars.here.facts.kernel is defined }}" }
    - { name: by way, debug: "{{ further }}" }
    - set_fact: { own: 3 }
    - { name: own, debug: "{{ hostvars[inventory_hostname].own }} {{ hostvars.there.number }}" }
    - { name: none, debug: "{{ hostvars.here.other | default('none') }}" }
`);
    expect(lines.filter((line) => line.startsWith('there'))).toEqual([
      'there theirs ok hello hello too True',
      'there by way ok hello',
      'there set_fact ok null',
      'there own ok 3 2',
      'there none ok none',
    ]);
  });

  test('what a check cannot know of them is unknown, and not what the inventory says', async () => {
    const lines = await play(
      `${told}
- hosts: there
  tasks:
    - { name: theirs, copy: { dest: DIR/a, content: "{{ hostvars.here.mine }}" } }
`,
      true,
    );
    expect(lines.at(-1)).toMatch(/^there theirs unknown unknown until applied/);
  });

  test('of hosts that are at the same play nothing is known, which is an error', async () => {
    const lines = await play(`
- hosts: all
  tasks:
    - { name: say, command: { argv: [echo, a], changes: never }, register: said }
    - { name: theirs, debug: "{{ hostvars.there.said.stdout | default('') }}", when: inventory_hostname == 'here' }
    - { name: facts, debug: "{{ hostvars.here.facts.kernel }}", when: inventory_hostname == 'there' }
`);
    expect(lines.filter((line) => line.includes(' failed ')).toSorted()).toEqual([
      expect.stringMatching(/^here theirs failed .*:5:.*what there tells as "said" is not known/),
      expect.stringMatching(/^there facts failed .*:6:.*the facts of here are not known here/),
    ]);
  });

  test('a variable that needs itself by way of it is told', async () => {
    for (const name of ['circle', 'ring']) {
      const lines = await play(
        `- { hosts: here, tasks: [{ name: turn, debug: "{{ ${name} }}" }] }\n`,
      );
      expect(lines[0]).toMatch(/^here turn failed \S+:\d+:\d+: .*needs itself to be worked out/);
    }
  });

  test('and all hosts are through with the plays before', async () => {
    await play(`
- hosts: all
  tasks:
    - { name: slow, command: { argv: [sleep, "{{ (inventory_hostname == 'there') | ternary('0.5', '0') }}"], changes: always } }
    - { name: say, shell: { cmd: "echo {{ inventory_hostname }}", changes: never }, register: said }
- hosts: here
  tasks:
    - copy: { dest: DIR/all, content: "{% for name in groups['all'] %}{{ hostvars[name].said.stdout }} {% endfor %}" }
`);
    expect(readFileSync(join(directory, 'all'), 'utf8')).toBe('here there ');
  });
});

describe('cutStages', () => {
  const cuts = (text: string) => {
    const plays = loadPlaybooks([fileOf(text)]).flatMap((book) => book.plays);
    return cutStages(planHosts(plays, inventory, null).plays, inventory).map(({ to }) => to);
  };
  const reads = (name: string) =>
    `- { hosts: all, tasks: [debug: "{{ hostvars['there'].${name} }}"] }\n`;

  test('hosts wait for each other only where one reads what another was told', () => {
    expect(cuts(`${told}${reads('number')}${reads('number')}`)).toEqual([3]);
    expect(cuts(`${told}${reads('number')}${reads('said')}${reads('mine')}`)).toEqual([2, 4]);
    expect(cuts(`${told}${reads('facts.kernel')}`)).toEqual([1, 2]);
    expect(cuts(`${told}- { hosts: all, tasks: [debug: "{{ further }}"] }\n`)).toEqual([1, 2]);
    expect(cuts(`${told}- { hosts: all, tasks: [debug: "{{ hostvars | length }}"] }\n`)).toEqual([
      1, 2,
    ]);
    expect(cuts(`${reads('said')}${told}`)).toEqual([2]);
  });

  test('a task that is done elsewhere has no handlers run there', async () => {
    const lines = await play(`
- hosts: all
  tasks:
    - { name: there, copy: { dest: DIR/x, content: x }, delegate_to: there, run_once: true, notify: hand }
  handlers:
    - { name: hand, command: { argv: [echo, done], changes: always } }
`);
    expect(lines.filter((line) => line.includes(' hand ')).toSorted()).toEqual([
      'here hand changed done',
      'there hand skipped not notified',
    ]);
  });
});
