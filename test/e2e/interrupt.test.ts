import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonDocument } from '../../src/report/json-document.ts';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { documentOf, Fleet, hostIn, statuses } from './fleet.ts';

const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
hosts:
  "h[1:4]": { address: "192.168.0.[101:104]" }
`;

/** Waits for the test, which goes on by making /run/go; then one change more. */
const slowPlaybook = `
- name: Slow
  hosts: all
  tasks:
    - name: Waits
      command: { changes: always, shell: "touch /run/waiting; until [ -e /run/go ]; do sleep 0.05; done" }
    - name: After it
      command: { changes: always, argv: [touch, /etc/after] }
`;

const parameters = [
  'accept_redirects',
  'accept_source_route',
  'arp_announce',
  'arp_ignore',
  'log_martians',
  'rp_filter',
  'send_redirects',
  'shared_media',
];
/** Changes of one program; the command between them waits for the test, which goes on by making /run/go. */
const manyPlaybook = `
- name: Many
  hosts: h1
  tasks:
${parameters
  .map((name) => `    - sysctl: { name: net.ipv4.conf.eth0.${name}, value: 0 }`)
  .toSpliced(
    1,
    0,
    '    - command: { changes: always, shell: "touch /run/waiting; until [ -e /run/go ]; do sleep 0.05; done" }',
  )
  .join('\n')}
`;

/** On a busy machine; a run that waited for its hosts would wait for this test. */
const atOnceMs = 3_000;

interface Running {
  /** Ends when the process ends. */
  readonly ended: Promise<{ code: number; stdout: string; stderr: string; endedAt: number }>;
  interrupt(): number;
  /** Two signals at once would be one: waits until the run has answered to the first. */
  heard(): Promise<void>;
}

const describe = await labDescribe();

describe('an interrupted run', () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start(inventoryText);
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  function begin(...args: readonly string[]): Running {
    const { argv, env } = fleet.command('apply', fleet.file, ...args, '-o', 'json');
    const child = fleet.lab.spawn(argv, { env });
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const ended = once(child, 'close').then(([code]) => ({
      code: Number(code),
      stdout,
      stderr,
      endedAt: performance.now(),
    }));
    return {
      ended,
      interrupt: () => {
        child.kill('SIGINT');
        return performance.now();
      },
      heard: () => until(() => stderr.includes('Interrupted')),
    };
  }

  const exists = async (name: string, path: string): Promise<boolean> =>
    (await fleet.lab.host(name).exec(['test', '-e', path])).code === 0;

  const clean = async (): Promise<void> => {
    for (const { name } of fleet.lab.hosts.filter(({ kind }) => kind === 'full')) {
      await fleet.lab
        .host(name)
        .exec(['sh', '-c', 'rm -f /run/go /run/waiting /etc/after /etc/sysctl.d/60-xpush-*']);
    }
  };

  const seen = (document: JsonDocument, name: string) =>
    hostIn(document, name).tasks.map(({ status }) => status);

  test('begins no new hosts and finishes those under way, all their tasks; exit 130', async () => {
    await clean();
    const playbook = await fleet.write('slow.yaml', slowPlaybook);

    const run = begin(playbook, '--forks', '2');
    for (const name of ['h1', 'h2']) await until(() => exists(name, '/run/waiting'));
    run.interrupt();
    for (const name of ['h1', 'h2']) await fleet.lab.host(name).writeFile('/run/go', '');
    const { code, stdout, stderr } = await run.ended;

    const document = documentOf({ code, stdout, stderr });
    expect(code, stderr).toBe(130);
    expect(document.exit).toBe(130);
    expect(statuses(document)).toEqual({
      h1: 'changed',
      h2: 'changed',
      h3: 'skipped',
      h4: 'skipped',
    });
    expect(seen(document, 'h1')).toEqual(['changed', 'changed']);
    expect(hostIn(document, 'h3').error?.message).toContain('interrupted');
    expect(await exists('h2', '/etc/after')).toBe(true);
    expect(await exists('h3', '/run/waiting')).toBe(false);
    expect(stderr).toContain('Interrupted');
  });

  test('the second interrupt leaves at once, and the command that was running is all that happens', async () => {
    await clean();
    const playbook = await fleet.write('slow.yaml', slowPlaybook);

    const run = begin(playbook, '--forks', '2');
    for (const name of ['h1', 'h2']) await until(() => exists(name, '/run/waiting'));
    run.interrupt();
    await run.heard();
    const second = run.interrupt();
    const { code, stdout, stderr, endedAt } = await run.ended;

    expect(endedAt - second).toBeLessThan(atOnceMs);
    expect(code, stderr).toBe(130);
    expect(statuses(documentOf({ code, stdout, stderr }))).toMatchObject({
      h1: 'failed',
      h3: 'skipped',
    });
    for (const name of ['h1', 'h2']) await fleet.lab.host(name).writeFile('/run/go', '');
    await until(async () => {
      const { stdout: left } = await fleet.lab.host('h1').exec(['pgrep', '-f', 'until']);
      return left === '';
    });
    expect(await exists('h1', '/etc/after')).toBe(false);
  });

  test('after the second interrupt a host stops before its next change', async () => {
    await clean();
    const playbook = await fleet.write('many.yaml', manyPlaybook);
    const written = async (): Promise<number> => {
      const script = 'ls /etc/sysctl.d | grep -c 60-xpush';
      return Number((await fleet.lab.host('h1').exec(['sh', '-c', script])).stdout);
    };

    const run = begin(playbook, '--no-confirm');
    await until(() => exists('h1', '/run/waiting'));
    run.interrupt();
    await run.heard();
    const second = run.interrupt();
    const { code, endedAt } = await run.ended;
    await fleet.lab.host('h1').writeFile('/run/go', '');
    await until(async () => {
      const { stdout } = await fleet.lab.host('h1').exec(['pgrep', '-f', 'sh -s']);
      return stdout === '';
    });

    expect(code).toBe(130);
    expect(endedAt - second).toBeLessThan(atOnceMs);
    expect(await written()).toBe(1);
    const { stdout } = await fleet.lab
      .host('h1')
      .exec(['sh', '-c', 'find /etc/sysctl.d ! -name 60-xpush-net* -type f']);
    expect(stdout).toBe('');
    const repaired = await fleet.mustApply(playbook);
    expect(repaired.document.recap).toMatchObject({ changed: 1 });
    expect(await written()).toBe(parameters.length);
  });
});
