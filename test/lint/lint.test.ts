import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { lint } from '../../src/lint/lint.ts';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';
import { PlaybookFiles } from '../../src/playbook/playbook-files.ts';
import { selectTasks } from '../../src/playbook/select-tasks.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xpush-lint-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const hosts = `
vars: { color: blue, shape: { round: true }, derived: "{{ depth }}" }
hosts:
  web1: { vars: { port: 80, depth: 1, list: text } }
  web2: { vars: { port: 81, depth: 1, list: other } }
  db1: { vars: { depth: 2, list: [a] } }
groups: { web: [web1, web2], db: [db1], none: [] }
`;

interface Options {
  readonly inventory?: string | null;
  readonly within?: readonly string[];
  readonly tags?: readonly string[];
}

/** What is found in a playbook and other files: `file:line:column rule: message`. */
async function found(
  site: string,
  files: Readonly<Record<string, string>> = {},
  { inventory = hosts, within, tags = [] }: Options = {},
): Promise<readonly string[]> {
  for (const [name, text] of Object.entries({ 'site.yaml': site.trimStart(), ...files })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const read = new PlaybookFiles();
  const plays = loadPlaybooks([join(directory, 'site.yaml')], { files: read }).flatMap(
    (book) => book.plays,
  );
  const chosen = selectTasks(plays, { tags, skipTags: [], startAt: null });
  if (!chosen.ok) throw new Error(chosen.diagnostics[0]?.message);
  const fleet =
    inventory === null ? null : await loadInventory({ argument: '-', stdin: inventory });
  const findings = lint(
    {
      ...{ plays, nodes: read.nodes, inventory: fleet },
      within: within === undefined ? null : new Set(within),
    },
    chosen.value,
  );
  return findings.map(({ rule, severity, place, message, hint }) => {
    const at = place?.source.positionAt(place.start);
    const where = at === undefined ? '-' : `${at.file}:${at.line}:${at.column}`;
    const mark = severity === 'error' ? '!' : '';
    return `${where} ${mark}${rule}: ${message}${hint === null ? '' : ` (${hint})`}`.replace(
      `${directory}/`,
      '',
    );
  });
}

/** A play of these hosts with these tasks, one a line. */
const play = (of: string, ...tasks: readonly string[]): string =>
  `- hosts: ${of}\n  tasks:\n${tasks.map((task) => `    - ${task}\n`).join('')}`;

test('a playbook with nothing to say against has no findings', async () => {
  const site = `
- hosts: all
  vars: { greeting: "hello {{ color }}" }
  tasks:
    - debug: { msg: "{{ greeting }} {{ shape.round }} {{ inventory_hostname }} {{ facts.kernel }}" }
      register: said
      notify: told
    - debug: { msg: "{{ item }} {{ groups.web | join }} {{ hostvars.web1.port }}" }
      when: said is changed
      loop: "{{ groups.web }}"
    - { set_fact: { set: 1 } }
    - debug: { var: set }
  handlers:
    - { name: told, debug: { msg: "{{ said.msg }}" } }
