import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readUnfinished } from '../../src/records/unfinished.ts';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { type CliRun, documentOf, Fleet, statuses } from './fleet.ts';

const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
hosts:
  "h[1:12]": { address: "192.168.0.[101:112]" }
ssh: { connect_timeout: 2 }
`;

/** Fails on h2, after a change. */
const mixedText = `
- name: Mixed
  hosts: all
  tasks:
    - sysctl: { name: net.ipv4.conf.eth0.log_martians, value: 1 }
    - name: Not on h2
      command: { shell: "echo \\"I am $(hostname)\\"; test $(hostname) != h2", creates: /etc/none }
`;

/** Waits for the test, which goes on by making /run/go. */
const slowText = `
- name: Slow
  hosts: all
  tasks:
    - name: At once
      sysctl: { name: net.ipv4.conf.eth0.log_martians, value: 1 }
    - name: Waits
      command: { changes: always, shell: "touch /run/waiting; until [ -e /run/go ]; do sleep 0.05; done" }
`;

/** Closes the way in on h8, where it is undone. */
const firewallText = `
- name: Firewall
  hosts: all
  any_errors_fatal: false
  tasks:
    - name: Port 22
      network: true
      command:
        changes: always
        shell: "iptables -I INPUT -p tcp --dport $(test $(hostname) = h8 && echo 22 || echo 23) -j DROP"
`;

/** Waits to be confirmed when the controller is gone. */
const waitingText = `
- name: Waiting
  hosts: all
  tasks:
    - name: Waits
      network: true
      command:
        changes: always
        shell: "echo new >/etc/new; touch /run/waiting; until [ -e /run/go ]; do sleep 0.05; done"
        files: [/etc/new]
