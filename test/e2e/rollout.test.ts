import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { type CliRun, documentOf, Fleet, hostIn, type JsonRun, statuses } from './fleet.ts';

/** Hosts of each test, by the letter that their names begin with. */
const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
hosts:
  "c[1:6]": { address: "192.168.0.[101:106]" }
  "i[1:6]": { address: "192.168.0.[111:116]" }
  "t[1:2]": { address: "192.168.0.[121:122]" }
  "s[1:3]": { address: "192.168.0.[131:133]" }
  "l[1:2]": { address: "192.168.0.[141:142]" }
  "r[1:2]": { address: "192.168.0.[151:152]" }
`;

/** Fails where /run/bad is; about the network, as far as the rollout is concerned. */
const playbookText = `
- name: Network
  hosts: all
  tasks:
    - name: Something new
      network: true
      command: { shell: "test ! -e /run/bad && echo new > /etc/new", creates: /etc/new }
`;

/** Waits for the test, which goes on by making /run/go. */
const slowText = `
- name: Slow
  hosts: all
  serial: 1
  tasks:
    - name: Waits
      command: { changes: always, shell: "touch /run/waiting; until [ -e /run/go ]; do sleep 0.05; done" }
`;

/** The same, in a confirm window, with a change to undo. */
const slowWindowText = `
- name: Slow window
  hosts: all
  tasks:
    - name: Waits
      network: true
      command:
        changes: always
        shell: "echo new > /etc/new; touch /run/waiting; until [ -e /run/go ]; do sleep 0.05; done"
        files: [/etc/new]