`;

  expect(await found(site)).toEqual([]);
});

describe('undefined-variable', () => {
  test('is an error at the name, with the nearest one', async () => {
    expect(await found(play('web', 'debug: { msg: "the {{ colour }}" }'))).toEqual([
      'site.yaml:3:29 !undefined-variable: "colour" is not defined on web1 and web2 (did you mean "color"?)',
    ]);
  });

  test('counts on the hosts that lack it only', async () => {
    expect(await found(play('all', 'debug: { msg: "{{ port }}" }'))).toEqual([
      'site.yaml:3:25 !undefined-variable: "port" is not defined on db1',
    ]);
    expect(await found(play('web', 'debug: { msg: "{{ port }}" }'))).toEqual([]);
    const limited = await found(
      play('all', 'debug: { msg: "{{ port }}" }'),
      {},
      { within: ['web1'] },
    );
    expect(limited).toEqual([]);
  });

  test('is none where the task is not done, or the name is tested for', async () => {
    const tasks = [
      `{ debug: { msg: "{{ port }}" }, when: "'web' in group_names" }`,
      `{ debug: { msg: "{{ port }}" }, when: port is defined }`,
      `{ debug: { msg: "{{ port | default(1) }} {{ nope.a | default(1) }}" } }`,
      `{ debug: { msg: "{{ nope if nope is defined else 1 }}" } }`,
    ];

    expect(await found(play('all', ...tasks))).toEqual([]);
  });

  test('is a warning where nobody knows whether the task is done', async () => {
    const task = `{ debug: { msg: "{{ port }}" }, when: facts.distribution == 'debian' }`;

    expect(await found(play('db', task))).toEqual([
      'site.yaml:3:27 undefined-variable: "port" is not defined',
    ]);
  });

  test('is found in what other variables are made of, and where that is written', async () => {
    const inventory = 'hosts:\n  a: { vars: { one: "{{ two }}" } }\n';

    expect(await found(play('a', 'debug: { var: one }'), {}, { inventory })).toEqual([
      '<stdin>:2:25 !undefined-variable: "two" is not defined',
    ]);
  });

  test.each([
    ['shape.rond', '"shape.rond" is not defined (did you mean "round"?)'],
    ['groups.webb', '"groups.webb" is not defined (did you mean "web"?)'],
    ['hostvars.web3', '"hostvars.web3" is not defined'],
    ['shape.round.x.y', '"shape.round" is a boolean: it has no "x"'],
    ['derived.any', '"derived" is a number: it has no "any"'],
    ['shape.round', ''],
  ])('knows the keys below: %s', async (path, words) => {
    const [first = ''] = await found(play('db', `debug: { var: ${path} }`));

    expect(first.replace(/.*: (?=")/, '').slice(0, words.length || undefined)).toBe(words);
  });

  test('results are there behind their task, in later plays too, and on its hosts only', async () => {
    const site = [
      play('web', 'debug: { var: said }', 'debug: { msg: x }\n      register: said'),
      play('all', 'debug: { var: said }'),
    ].join('');

    expect(await found(site)).toEqual([
      'site.yaml:3:21 !undefined-variable: "said" is not defined on web1 and web2',
      'site.yaml:8:21 !undefined-variable: "said" is not defined on db1',
    ]);
  });

  test('what the operator is asked, and what a loop is about, is defined', async () => {
    const site = `
- hosts: web
  vars_prompt: [{ name: asked }]
  tasks:
    - debug: { msg: "{{ asked }} {{ one.a }} {{ i }}" }
      loop: [{ a: 1 }]
      loop_control: { loop_var: one, index_var: i }
