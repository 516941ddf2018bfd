import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planHosts } from '../../src/engine/plays.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';
import { LocalFleet, playOnFleet } from '../conformance/play-on-fleet.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: `
hosts:
  here: { address: 127.0.0.1, vars: { color: blue } }
  there: { address: 127.0.0.2, vars: { color: red } }
groups:
  web: { vars: { port: 80 } }
  calm: { safety: { confirm_timeout: 77 }, become: true }
`,
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xpush-growing-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const options = { extraVars: {}, tags: [], skipTags: [] };

function fileOf(text: string): string {
  const file = join(directory, 'site.yaml');
  writeFileSync(file, text.replaceAll('DIR', directory));
  return file;
}

async function play(text: string, check = false) {
  const played = await playOnFleet(fileOf(text), inventory, new LocalFleet(), {
    ...options,
    check,
  });
  const { ended, events } = played;
  return {
    ...played,
    lines: ended.map(({ host, task, status, message }) => `${host} ${task} ${status} ${message}`),
    notes: events.flatMap((one) => (one.event === 'message' ? [one.text] : [])),
    added: events.flatMap((one) =>
      one.event === 'hosts_added'
        ? one.hosts.map(({ name, addresses }) => [name, ...addresses])
        : [],
    ),
  };
}

describe('a run that adds hosts', () => {
  const site = `
- hosts: here
  tasks:
    - add_host: { name: new, groups: [web, calm, other], address: 127.0.0.3, vars: { text: "{{ '{{ port }}' }}" } }
- hosts: other
  tasks:
    - { name: seen, debug: "{{ port }} {{ text }} {{ group_names | join(',') }} {{ host.address }}" }
`;

  test('does the plays behind on them, with what their groups say; their texts are no templates', async () => {
    for (const check of [true, false]) {
      const { lines, added, exit, events } = await play(site, check);
      expect(lines).toEqual([
        'here add_host ok new to web, calm, other',
        'new seen ok 80 {{ port }} web,calm,other 127.0.0.3',
      ]);
      expect(added).toEqual([['new', '127.0.0.3']]);
      expect(exit).toBe(0);
      const ends = events.flatMap((one) => (one.event === 'host_end' ? [one.host] : []));
      expect(ends).toEqual(['here', 'new']);
    }
  });

  test('fails the task whose host could not be one of the inventory, with its place', async () => {
    const { lines, exit } = await play(`
- hosts: here
  tasks:
    - { name: taken, add_host: { name: new, address: 127.0.0.2 }, ignore_errors: true }
    - { name: way, add_host: { name: new, ssh: { jump: nobody } }, ignore_errors: true }
    - { name: known, add_host: { name: there, address: 10.0.0.1 } }
- hosts: all
  tasks: [debug: "never on {{ inventory_hostname }}"]
`);
    expect(lines).toEqual([
      expect.stringMatching(/^here taken failed ignored: .*site\.yaml:4:.* address 127\.0\.0\.2/),
      expect.stringMatching(
        /^here way failed ignored: .*site\.yaml:5:.*unknown jump host "nobody"/,
      ),
      expect.stringMatching(/^here known failed .*the host there is in the inventory/),
      'there debug ok never on there',
    ]);
    expect(exit).toBe(1);
  });

  test('a host that is added again is as it was added last, in all its groups', async () => {
    const { lines } = await play(`
- hosts: here
  tasks:
    - add_host: { name: new, groups: web, address: 127.0.0.3, vars: { a: 1, b: 2 } }
    - add_host: { name: new, groups: late, vars: { b: 3 } }
    - add_host: { name: there, groups: late, vars: { a: 0, b: 0 } }
- hosts: late
  tasks: [debug: "{{ a }} {{ b }} {{ group_names | join(',') }}"]
`);
    expect(lines.slice(3).toSorted()).toEqual([
      'new debug ok 1 3 web,late',
      'there debug ok 0 0 late',
    ]);
  });

  test('a step that is not for a host of a group fails there, and only there', async () => {
    const { lines } = await play(`
- hosts: all
  tasks: [{ group_by: "{{ color }}" }]
- hosts: red
  tasks:
    - { name: wrong, firewall: }
`);
    expect(lines.at(-1)).toBe('there wrong failed firewall is for dom0 hosts; there is a host');
  });

  test('a play whose group nobody joined is skipped, with a line', async () => {
    const { notes, exit, lines } = await play(`
- hosts: all
  tasks: [{ group_by: "{{ color }}" }]
- { name: green ones, hosts: green, tasks: [debug: x] }
`);
    expect(lines).toHaveLength(2);
    expect(notes).toContain('green ones: no hosts; skipped');
    expect(exit).toBe(0);
  });

  test('a host that failed before is passed over by the plays behind', async () => {
    const { lines, events } = await play(`
- hosts: all
  tasks:
    - { name: bad, fail: { msg: oops }, when: color == 'red' }
    - group_by: all_of_them
- hosts: all_of_them:there
  tasks: [{ name: behind, debug: x }]
`);
    expect(lines.filter((line) => line.includes('behind'))).toEqual(['here behind ok x']);
    const ends = events.flatMap((one) =>
      one.event === 'host_end' ? [`${one.host} ${one.status}`] : [],
    );
    expect(ends.toSorted()).toEqual(['here ok', 'there failed']);
  });
});

describe('planHosts', () => {
  const hosted = (text: string, limit: string | null = null) =>
    planHosts(
      loadPlaybooks([fileOf(text)]).flatMap(({ plays }) => plays),
      inventory,
      limit,
    );

  test('expects what plays before may add, and nothing else', () => {
    const added = "- { hosts: here, tasks: [add_host: { name: new, groups: 'a, b' }] }\n";
    const { plays } = hosted(`${added}- { hosts: 'new:b:there', tasks: [] }\n`);
    expect(plays.map(({ isOpen = false, hosts }) => [isOpen, ...hosts])).toEqual([
      [false, 'here'],
      [true, 'there'],
    ]);
    expect(() => hosted(`${added}- { hosts: c, tasks: [] }\n`)).toThrow('no host or group');
    expect(() => hosted(`- { hosts: new, tasks: [] }\n${added}`)).toThrow('no host or group');
    const any = '- { hosts: here, tasks: [group_by: "{{ color }}"] }\n';
    expect(() => hosted(`${any}- { hosts: c, tasks: [] }\n`)).not.toThrow();
  });

  test('limits what is added later, too', async () => {
    const { rehost } = hosted(
      "- { hosts: here, tasks: [add_host: { name: new }] }\n- { hosts: 'new:there', tasks: [] }\n",
      'here:new',
    );
    const grown = { ...inventory, hosts: new Map(inventory.hosts) };
    const host = inventory.hosts.get('here');
    if (host === undefined) throw new Error('no host');
    grown.hosts.set('new', { ...host, name: 'new' });

    const found = await Promise.resolve(rehost?.({ from: 1, to: 2 }, grown));

    expect(found?.hosts.map((names) => [...names])).toEqual([['new']]);
  });
});