`;

const confirming = ['--confirm-timeout', '5'];

const describe = await labDescribe();

describe('a rollout', () => {
  let fleet: Fleet;
  let playbook: string;
  let slow: string;

  beforeAll(async () => {
    fleet = await Fleet.start(inventoryText);
    playbook = await fleet.write('network.yaml', playbookText);
    slow = await fleet.write('slow.yaml', slowText);
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  /** `xpush ARGS` with records of its own for each test, which is named by the letter of its hosts. */
  const command = (letter: string, args: readonly string[]) => {
    const { argv, env } = fleet.command(...args);
    return { argv, env: { ...env, XDG_STATE_HOME: join(fleet.lab.directory, `state-${letter}`) } };
  };

  const xpush = async (letter: string, ...args: readonly string[]): Promise<CliRun> => {
    const { argv, env } = command(letter, args);
    return await fleet.lab.run(argv, { env, timeoutMs: 50_000 });
  };

  /** On all hosts of the test. */
  const apply = async (letter: string, ...args: readonly string[]): Promise<JsonRun> => {
    const given = ['apply', fleet.file, '-l', `${letter}*`, '-o', 'json', ...args];
    const run = await xpush(letter, ...given);
    return { ...run, document: documentOf(run) };
  };

  interface Begun {
    readonly said: { stdout: string; stderr: string };
    readonly ended: Promise<number | null>;
    kill(signal: NodeJS.Signals): void;
  }

  const begin = (letter: string, ...args: readonly string[]): Begun => {
    const given = ['apply', fleet.file, '-l', `${letter}*`, '-o', 'json', ...args];
    const { argv, env } = command(letter, given);
    const child = fleet.lab.spawn(argv, { env });
    const said = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk: Buffer) => {
      said.stdout += chunk;
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      said.stderr += chunk;
    });
    return {
      said,
      ended: once(child, 'close').then(([code]) => code),
      kill: (signal) => child.kill(signal),
    };
  };

  const exists = async (name: string, path: string): Promise<boolean> =>
    (await fleet.lab.host(name).exec(['test', '-e', path])).code === 0;

  test.concurrent('of network changes stops at its canary, and goes on by the command that it prints', async () => {
    await fleet.lab.host('c1').writeFile('/run/bad', '');

    const stopped = await apply('c', playbook, ...confirming);
    expect(stopped.code, stopped.stderr).toBe(4);
    expect(stopped.document.stopped).toEqual({
      ...{ play: 'Network', batch: 1, batches: 2, message: 'the first host ended badly' },
    });
    expect(statuses(stopped.document)).toMatchObject({
      c1: 'rolled_back',
      c2: 'skipped',
      c6: 'skipped',
    });
    expect(await exists('c2', '/etc/new')).toBe(false);
    expect(stopped.stderr).toMatch(/undone \(undid its changes\) +1 {2}c1\n/);
    expect(stopped.stderr).toMatch(/untouched \(not begun\) +5 {2}c2, c3, c4, c5, c6\n/);

    await fleet.lab.host('c1').exec(['rm', '/run/bad']);
    const line = /^ {2}xpush (.*--retry last)$/m.exec(stopped.stderr)?.[1] ?? '';
    const words = line.replaceAll("'", '').split(' ');
    const resumed = await xpush('c', ...words);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain('1 rolled back, 5 skipped');
    const all = Object.values(statuses(documentOf(resumed)));
    expect(all).toEqual(Array.from({ length: 6 }, () => 'changed'));

    const again = await xpush('c', ...words);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('left no host behind');
  });

  test.concurrent('is retried host by host, and forgets none that is left', async () => {
    for (const name of ['i5', 'i6']) await fleet.lab.host(name).writeFile('/run/bad', '');
    const first = await apply('i', playbook, ...confirming, '--serial', '50%');
    expect(statuses(first.document)).toMatchObject({
      ...{ i1: 'changed', i4: 'changed', i5: 'rolled_back', i6: 'rolled_back' },
    });
    for (const name of ['i5', 'i6']) await fleet.lab.host(name).exec(['rm', '/run/bad']);
    // the newest run is one of another inventory
    const other = await fleet.write('other.yaml', inventoryText);
    const foreign = await xpush('i', 'apply', other, playbook, '--retry', 'last');
    expect([foreign.code, foreign.stderr]).toEqual([
      2,
      expect.stringContaining('there is no run of'),
    ]);
    await xpush('i', 'apply', other, playbook, '-l', 'i1');

    const given = ['apply', fleet.file, playbook, ...confirming, '-o', 'json', '--retry', 'last'];
    const one = await xpush('i', ...given, '-l', 'i5');
    const rest = await apply('i', playbook, ...confirming, '--retry', 'last');

    expect([one.code, statuses(documentOf(one))]).toEqual([0, { i5: 'changed' }]);
    expect([rest.code, statuses(rest.document)]).toEqual([0, { i6: 'changed' }]);
  });

  test.concurrent('that leaves no record names no command that would need one', async () => {
    await fleet.lab.host('r1').writeFile('/run/bad', '');
    const { argv, env } = fleet.command(
      ...['apply', fleet.file, playbook, '-l', 'r*', '--serial', '1', '--no-confirm'],
    );
    const { code, stdout, stderr } = await fleet.lab.run(argv, {
      env: { ...env, XDG_STATE_HOME: '/proc/none' },
    });

    expect(code).toBe(1);
    expect(stdout + stderr).toContain('This run leaves no record');
    expect(stdout + stderr).toContain('Next: see to the errors above, then run again.');
    expect(stdout + stderr).not.toContain('--retry');
  });

  test.concurrent('goes on when its terminal is lost', async () => {
    const { argv, env } = command('t', ['apply', fleet.file, slow, '-l', 't*']);
    const line = argv.map((word) => `'${word}'`).join(' ');
    // Its own session: what ends the terminal ends nothing of the test's.
    const terminal = fleet.lab.spawn(['setsid', 'script', '-qfec', line, '/dev/null'], {
      env: { ...env, TERM: 'xterm-256color', SHELL: '/bin/sh' },
    });
    let shown = '';
    terminal.stdout?.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    await until(() => exists('t1', '/run/waiting'));
    expect(shown).toContain('Applying to 2 hosts');

    terminal.kill('SIGKILL');
    await once(terminal, 'close');
    await fleet.lab.host('t1').writeFile('/run/go', '');

    await until(() => exists('t2', '/run/waiting'));
    await fleet.lab.host('t2').writeFile('/run/go', '');
    await until(async () => {
      const { stdout } = await xpush('t', 'runs', '-o', 'json');
      return stdout.includes('"ended"') && !stdout.includes('"running"');
    });
  });

  test.concurrent('SIGTERM is as Ctrl-C: what is under way is finished', async () => {
    const run = begin('s', slow);
    await until(() => exists('s1', '/run/waiting'));
    run.kill('SIGTERM');
    await until(() => run.said.stderr.includes('Interrupted'));
    await fleet.lab.host('s1').writeFile('/run/go', '');
    const code = await run.ended;

    const document = documentOf({ code: Number(code), ...run.said });
    expect(code, run.said.stderr).toBe(130);
    expect(statuses(document)).toEqual({ s1: 'changed', s2: 'skipped', s3: 'skipped' });
    expect(hostIn(document, 's2').error?.message).toBe('interrupted before it began');
  });

  test.concurrent('left by the second interrupt says which hosts undo themselves, and they do', async () => {
    const slowWindow = await fleet.write('slow-window.yaml', slowWindowText);
    const run = begin('l', slowWindow, ...confirming);
    for (const name of ['l1', 'l2']) {
      await until(() => exists(name, '/run/waiting'));
    }
    run.kill('SIGINT');
    await until(() => run.said.stderr.includes('Interrupted'));
    run.kill('SIGINT');

    expect(await run.ended, run.said.stderr).toBe(130);
    expect(run.said.stderr).toMatch(
      /undoing their changes by themselves: l[12] by \d\d:\d\d:\d\d, l[12] by \d\d:\d\d:\d\d\./,
    );
    for (const name of ['l1', 'l2']) await fleet.lab.host(name).writeFile('/run/go', '');
    for (const name of ['l1', 'l2']) {
      await until(async () => !(await exists(name, '/etc/new')));
    }
  });
});