`;
    expect(await found(site)).toEqual([]);
  });

  test("is a warning behind a step of the user's, which may set it", async () => {
    const step = `export const step = ({ defineStep, noParams }) => defineStep({
      name: 'mine', summary: 'Mine.', on: ['host'], params: noParams,
      queries: () => ({}), plan: () => ({ changes: [], sets: { x: 1 } }),
    });`;

    const all = await found(play('db', 'mine:', 'debug: { var: x }'), { 'steps/mine.js': step });

    expect(all).toEqual(['site.yaml:4:21 undefined-variable: "x" is not defined']);
  });

  test('nothing is said without an inventory', async () => {
    expect(await found(play('x', 'debug: { var: y }'), {}, { inventory: null })).toEqual([]);
  });
});

describe('wrong-value', () => {
  test('is a value that the step refuses, on the hosts where it is so', async () => {
    const inventory = 'hosts:\n  a: { vars: { mode: "0644" } }\n  b: { vars: { mode: rw } }\n';
    const task = 'copy: { dest: /a, content: x, mode: "{{ mode }}" }';

    const all = await found(play('all', task), {}, { inventory });

    expect(all).toHaveLength(1);
    expect(all[0]).toMatch(/^site.yaml:3:43 !wrong-value: .*mode.* on b/);
    expect(await found(play('a', task), {}, { inventory })).toEqual([]);
  });

  test('is looked for in each item of a loop', async () => {
    const task = 'copy: { dest: "{{ item }}", content: x }\n      loop: [/a, relative]';

    const all = await found(play('web', task));

    expect(all.map((one) => one.split(': ')[0])).toEqual(['site.yaml:3:21 !wrong-value']);
  });

  test('is not asked for what takes a secret, or a result', async () => {
    const inventory = 'hosts:\n  a: { vars: { key: !secret key } }\n';
    const site = play(
      'a',
      'copy: { dest: /a, content: "x{{ key }}", mode: "{{ key | default(omit) | length }}" }',
      'debug: { msg: x }\n      register: out',
      'copy: { dest: "{{ out.msg }}", content: x }',
      '{ debug: { msg: x }, when: key == "a" }',
    );

    expect(await found(site, {}, { inventory })).toEqual([]);
  });
});

describe('wrong-value, of secrets', () => {
  const inventory = `hosts:
  a: { vars: { pw: !secret pw, by_way: "{{ pw }}", app: { name: x, pass: !secret pw } } }
`;

  test.each([
    ['debug: { msg: "{{ pw }}" }', '3:21 !wrong-value: msg takes no secret'],
    ['debug: { msg: "is {{ by_way }}" }', '3:21 !wrong-value: msg takes no secret'],
    [
      'command: { argv: [x, "{{ app.pass }}"], changes: never }',
      '3:28 !wrong-value: argv[1] takes no secret',
    ],
    [
      '{ copy: { dest: "/{{ item }}", content: x }, loop: ["{{ app.pass }}"] }',
      '3:23 !wrong-value: dest takes no secret',
    ],
    ['{ debug: { msg: "{{ pw }}" }, when: "pw == \'x\'" }', '3:23 wrong-value: msg takes no'],
    ['debug: { msg: "{{ app.name }} {{ pw is defined }}" }', ''],
    ['debug: { msg: "{{ pw | length }}" }', ''],
    ['copy: { dest: /a, content: "{{ pw }}" }', ''],
    ['command: { argv: [x], stdin: "{{ by_way }}", changes: never }', ''],
  ])('%s', async (task, words) => {
    const all = await found(play('a', task), {}, { inventory });

    expect(all.filter((one) => one.includes('wrong-value')).length).toBe(words === '' ? 0 : 1);
    if (words !== '') expect(all.join()).toContain(words);
  });
});

describe('loop-over-text', () => {
  test('is a loop whose variable is a text on all hosts', async () => {
    const task = 'debug: { msg: "{{ item }}" }\n      loop: "{{ list }}"';

    expect(await found(play('web', task))).toEqual([
      'site.yaml:4:17 !loop-over-text: a loop goes over a list, and "list" is none (write its value as a list)',
    ]);
    expect(await found(play('db', task))).toEqual([]);
  });

  test('is no list out of a map, by a key that is a text', async () => {
    const task = 'debug: { msg: "{{ item }}" }\n      loop: "{{ lists[list] }}"';
    const inventory = 'hosts: { a: { vars: { list: one, lists: { one: [1] } } } }\n';

    expect(await found(play('a', task), {}, { inventory })).toEqual([]);
  });
});

describe('clear-text-secret', () => {
  const hint = '(write !secret NAME: docs/secrets.md)';

  test.each([
    ['vars: { db_password: hunter2 }', '3:24 !clear-text-secret: "db_password"'],
    ['vars: { api_key: 12345 }', '3:20 !clear-text-secret: "api_key"'],
    ['vars: { url: "https://me:hunter2@host/" }', '3:16 !clear-text-secret: an address'],
    ['vars: { pem: "-----BEGIN RSA PRIVATE KEY-----" }', '3:16 !clear-text-secret: a private key'],
  ])('%s', async (vars, words) => {
    const all = await found(`- hosts: web\n  tasks: []\n  ${vars}\n`);

    expect(all[0]).toContain(`site.yaml:${words}`);
    expect(all[0]).toContain(hint);
    expect(all.join()).not.toContain('hunter2');
  });

  test.each([
    'password: "{{ port }}"',
    'password: !secret db',
    'password: $6$salt$hash',
    'password: "!"',
    'private_key: /etc/ssl/key.pem',
    'update_password: always',
    'password_lock: true',
    'url: "https://host:8080/"',
  ])('is not: %s', async (vars) => {
    const all = await found(`- hosts: web\n  tasks: []\n  vars:\n    ${vars}\n`);

    expect(all.filter((one) => one.includes('clear-text'))).toEqual([]);
  });

  test('is looked for in the inventory, too', async () => {
    const inventory = 'hosts:\n  a: { vars: { token: hunter2 } }\n';

    expect(await found(play('a', 'debug: { msg: x }'), {}, { inventory })).toEqual([
      `<stdin>:2:23 !clear-text-secret: "token" can be read by everybody who reads this file ${hint}`,
    ]);
  });
});

describe('constant-condition', () => {
  test('is a condition without variables', async () => {
    const site = play(
      'web',
      '{ debug: { msg: x }, when: [port == 80, 1 == 1] }',
      '{ debug: { msg: x }, when: false }',
      '{ debug: { msg: x }, changed_when: false }',
    );

    const all = await found(site);

    expect(all.map((one) => one.split(' ', 2).join(' '))).toEqual([
      'site.yaml:3:47 constant-condition:',
      'site.yaml:4:34 constant-condition:',
    ]);
  });
});

describe('what is unused', () => {
  test('registers, variables, handlers, and defaults of roles', async () => {
    const site = `
