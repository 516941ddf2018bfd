import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../../lab-tier.ts';
import { FaultFleet, type FaultHost } from './fault-fleet.ts';

const describe = await labDescribe();

/** What a program calls to look and to write a file; busybox has them in its shell, so that none can be missing there. */
const tools = [
  ...['base64', 'cat', 'chmod', 'cksum', 'cp', 'mkdir', 'mv', 'readlink'],
  ...['rm', 'sed', 'sha256sum', 'sync', 'wc'],
];
const workers = 4;

const playbook = `
- name: Few tools
  hosts: all
  tasks:
    - sysctl: { name: net.ipv4.tcp_syncookies, value: VALUE }
`;

describe('a host', () => {
  let fleet: FaultFleet;
  const hosts: FaultHost[] = [];

  beforeAll(async () => {
    fleet = await FaultFleet.start({ hosts: { full: workers } });
    for (let i = 0; i < workers; i += 1) hosts.push(await fleet.take('full'));
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
  });

  async function without(host: FaultHost, tool: string): Promise<void> {
    await host.sh(`mount --bind /dev/null /usr/bin/${tool}`);
  }

  async function work(host: FaultHost, own: readonly string[]) {
    const verdicts: Record<string, unknown> = {};
    let value = 1;
    for (const tool of own) {
      await without(host, tool);
      const { code, document } = await host.apply(playbook.replace('VALUE', String(value)), [
        '--no-confirm',
      ]);
      const outcome = document?.hosts[host.name];
      await host.sh(`umount -l /usr/bin/${tool}`);
      const live = (await host.lab.readFile('/proc/sys/net/ipv4/tcp_syncookies')).toString().trim();
      verdicts[tool] = {
        code,
        message: outcome?.error?.message ?? null,
        isDone: live === String(value),
        live,
      };
      value = live === '1' ? 0 : 1;
    }
    return verdicts;
  }

  test('that lacks a tool is done without it, or is told which one is missing', async () => {
    const shares = hosts.map(
      (host, n) => [host, tools.filter((_, i) => i % workers === n)] as const,
    );

    const verdicts = Object.assign(
      {},
      ...(await Promise.all(shares.map(([host, own]) => work(host, own)))),
    );

    for (const [tool, verdict] of Object.entries<{
      code: number;
      message: string | null;
      isDone: boolean;
    }>(verdicts)) {
      if (verdict.code === 0)
        expect([tool, verdict]).toEqual([tool, expect.objectContaining({ isDone: true })]);
      else expect([tool, verdict.message]).toEqual([tool, expect.stringContaining(tool)]);
    }
  }, 100_000);
});
