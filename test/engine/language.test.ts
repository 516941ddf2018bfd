import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../until.ts';
import { type LocalHost, localHost } from './local-host.ts';
import { play } from './play.ts';

let directory: string;
let host: LocalHost;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xpush-language-'));
  host = localHost();
});
afterEach(() => rmSync(directory, { recursive: true }));

const run = (tasks: string, check = false) => play(host, tasks, { directory, check });

describe('runLeg', () => {
  test('templates and conditions on the inventory cost nothing', async () => {
    const { lines, programs } = await run(`
tasks:
  - debug: { msg: "{{ shade }} {{ n + 1 }}" }
  - { name: never, debug: { msg: x }, when: n > 3 }
  - { name: always, debug: { msg: y }, when: [n == 3, color is defined] }
`);
    expect(lines).toEqual([
      'debug ok: dark blue 4',
      'never skipped: its condition is false',
      'always ok: y',
    ]);
    expect(programs).toBe(1);
  });

  test('items of a loop that are below each other are one task', async () => {
    mkdirSync(join(directory, 'site'), { mode: 0o700 });
    const { lines } = await run(`
tasks:
  - name: directories
    file: { path: "DIR/{{ item }}", state: directory, mode: "0755" }
    loop: [site, site/releases, site/shared]
`);

    expect(lines).toEqual(['directories changed']);
    expect(statSync(join(directory, 'site')).mode & 0o777).toBe(0o755);
  });

  test('a loop whose items change what later ones ask about is cut there', async () => {
    const playbook = `
tasks:
  - name: anew
    file: { path: DIR/site/new, state: "{{ item.state }}", src: "{{ item.src | default(omit) }}" }
    loop: [{ state: link, src: page }, { state: absent }, { state: touch }]
    register: made
  - debug: "{{ made.results | map(attribute='changed') | join(',') }} {{ made.results | map(attribute='item.state') | join(',') }}"
`;
    const old = () => {
      mkdirSync(join(directory, 'site'));
      writeFileSync(join(directory, 'site', 'page'), 'x');
    };
    old();
    const checked = await run(playbook, true);
    expect(checked.lines[0]).toMatch(/^anew unknown: unknown until applied: .* a later one asks/);
    expect(checked.explained.map(({ ends }) => ends)).toContain(
      'what "anew" does for one item changes what a later one asks about',
    );
    expect(existsSync(join(directory, 'site', 'page'))).toBe(true);

    const { lines, ended } = await run(playbook);
    expect(lines).toEqual(['anew changed', 'debug ok: True,True,True link,absent,touch']);
    expect(ended[0]?.changes.map(({ kind }) => kind)).toEqual(['link', 'call', 'write']);
    expect(readdirSync(join(directory, 'site'))).toEqual(['new', 'page']);
  });

  test('a directory that is removed, made again and filled is foreseen, and done in that order', async () => {
    mkdirSync(join(directory, 'site'));
    writeFileSync(join(directory, 'site', 'page'), 'x');
    const { lines, ended } = await run(`
tasks:
  - name: anew
    file: { path: "DIR/{{ item.path }}", state: "{{ item.state }}" }
    loop: [{ path: site, state: absent }, { path: site, state: directory }, { path: site/new, state: touch }]
`);
    expect(lines).toEqual(['anew changed']);
    expect(ended[0]?.changes.map(({ kind }) => kind)).toEqual(['tree', 'directory', 'write']);
    expect(readdirSync(join(directory, 'site'))).toEqual(['new']);
  });

  test('a loop in which a command brings what a later item asks about goes on', async () => {
    const { lines } = await run(`
tasks:
  - name: once
    command: { argv: [touch, "DIR/{{ item }}"], creates: "DIR/{{ item }}" }
    loop: [a, b, a]
    register: made
  - debug: "{{ made.results | map(attribute='changed') | join(',') }}"
`);
    expect(lines).toEqual([
      expect.stringMatching(/^once changed: a: .* exists$/),
      'debug ok: True,True,False',
    ]);
  });

  test('a loop does its task for each item', async () => {
    const { lines } = await run(`
tasks:
  - name: files
    copy: { dest: "DIR/{{ item }}", content: "{{ item }} {{ color }}\\n" }
    loop: [one, two]
    register: made
  - debug: { msg: "{{ made.results | map(attribute='item') | join(',') }} {{ made.changed }}" }
`);
    expect(lines).toEqual(['files changed', 'debug ok: one,two True']);
    expect(readFileSync(join(directory, 'two'), 'utf8')).toBe('two blue\n');
  });

  test('what a command said is known to the tasks behind it', async () => {
    const { lines } = await run(`
tasks:
  - { name: say, command: { changes: always, argv: [echo, hello] }, register: said }
  - { name: tell, debug: { msg: "{{ said.stdout }} {{ said.rc }}" }, when: said.stdout == 'hello' }
  - { name: other, debug: { msg: no }, when: "'bye' in said.stdout" }
`);
    expect(lines).toEqual([
      'say changed: hello',
      'tell ok: hello 0',
      'other skipped: its condition is false',
    ]);
  });

  test('a failure goes to the rescue, and what is always done is done', async () => {
    const { lines, result } = await run(`
tasks:
  - block:
      - { name: good, debug: { msg: a } }
      - { name: bad, command: { changes: always, argv: ['false'] } }
      - { name: after, debug: { msg: b } }
    rescue:
      - { name: mend, debug: { msg: c } }
    always:
      - { name: end, debug: { msg: d } }
  - { name: on, debug: { msg: e } }
`);
    expect(lines).toEqual([
      'good ok: a',
      'bad failed: false: exit status 1',
      'after skipped: an earlier task failed',
      'mend ok: c',
      'end ok: d',
      'on ok: e',
    ]);
    expect(result).toMatchObject({ status: 'ok', error: null });
  });

  test('handlers run once, at the end, if something changed', async () => {
    const playbook = `
tasks:
  - { name: write, copy: { dest: DIR/a, content: x }, notify: reload }
  - { name: again, copy: { dest: DIR/b, content: x }, notify: [reload, other] }
  - { name: last, debug: { msg: end } }
handlers:
  - { name: reload, copy: { dest: DIR/reloaded, content: y } }
  - { name: topic, listen: other, debug: { msg: heard } }
  - { name: unheard, debug: { msg: no } }
`;
    const first = await run(playbook);
    expect(first.lines).toEqual([
      'write changed',
      'again changed',
      'last ok: end',
      'reload changed',
      'topic ok: heard',
      'unheard skipped: not notified',
    ]);
    const second = await run(playbook);
    expect(second.lines.filter((line) => !/ ok/.test(line))).toEqual([
      'reload skipped: not notified',
      'topic skipped: not notified',
      'unheard skipped: not notified',
    ]);
  });

  test('what is done until it is so, is done again', async () => {
    writeFileSync(join(directory, 'count'), '');
    const { lines } = await run(`
tasks:
  - name: try
    command: { changes: always, shell: "echo x >> DIR/count; grep -c x DIR/count" }
    register: tried
    until: tried.stdout == '3'
    retries: 5
    delay: 0
  - debug: { msg: "{{ tried.stdout }}" }
`);
    expect(lines).toEqual(['try changed: 3', 'debug ok: 3']);
  });

  test('of a loop, only the items that are not yet so are done again', async () => {
    const { lines, ended } = await run(`
tasks:
  - name: try
    shell: { cmd: "echo x >>DIR/{{ item.name }}; test $(grep -c x DIR/{{ item.name }}) -ge {{ item.times }}", changes: always }
    loop: [{ name: a, times: 1 }, { name: b, times: 3 }, { name: c, times: 3 }]
    register: tried
    until: tried.rc == 0
    retries: 2
    delay: 0
  - debug: "{{ tried.results | map(attribute='rc') | join(',') }} {{ tried.results | map(attribute='item.name') | join(',') }}"
`);
    expect(lines).toEqual(['try changed', 'debug ok: 0,0,0 a,b,c']);
    expect(['a', 'b', 'c'].map((name) => readFileSync(join(directory, name), 'utf8'))).toEqual([
      'x\n',
      'x\nx\nx\n',
      'x\nx\nx\n',
    ]);
    expect(ended[0]?.changes).toHaveLength(3);
  });

  test('what never comes to be so has failed, as far as that counts', async () => {
    const playbook = (more: string) => `
tasks:
  - name: try
    shell: { cmd: "echo x >>DIR/tries", changes: always }
    register: tried
    until: tried.stdout == 'never'
    retries: 2
    delay: 0${more}
  - debug: "{{ tried is failed }}"
`;
    const ended = await run(playbook(''));
    const ignored = await run(playbook('\n    ignore_errors: true'));
    const looped = await run(playbook('\n    loop: [a]'));

    expect(ended.lines[0]).toMatch(/^try failed: `until` is still not true after 3 tries/);
    expect(ended.result.status).toBe('failed');
    expect(ignored.lines.at(-1)).toBe('debug ok: true');
    expect(looped.lines[0]).toMatch(/^try failed: a: `until` is still not true after 3 tries/);
    expect(readFileSync(join(directory, 'tries'), 'utf8')).toBe('x\n'.repeat(9));
  });

  test('a check has not tried it: what follows is unknown', async () => {
    const { lines } = await run(
      `
tasks:
  - { name: wait, stat: { path: DIR/none }, register: r, until: r.stat.exists, retries: 3, delay: 0 }
  - { name: after, copy: { dest: DIR/a, content: x } }
`,
      true,
    );
    expect(lines).toEqual([
      'wait unknown: would be tried until its condition holds',
      expect.stringMatching(/^after unknown/),
    ]);
  });

  test('an item that never comes to be so fails its loop, after its own retries', async () => {
    const { lines, result } = await run(`
tasks:
  - name: try
    shell: { cmd: "echo x >>DIR/{{ item }}; test {{ item }} = a", changes: always }
    loop: [a, b, c]
    register: tried
    until: tried.rc == 0
    retries: 2
    delay: 0
`);
    expect(lines).toEqual([expect.stringMatching(/^try failed: b: .*exit status 1$/)]);
    expect(result.status).toBe('failed');
    expect(['a', 'b'].map((name) => readFileSync(join(directory, name), 'utf8'))).toEqual([
      'x\n',
      'x\nx\nx\n',
    ]);
    expect(existsSync(join(directory, 'c'))).toBe(false);
  });

  test('what is only planned does not make its host a changed one', async () => {
    const { lines, result } = await run(`
tasks:
  - { name: shown, copy: { dest: DIR/a, content: x }, check_mode: true, register: it }
  - debug: "{{ it.changed }}"
`);
    expect(lines).toEqual(['shown changed: only planned', 'debug ok: true']);
    expect(result).toMatchObject({ status: 'ok', hasChanged: false });
    expect(existsSync(join(directory, 'a'))).toBe(false);
  });

  test('a name is what its templates come to, or as it is written', async () => {
    const playbook = `
tasks:
  - { name: "paint {{ color }}", debug: a }
  - { name: "each {{ item }}", debug: "{{ item }}", loop: [x] }
  - { name: said, shell: { cmd: "echo a; echo b", changes: never }, register: said }
  - { name: "after {{ said.stdout }}", fail: { msg: no }, ignore_errors: true }
  - { name: "on {{ facts.kernel | length > 0 }}", copy: { dest: DIR/a, content: "{{ facts.os_family }}" } }
`;
    const { lines } = await run(playbook);
    expect(lines).toEqual([
      'paint blue ok: a',
      'each {{ item }} ok: x: x',
      'said ok: a\nb',
      'after a b failed: ignored: no',
      'on True changed',
    ]);
    const { explained } = await run(playbook, true);
    expect(explained.flatMap(({ tasks }) => tasks)).toContain('paint blue');
  });

  test('keywords say what a failure and a change are', async () => {
    const { lines, result } = await run(`
tasks:
  - { name: none, command: { changes: always, argv: ['true'] }, changed_when: false }
  - { name: fine, command: { changes: always, shell: exit 3 }, register: it, failed_when: "it.rc not in [0, 3]" }
  - { name: bad, command: { changes: always, argv: [echo, oops] }, register: it, failed_when: "'oops' in it.stdout", ignore_errors: true }
  - { name: on, debug: { msg: "{{ it.failed }}" } }
`);
    expect(lines).toEqual([
      'none ok',
      'fine changed',
      'bad failed: ignored: failed_when is true',
      'on ok: true',
    ]);
    expect(result.status).toBe('changed');
  });

  test('an unknown name fails its task, with its place', async () => {
    const { lines, result } = await run(`
tasks:
  - { name: bad, debug: { msg: "{{ colour }}" } }
  - { name: after, debug: { msg: x } }
`);
    expect(lines[0]).toMatch(/^bad failed: .*site\.yaml:3:\d+: .*colour/);
    expect(result.status).toBe('failed');
  });

  test('facts are looked at when they are asked for', async () => {
    const { lines } = await run(`
tasks:
  - { name: kind, debug: { msg: "{{ facts.kernel }}" }, when: facts.distribution is defined }
`);
    expect(lines[0]).toMatch(/^kind ok: \d/);
  });

  test('what a task asks whose condition waits is looked at with all else', async () => {
    const { lines, programs } = await run(`
tasks:
  - { name: kept, copy: { dest: "DIR/{{ color }}", content: x }, when: facts.kernel is not defined }
  - { name: said, shell: { cmd: echo a, changes: never }, register: said }
  - { name: made, file: { path: DIR, state: directory }, when: [said.stdout == 'a', facts.kernel is defined] }
`);
    expect(lines).toEqual(['kept skipped: its condition is false', 'said ok: a', 'made ok']);
    expect(programs).toBe(1);
  });

  test('but a command is not run before its condition is known', async () => {
    const { lines } = await run(`
tasks:
  - { name: said, shell: { cmd: echo a, changes: never }, register: said }
  - { name: not, shell: { cmd: touch DIR/run, changes: never }, when: said.stdout == 'b' }
`);
    expect(lines).toEqual(['said ok: a', 'not skipped: its condition is false']);
    expect(existsSync(join(directory, 'run'))).toBe(false);
  });

  test('in a check, what depends on a command is unknown', async () => {
    const { lines } = await run(
      `
tasks:
  - { name: say, command: { changes: always, argv: [echo, hello] }, register: said }
  - { name: tell, debug: { msg: "{{ said.stdout }}" } }
`,
      true,
    );
    expect(lines[0]).toMatch(/^say unknown/);
    expect(lines[1]).toBe('tell unknown: unknown until applied');
  });
});

