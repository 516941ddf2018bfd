import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { documentOf, Fleet, hostIn, shippedInventory, statuses } from './fleet.ts';

const describe = await labDescribe();

/** All that a push leaves on a host, files and live. */
const traces = `
grep -rls xpush /etc /var/lib /usr/local /run 2>/dev/null
ls -d /var/lib/xpush 2>/dev/null
ip rule show | sed -n '/^1[0-9][0-9][0-9]:/p'
ip route show table all | sed -n '/ table 1[678] /p'
for family in '' 6; do "ip\${family}tables-save" | grep XPUSH; done
true
`;

describe('xpush remove', () => {
  test('takes every trace off a dom0 and its guest, which stay on the network, and a push brings all back', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'), { forwarding: true });
    const names = ['xen1', 'webserv'] as const;
    const tracesOn = async (name: string) =>
      (await fleet.lab.host(name).exec(['sh', '-c', traces])).stdout;
    const sysctls = async () =>
      (await fleet.lab.host('xen1').exec(['sysctl', 'net.ipv4.conf.eth0.proxy_arp'])).stdout;
    const before = await sysctls();
    await fleet.mustApply();
    for (const name of names) expect(await tracesOn(name)).not.toBe('');
    const shown = await fleet.snapshots();

    const check = await fleet.xpush('remove', ...names, '--check', '--exit-code', '-o', 'json');
    expect(check.code, check.stderr).toBe(10);
    expect(await fleet.snapshots()).toEqual(shown);

    const removed = await fleet.xpush('remove', ...names, '-o', 'json');
    expect(removed.code, removed.stderr).toBe(0);
    expect(statuses(documentOf(removed))).toEqual({ xen1: 'changed', webserv: 'changed' });
    for (const name of names) expect(await tracesOn(name), name).toBe('');
    expect(await sysctls()).toBe(before);
    const { stdout } = await fleet.lab.host('webserv').exec(['ip', '-4', '-o', 'addr']);
    for (const last of [200, 201, 202]) expect(stdout).toContain(`192.168.0.${last}/`);

    const again = await fleet.xpush('remove', ...names, '-o', 'json');
    expect(hostIn(documentOf(again), 'webserv').status, again.stdout).toBe('ok');
    expect(statuses(documentOf(again))).toEqual({ xen1: 'ok', webserv: 'ok' });

    const back = await fleet.mustApply();
    expect(statuses(back.document)).toEqual({ xen1: 'changed', webserv: 'changed' });
    expect(statuses((await fleet.mustApply()).document)).toEqual({ xen1: 'ok', webserv: 'ok' });
  });

  test('says of a guest that was rebooted afterwards that it still has its addresses', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'));
    await fleet.mustApply();
    await fleet.xpush('remove', 'webserv', '-o', 'json');

    const file = (await fleet.lab.host('webserv').readFile('/etc/network/interfaces')).toString();

    for (const last of [200, 201, 202]) expect(file).toContain(`192.168.0.${last}`);
    expect(file).not.toMatch(/ip rule|table 1[678]/);
  });
});