`;

const describe = await labDescribe();

describe('the record of a run', () => {
  let fleet: Fleet;
  let mixed: string;
  let slow: string;

  beforeAll(async () => {
    fleet = await Fleet.start(inventoryText);
    mixed = await fleet.write('mixed.yaml', mixedText);
    slow = await fleet.write('slow.yaml', slowText);
    await fleet.lab.host('h3').stop();
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  /** A user of the controller with no records yet. */
  async function newUser(): Promise<User> {
    return new User(fleet, await mkdtemp(join(fleet.lab.directory, 'state-')));
  }

  const waits = (name: string): Promise<void> =>
    until(
      async () => (await fleet.lab.host(name).exec(['test', '-e', '/run/waiting'])).code === 0,
      30_000,
    );

  test.concurrent('shows the run again as it was, in every form', async () => {
    const user = await newUser();
    const some = [mixed, '-l', 'h1,h2,h3', '-D'];

    const first = await user.xpush('apply', fleet.file, ...some, '-o', 'json');
    expect(first.code, first.stderr).toBe(1);
    expect(statuses(documentOf(first))).toEqual({ h1: 'changed', h2: 'failed', h3: 'unreachable' });

    const json = await user.xpush('runs', 'show', 'last', '-o', 'json', '-D');
    expect([json.code, json.stdout]).toEqual([0, first.stdout]);
    const plain = await user.xpush('runs', 'show', 'last', '-D');
    const recap = /\nRecap: 3 hosts[\s\S]*/.exec(first.stderr)?.[0];
    expect(recap).toContain('changed      1  h1');
    expect(plain.stdout).toContain(recap);
    expect(plain.stdout).toContain(`xpush apply ${fleet.file} ${mixed} -l h1,h2,h3 -D -o json`);

    const second = await user.xpush('apply', fleet.file, ...some, '-o', 'ndjson');
    const ndjson = await user.xpush('runs', 'show', 'last', '-o', 'ndjson', '-D');
    const events = ({ stdout }: CliRun) => stdout.split('\n').filter(isNoMessage);
    expect(events(ndjson)).toEqual(events(second));

    const third = await user.xpush('apply', fleet.file, ...some, '-o', 'junit');
    const junit = await user.xpush('runs', 'show', 'last', '-o', 'junit', '-D');
    expect(untimed(junit.stdout)).toBe(untimed(third.stdout));

    const list = await user.xpush('runs');
    expect(list.stdout.match(/ 1 +apply .* 1 changed, 1 failed, 1 unreachable$/gm)).toHaveLength(3);
    expect((await stat(join(user.state, 'xpush', 'runs'))).mode & 0o777).toBe(0o700);
  });

  test.concurrent('that was killed goes as far as it did, and --retry takes up what is left', async () => {
    const user = await newUser();
    const run = user.begin('apply', fleet.file, slow, '-l', 'h4,h5', '--serial', '1');
    await waits('h4');
    const [id = ''] = await readdir(join(user.state, 'xpush', 'runs'));
    await until(async () => {
      const so = await readUnfinished(join(user.state, 'xpush'), id);
      return so?.hosts[0]?.doing === 'act';
    });

    expect((await user.xpush('runs')).stdout).toMatch(
      / running +apply \S*inventory.yaml \S*slow.yaml -l h4/,
    );
    run.kill('SIGKILL');
    await run.ended;

    expect((await user.xpush('runs')).stdout).toMatch(/ killed +apply /);
    const shown = await user.xpush('runs', 'show', 'last', '-o', 'json');
    expect(statuses(documentOf(shown))).toEqual({ h4: 'skipped', h5: 'skipped' });
    expect(shown.stderr).toMatch(/not done +2 {2}h4, h5\n/);
    expect(shown.stderr).toContain('partly new (may be changed in part)  1  h4\n');
    expect(shown.stderr).toMatch(
      new RegExp(
        `\n  cd \\S+ && xpush apply .* --retry ${id}\n|\n  xpush apply .* --retry ${id}\n`,
      ),
    );
    const left = await readUnfinished(join(user.state, 'xpush'), 'last');
    expect(left?.hosts).toEqual([
      { name: 'h4', status: 'running', doing: 'act' },
      { name: 'h5', status: 'waiting', doing: null },
    ]);

    for (const name of ['h4', 'h5']) await fleet.lab.host(name).writeFile('/run/go', '');
    const retried = await user.xpush('apply', fleet.file, slow, '--retry', 'last', '-o', 'json');
    expect(retried.code, retried.stderr).toBe(0);
    expect(retried.stderr).toContain('1 in the middle, 1 not begun');
    expect(statuses(documentOf(retried))).toEqual({ h4: 'changed', h5: 'changed' });
  });

  test.concurrent('its page and JUnit are written of a run that was interrupted', async () => {
    const user = await newUser();
    const page = join(user.state, 'interrupted.html');
    const run = user.begin(
      ...['apply', fleet.file, slow, '-l', 'h6,h7', '--serial', '1'],
      ...['-o', 'junit', '--report', page],
    );
    await waits('h6');
    run.kill('SIGINT');
    await until(() => run.said.stderr.includes('Interrupted'));
    await fleet.lab.host('h6').writeFile('/run/go', '');

    const { code, stdout } = await run.ended;

    expect(code).toBe(130);
    expect(suiteOf(stdout, 'h6')).toContain('tests="2" failures="0" errors="0" skipped="0"');
    expect(suiteOf(stdout, 'h7')).toContain('<skipped message="interrupted before it began">');
    const text = textOf(await readFile(page, 'utf8'));
    expect(text).toContain('It was interrupted.');
    expect(text).toMatch(/xpush apply \S+ \S+ -l h6,h7 --serial 1 .* --retry last/);
    expect((await user.xpush('runs')).stdout).toMatch(/ 130 +apply .* 1 changed, 1 skipped\n/);
  });

  test.concurrent('its page and JUnit tell what was undone', async () => {
    const user = await newUser();
    const firewall = await fleet.write('firewall.yaml', firewallText);
    const page = join(user.state, 'undone.html');

    const run = await user.xpush(
      ...['apply', fleet.file, firewall, '-l', 'h8,h9', '--confirm-timeout', '4'],
      ...['-o', 'junit', '--report', page],
    );

    expect(run.code, run.stderr).toBe(4);
    expect(suiteOf(run.stdout, 'h8')).toMatch(
      /<error message="[^"]*rolled back[^"]*" type="rolled_back">/,
    );
    expect(suiteOf(run.stdout, 'h9')).toContain('tests="1" failures="0" errors="0" skipped="0"');
    const text = textOf(await readFile(page, 'utf8'));
    expect(text).toMatch(/1 changed 1 rolled back/);
    expect(text).toMatch(/not confirmed: rolled back/);

    const again = join(user.state, 'again.html');
    expect((await user.xpush('runs', 'show', '--report', again)).code).toBe(0);
    expect(textOf(await readFile(again, 'utf8'))).toMatch(/1 changed 1 rolled back/);
    expect((await user.xpush('runs')).stdout).toMatch(/ 4 +apply .* 1 changed, 1 rolled back\n/);
  });

  test.concurrent('does not hold up the end of a run when its file system answers no more', async ({
    skip,
  }) => {
    if (!existsSync(strace)) skip('system calls are delayed by strace, which is missing');
    const user = await newUser();
    const runs = join(user.state, 'xpush', 'runs');
    // The first thing that is made there takes so long.
    const slow = ['-e', 'trace=mkdir,mkdirat', '-e', 'inject=mkdir,mkdirat:delay_enter=12s'];
    const { argv, env } = user.command(['apply', fleet.file, mixed, '-l', 'h1', '--check']);

    const run = await fleet.lab.run(
      [strace, '-f', '-o', '/dev/null', '-P', runs, ...slow, ...argv],
      { env },
    );

    expect(run.stdout).toContain('Recap: 1 host');
    expect(run.stderr).toContain(`the record of this run has no end: ${dirname(runs)} does not`);
  });

  test.concurrent('is left by what undoes a run, too; --retry does not take it for an apply', async () => {
    const user = await newUser();
    const waiting = await fleet.write('waiting.yaml', waitingText);
    const run = user.begin('apply', fleet.file, waiting, '-l', 'h10');
    await waits('h10');
    run.kill('SIGKILL');
    await run.ended;

    const page = join(user.state, '..', 'undone.html');
    const forms = ['-o', 'json', '--report', page];
    const undone = await user.xpush('rollback', fleet.file, '-l', 'h10', ...forms);
    expect(statuses(documentOf(undone))).toEqual({ h10: 'ok' });
    expect(await readFile(page, 'utf8')).toContain('h10');

    const { stdout } = await user.xpush('runs');
    expect(stdout).toMatch(/ 0 +rollback \S*inventory.yaml -l h10 .* 1 ok\n.* killed +apply /);
    const shown = await user.xpush('runs', 'show', '-o', 'json');
    expect(statuses(documentOf(shown))).toEqual({ h10: 'ok' });
    const retried = await user.xpush('apply', fleet.file, waiting, '--retry', 'last');
    expect([retried.code, retried.stderr]).toEqual([
      2,
      expect.stringContaining('was xpush rollback'),
    ]);
  });

  test.concurrent('is left by a confirmation by hand; --retry goes on with the run before it', async () => {
    const user = await newUser();
    const waiting = await fleet.write('waiting.yaml', waitingText);
    const named = ['-l', 'h11', '--confirm-timeout', '60'];
    const run = user.begin('apply', fleet.file, waiting, ...named);
    await waits('h11');
    run.kill('SIGKILL');
    await run.ended;
    const host = fleet.lab.host('h11');
    await host.writeFile('/run/go', '');
    const isApplied = ['sh', '-c', 'test -e /run/xpush-*/applied'] as const;
    await until(async () => (await host.exec(isApplied)).code === 0);

    const confirmed = await user.xpush('confirm', fleet.file, '-l', 'h11');
    expect(confirmed.stdout, confirmed.stderr).toMatch(
      /^h11 +confirmed +the change of run \S+ by /,
    );

    const { stdout } = await user.xpush('runs');
    expect(stdout).toMatch(/ 0 +confirm \S*inventory.yaml -l h11 +1 changed\n.* killed +apply /);
    const retried = await user.xpush('apply', fleet.file, waiting, '--retry', 'last', '--check');
    expect(retried.code, retried.stderr).toBe(0);
  });

  test.concurrent('of a plain change has a line with its id in the log of the host', async () => {
    const user = await newUser();
    const host = fleet.lab.host('h12');
    const logger = '#!/bin/sh\nprintf "%s\\n" "$*" >>/run/syslog\n';
    await host.writeFile('/usr/local/bin/logger', logger, 0o755);

    const run = await user.xpush('apply', fleet.file, mixed, '-l', 'h12');
    expect(run.code, run.stderr).toBe(0);

    const { stdout } = await host.exec(['cat', '/run/syslog']);
    const [id = ''] = await readdir(join(user.state, 'xpush', 'runs'));
    const said = (what: string) =>
      expect.stringMatching(`^-t xpush -p daemon.notice -- run ${id} by \\S+: ${what}$`);
    expect(stdout.trimEnd().split('\n')).toEqual([
      said('network changes made and confirmed'),
      said('changed this host'), // the command
    ]);
  });

  test.concurrent('that cannot be written is said once, and the run goes on', async () => {
    const user = await newUser();
    await rm(user.state, { recursive: true });
    await writeFile(user.state, '');

    const run = await user.xpush('apply', fleet.file, mixed, '-l', 'h1', '--check');

    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/This run leaves no record: /);
  });
});

const strace = '/usr/bin/strace';

const isNoMessage = (line: string): boolean => !line.startsWith('{"event":"message"');

/** Without what time tells. */
const untimed = (xml: string): string => xml.replaceAll(/ (time|timestamp)="[^"]*"/g, '');

/** A test suite of JUnit's. */
const suiteOf = (xml: string, name: string): string =>
  new RegExp(`<testsuite name="${name}"[\\s\\S]*?</testsuite>`).exec(xml)?.[0] ?? '';

/** What a page shows, its blanks as one. */
const textOf = (page: string): string =>
  page
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll(/\s+/g, ' ');

/** Somebody with records of their own. */
class User {
  readonly state: string;
  readonly #fleet: Fleet;

  constructor(fleet: Fleet, state: string) {
    this.#fleet = fleet;
    this.state = state;
  }

  command(args: readonly string[]): ReturnType<Fleet['command']> {
    const { argv, env } = this.#fleet.command(...args);
    return { argv, env: { ...env, XDG_STATE_HOME: this.state } };
  }

  async xpush(...args: readonly string[]): Promise<CliRun> {
    const { argv, env } = this.command(args);
    return await this.#fleet.lab.run(argv, { env, timeoutMs: 50_000 });
  }

  /** The same, not waited for. */
  begin(...args: readonly string[]): Begun {
    const { argv, env } = this.command(args);
    const child = this.#fleet.lab.spawn(argv, { env });
    const said = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk: Buffer) => {
      said.stdout += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      said.stderr += chunk.toString();
    });
    const ended = once(child, 'close').then(([code]) => ({ ...said, code: Number(code) }));
    return { said, ended, kill: (signal) => void child.kill(signal) };
  }
}

interface Begun {
  readonly said: { readonly stdout: string; readonly stderr: string };
  readonly ended: Promise<CliRun>;
  kill(signal: NodeJS.Signals): void;
}
