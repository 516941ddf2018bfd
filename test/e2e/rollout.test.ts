import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { documentOf, Fleet, hostIn, statuses, until } from './fleet.ts';

const names = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];
const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
hosts:
  "h[1:6]": { address: "192.168.0.[101:106]" }
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
      command: { shell: "touch /run/waiting; until [ -e /run/go ]; do sleep 0.05; done" }
`;

/** The same, in a confirm window, with a change to undo. */
const slowWindowText = `
- name: Slow window
  hosts: all
  tasks:
    - name: Waits
      network: true
      command:
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
  beforeEach(async () => {
    const clean = ['sh', '-c', 'rm -f /run/bad /run/go /run/waiting /etc/new'] as const;
    await Promise.all(names.map((name) => fleet.lab.host(name).exec(clean)));
  });

  const exists = async (name: string, path: string): Promise<boolean> =>
    (await fleet.lab.host(name).exec(['test', '-e', path])).code === 0;

  test('of network changes stops at its canary, and goes on by the command that it prints', async () => {
    await fleet.lab.host('h1').writeFile('/run/bad', '');

    const stopped = await fleet.apply(playbook, ...confirming);
    expect(stopped.code, stopped.stderr).toBe(4);
    expect(stopped.document.stopped).toEqual({
      ...{ play: 'Network', batch: 1, batches: 2, message: 'the first host ended badly' },
    });
    expect(statuses(stopped.document)).toMatchObject({
      h1: 'rolled_back',
      h2: 'skipped',
      h6: 'skipped',
    });
    expect(await exists('h2', '/etc/new')).toBe(false);
    expect(stopped.stderr).toMatch(/undone \(undid its changes\) +1 {2}h1\n/);
    expect(stopped.stderr).toMatch(/untouched \(not begun\) +5 {2}h2, h3, h4, h5, h6\n/);

    await fleet.lab.host('h1').exec(['rm', '/run/bad']);
    const line = /^ {2}xpush (.*--retry last)$/m.exec(stopped.stderr)?.[1] ?? '';
    const resumed = await fleet.xpush(...line.split(' '));
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain('1 rolled back, 5 passed over');
    expect(Object.values(statuses(documentOf(resumed)))).toEqual(names.map(() => 'changed'));

    const again = await fleet.xpush(...line.split(' '));
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('left no host behind');
  });

  test('retries no host that is done, and no run of another inventory', async () => {
    await fleet.lab.host('h6').writeFile('/run/bad', '');
    const first = await fleet.apply(playbook, ...confirming, '--serial', '50%');
    expect(statuses(first.document)).toMatchObject({
      h1: 'changed',
      h5: 'changed',
      h6: 'rolled_back',
    });

    const other = await fleet.write('other.yaml', inventoryText);
    const wrong = await fleet.xpush('apply', other, playbook, '--retry', 'last');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('not of');

    await fleet.lab.host('h6').exec(['rm', '/run/bad']);
    const { code, document } = await fleet.apply(playbook, ...confirming, '--retry', 'last');
    expect(code).toBe(0);
    expect(statuses(document)).toEqual({ h6: 'changed' });
  });

  test('goes on when its terminal is lost', async () => {
    const { argv, env } = fleet.command('apply', fleet.file, slow, '-l', 'h1,h2');
    const words: readonly string[] = argv;
    const command = words.map((word) => `'${word}'`).join(' ');
    // Its own session: what ends the terminal ends nothing of the test's.
    const terminal = fleet.lab.spawn(['setsid', 'script', '-qfec', command, '/dev/null'], {
      env: { ...env, TERM: 'xterm-256color', SHELL: '/bin/sh' },
    });
    let shown = '';
    terminal.stdout?.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    await until('it waits', () => exists('h1', '/run/waiting'));
    expect(shown).toContain('Applying to 2 hosts');

    terminal.kill('SIGKILL');
    await once(terminal, 'close');
    await fleet.lab.host('h1').writeFile('/run/go', '');

    await until('the second host is begun', () => exists('h2', '/run/waiting'));
    await fleet.lab.host('h2').writeFile('/run/go', '');
    await until('the run has ended by itself', async () => {
      const { stdout } = await fleet.xpush('runs', '-o', 'json');
      return stdout.includes('"ended"') && !stdout.includes('"running"');
    });
  });

  test('SIGTERM is as Ctrl-C: what is under way is finished', async () => {
    const { argv, env } = fleet.command('apply', fleet.file, slow, '-o', 'json');
    const child = fleet.lab.spawn(argv, { env });
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    await until('it waits', () => exists('h1', '/run/waiting'));
    child.kill('SIGTERM');
    await until('it was heard', async () => stderr.includes('Interrupted'));
    await fleet.lab.host('h1').writeFile('/run/go', '');
    const [code] = await once(child, 'close');

    const document = documentOf({ code: Number(code), stdout, stderr });
    expect(code, stderr).toBe(130);
    expect(statuses(document)).toMatchObject({ h1: 'changed', h2: 'skipped', h6: 'skipped' });
    expect(hostIn(document, 'h2').error?.message).toBe('interrupted before it began');
  });

  test('left by the second interrupt says which hosts undo themselves, and they do', async () => {
    const slowWindow = await fleet.write('slow-window.yaml', slowWindowText);
    const { argv, env } = fleet.command(
      'apply',
      fleet.file,
      slowWindow,
      '-l',
      'h1,h2',
      '-o',
      'json',
      ...confirming,
    );
    const child = fleet.lab.spawn(argv, { env });
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    for (const name of ['h1', 'h2']) await until('it waits', () => exists(name, '/run/waiting'));
    child.kill('SIGINT');
    await until('it was heard', async () => stderr.includes('Interrupted'));
    child.kill('SIGINT');
    const [code] = await once(child, 'close');

    expect(code, stderr).toBe(130);
    expect(stderr).toMatch(
      /undoing their changes by themselves: h[12] by \d\d:\d\d:\d\d, h[12] by \d\d:\d\d:\d\d\./,
    );
    for (const name of ['h1', 'h2']) await fleet.lab.host(name).writeFile('/run/go', '');
    for (const name of ['h1', 'h2']) {
      await until('it has undone its change', async () => !(await exists(name, '/etc/new')));
    }
  });
});