- hosts: web
  vars: { mine: 1, read: "{{ color }}" }
  roles: [one]
  tasks:
    - debug: { msg: "{{ read }}" }
      register: out
  handlers:
    - { name: never, debug: { msg: x } }
`;
    const role = {
      'roles/one/tasks/main.yaml': '- debug: { msg: "{{ used }}" }\n',
      'roles/one/defaults/main.yaml': 'used: 1\nspare: 2\n',
    };

    expect(await found(site, role)).toEqual([
      'roles/one/defaults/main.yaml:2:1 unused-default: nothing reads "spare"',
      'site.yaml:2:11 unused-variable: nothing reads "mine"',
      'site.yaml:6:17 unused-register: nothing reads "out"',
      'site.yaml:8:15 unused-handler: no task notifies "never"',
    ]);
  });

  test('what other hosts read of a result is used', async () => {
    const told = '- hosts: web\n  tasks: [{ debug: { msg: x }, register: out }]\n';
    const reads = (name: string) => `${told}- { hosts: db, tasks: [debug: "{{ ${name} }}"] }\n`;
    expect(await found(reads("hostvars['web1'].out.msg | default('')"))).toEqual([]);
    expect(await found(reads("hostvars[groups['web'][0]].out.msg | default('')"))).toEqual([]);
    expect(await found(reads('hostvars.web1.port'))).toHaveLength(1);
  });

  test('what failed_when and other handlers read is used', async () => {
    const site = `
- hosts: web
  tasks:
    - { debug: { msg: x }, register: out, failed_when: out.msg == 'y', notify: a }
  handlers:
    - { name: a, debug: { msg: x }, notify: b }
    - { name: b, debug: { msg: x } }
