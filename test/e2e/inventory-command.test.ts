import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const repository = join(import.meta.dirname, '..', '..');

/** `xpush ARGS` in the checkout, as the README has it. */
function xpush(...args: readonly string[]): {
  code: number | null;
  stdout: string;
  stderr: string;
} {
  const program = join(repository, 'bin', 'xpush');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: repository,
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

describe('xpush inventory', () => {
  test('--list is JSON of the fleet with all that is derived', () => {
    const { code, stdout, stderr } = xpush('inventory', 'inventory/two-guests.yaml', '--list');

    expect([code, stderr]).toEqual([0, '']);
    const { hosts, groups, networks } = JSON.parse(stdout);
    expect(networks.lan).toMatchObject({ subnet: '192.168.0.0/24', gateway: '192.168.0.1' });
    expect(Object.keys(hosts)).toEqual(['xen1', 'webserv', 'mail']);
    expect(groups['domU@xen1'].hosts).toEqual(['webserv', 'mail']);
    expect(hosts.mail.vifs).toMatchObject([
      {
        iface: 'eth0',
        mac: expect.stringMatching(/^00:16:3e:[0-7]/),
        table: { id: 16, name: 'eth0-210' },
      },
      {
        iface: 'eth1',
        mac: expect.stringMatching(/^00:16:3e:[0-7]/),
        table: { id: 17, name: 'eth1-211' },
      },
    ]);
  });

  test('--host shows the rules of a guest as ip prints them', () => {
    const { code, stdout } = xpush('inventory', 'inventory/webserv.yaml', '--host', 'webserv');

    expect(code).toBe(0);
    expect(JSON.parse(stdout).rules).toEqual([
      '1000: from 192.168.0.200 lookup 16',
      '1016: from 192.168.0.201 lookup 17',
      '1032: from 192.168.0.202 lookup 18',
    ]);
  });

  test('--graph shows the guests below their dom0, and is what no option shows', () => {
    const graph = xpush('inventory', 'inventory/two-guests.yaml', '--graph');

    expect(graph.code).toBe(0);
    expect(graph.stdout).toContain(
      'xen1 (dom0) 192.168.0.100\n' +
        '|-- webserv (domU) eth0=192.168.0.200 eth1=192.168.0.201 eth2=192.168.0.202\n' +
        '|-- mail (domU) eth0=192.168.0.210 eth1=192.168.0.211\n',
    );
    expect(xpush('inventory', 'inventory/two-guests.yaml').stdout).toBe(graph.stdout);
  });

  test('a host that is not there is exit 2 with the nearest name', () => {
    const { code, stdout, stderr } = xpush(
      'inventory',
      'inventory/webserv.yaml',
      '--host',
      'webserb',
    );

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('"webserv"');
  });
});