describe('what was notified', () => {
  const playbook = `
tasks:
  - { name: write, copy: { dest: DIR/conf, content: x }, notify: reload }
  - { name: break, shell: { cmd: test -e DIR/well, changes: always } }
handlers:
  - { name: reload, shell: { cmd: echo >>DIR/reloaded, changes: always } }
`;
  const reloads = () => {
    try {
      return readFileSync(join(directory, 'reloaded'), 'utf8').length;
    } catch {
      return 0;
    }
  };

  test('is done although a task behind it failed', async () => {
    const { lines, result } = await run(playbook);
    expect(lines).toEqual([
      'write changed',
      expect.stringMatching(/^break failed/),
      'reload changed',
    ]);
    expect(result.status).toBe('failed');
    expect(reloads()).toBe(1);
    await run(playbook);
    expect(reloads()).toBe(1);
  });

  test('and was half made when the host had moved, is done', async () => {
    host.beforeProgram = (program) => {
      const isFirst = program.includes('xp_changes') && !existsSync(join(directory, 'b'));
      if (isFirst) writeFileSync(join(directory, 'b'), 'x');
    };
    const { lines } = await run(`
tasks:
  - { name: both, copy: { dest: "DIR/{{ item }}", content: x }, loop: [a, b], notify: tell }
handlers:
  - { name: tell, debug: x }
`);
    expect(lines).toEqual(['both changed', 'tell ok: x']);
  });

  test('and was not done when the line was cut, is done by the next run', async () => {
    let programs = 0;
    host.beforeProgram = (_program, cut) => {
      programs += 1;
      if (programs === 2) void until(() => existsSync(join(directory, 'conf'))).then(cut);
    };
    const cutShort = playbook.replace('test -e DIR/well', 'sleep 2');
    await run(cutShort).catch(() => {});
    host.beforeProgram = () => {};
    expect(reloads()).toBe(0);

    const well = playbook.replace('test -e DIR/well', "':'");
    expect((await run(well)).lines).toEqual(['write ok', 'break changed', 'reload changed']);
    expect(reloads()).toBe(1);
    expect((await run(well)).lines.at(-1)).toBe('reload skipped: not notified');
  });
});

describe('a check', () => {
  test('of what only reads, and depends on changes, says so of that alone', async () => {
    const { lines } = await run(
      `
tasks:
  - { name: write, copy: { dest: DIR/a, content: x } }
  - { name: read, shell: { cmd: cat DIR/a, changes: never }, register: it }
  - { name: tell, debug: "{{ it.stdout }}" }
  - { name: after, copy: { dest: DIR/b, content: y } }
  - { name: last, debug: z }
`,
      true,
    );
    expect(lines).toEqual([
      'write changed',
      'read unknown: unknown until applied',
      'tell unknown: unknown until applied',
      'after changed',
      'last ok: z',
    ]);
  });
});
