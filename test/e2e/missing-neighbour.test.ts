import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { Fleet, shippedInventory } from './fleet.ts';

test.each(['ssh2', 'openssh'])(
  'a host that others asked for before it was there is asked for once more: %s',
  async (transport) => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'), { transport });
    const { lab } = fleet;
    const address = '192.168.0.100';
    const controller = async (script: string) => (await lab.run(['sh', '-ec', script])).stdout;
    // one question in place of three, so that its verdict comes at a known time
    await controller(`cd /proc/sys/net/ipv4/neigh
    for interface in *; do echo 1 >$interface/mcast_solicit; echo 2500 >$interface/retrans_time_ms; done`);
    await lab.host('xen1').exec(['ip', 'link', 'set', 'eth0', 'arp', 'off']);
    await controller('ip neigh flush all');
    const other = lab.spawn(['bash', '-c', `exec 3<>/dev/tcp/${address}/22`], { stdio: 'ignore' });
    await vi.waitFor(async () => {
      expect(await controller(`ip neigh show ${address}`)).toContain('INCOMPLETE');
    });
    await lab.host('xen1').exec(['ip', 'link', 'set', 'eth0', 'arp', 'on']);

    const { code, stderr } = await fleet.xpush('facts', fleet.file, '--limit', 'xen1');

    expect([code, stderr]).toEqual([0, expect.not.stringContaining('no route')]);
    if (other.exitCode === null) await once(other, 'exit');
  },
);