`;
    expect(await found(site)).toEqual([]);
  });
});

describe('unknown-fact', () => {
  test.each<[string, string | null]>([
    ['{{ facts.osfamily }}', 'no host has a fact "osfamily" (did you mean "os_family"?)'],
    [
      "{{ ansible_facts['Distribution'] }}",
      'no host has a fact "Distribution" (did you mean "distribution"?)',
    ],
    [
      '{{ facts.fqdn }}',
      'no host has a fact "fqdn" (write it as a variable of the inventory, or ask with a command)',
    ],
    [
      '{{ facts.default_ipv4.netmask }}',
      'default_ipv4 has no "netmask" (there are address, gateway, interface, macaddress, prefix)',
    ],
    ['{{ ansible_default_ipv4.adress }}', 'default_ipv4 has no "adress" (did you mean "address"?)'],
    ['{{ facts.os_family }} {{ facts.default_ipv6.gateway }} {{ ansible_kernel }}', null],
    ['{{ facts.eth0.macaddress }} {{ facts.xenbr0.active }} {{ facts.lan.ipv4 }}', null],
    ["{{ facts.fqdn | default('') }} {{ facts.lsb is defined }} {{ facts.lsb.id }}", null],
  ])('%s', async (text, words) => {
    const site = play('web', `debug: { msg: ${JSON.stringify(text)} }`);

    const expected = words === null ? [] : [`site.yaml:3:25 !unknown-fact: ${words}`];
    expect(await found(site, {}, { inventory: null })).toEqual(expected);
    expect(await found(site)).toEqual(expected);
  });

  test('in conditions, and in variables of plays and of the inventory', async () => {
    const site = `
- hosts: web
  vars: { family: "{{ facts.os_famly }}" }
  tasks:
    - { debug: { msg: "{{ family }}" }, when: facts.kernal == '6' }
`;
    const inventory = `${hosts}\n`.replace('color: blue', 'color: "{{ facts.system_vendor }}"');

    expect(await found(site, {}, { inventory })).toEqual([
      'site.yaml:2:23 !unknown-fact: no host has a fact "os_famly" (did you mean "os_family"?)',
      'site.yaml:4:47 !unknown-fact: no host has a fact "kernal" (did you mean "kernel"?)',
      expect.stringMatching(/^<stdin>:2:20 !unknown-fact: no host has a fact "system_vendor"/),
    ]);
  });
});

describe('empty-play and nothing-chosen', () => {
  test('a play whose group is empty', async () => {
    expect(await found(play('none', 'debug: { msg: x }'))).toEqual([
      'site.yaml:1:10 empty-play: the play "none" has no hosts',
    ]);
  });

  test('but not of one that hosts may join before', async () => {
    const site = `- { hosts: web, tasks: [group_by: none] }\n${play('none', 'debug: { msg: x }')}`;
    expect(await found(site)).toEqual([]);
  });

  test('a limit and tags that leave nothing', async () => {
    const site = [
      play('web', '{ debug: { msg: x }, tags: a }'),
      play('db', '{ debug: { msg: x }, tags: b }'),
    ].join('');
    const nothing = ['- nothing-chosen: --limit, --tags and --skip-tags leave nothing to do'];

    expect(await found(site, {}, { within: ['web1'], tags: ['a'] })).toEqual([]);
    expect(await found(site, {}, { within: ['web1'], tags: ['b'] })).toEqual(nothing);
    expect(await found(site, {}, { tags: ['never'] })).toEqual(nothing);
  });
});

test('a comment on the line allows a rule there, and no other', async () => {
  const site = `
- hosts: web
  vars:
    one: 1 # xpush: allow unused-variable
    two: 2 # xpush: allow unused-register
    token: abc # xpush: allow clear-text-secret, unused-variable
  tasks: [{ debug: { msg: x } }]
`;
  const all = await found(site.replace('tasks: [', 'tasks: [{ debug: { msg: "{{ three }}" } }, '));

  expect(all.map((one) => one.replace(/ \(.*/, ''))).toEqual([
    'site.yaml:4:5 unused-variable: nothing reads "two"',
    'site.yaml:6:31 !undefined-variable: "three" is not defined on web1 and web2',
  ]);
});
