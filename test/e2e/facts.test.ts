import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, shippedInventory } from './fleet.ts';

const describe = await labDescribe({ hosts: [{ name: 'webserv', kind: 'mini', nics: [] }] });

describe('xpush facts', () => {
  test('tells of hosts of two eras, and of one that is off, with one login a host and no trace', async () => {
    const text = await shippedInventory('two-guests');
    await using fleet = await Fleet.start(text, { kinds: { mail: 'mini' }, forwarding: true });
    await fleet.lab.host('webserv').stop();
    const before = await fleet.snapshot('xen1');

    const run = await fleet.xpush('facts', fleet.file, '-o', 'json');
    const after = await fleet.snapshot('xen1');

    const { hosts, exit, schema } = JSON.parse(run.stdout);
    expect([run.code, exit, schema]).toEqual([3, 3, 1]);
    expect(after).toEqual(before);
    expect(await fleet.logins('xen1')).toBe(1);
    expect(hosts.webserv).toMatchObject({ status: 'unreachable', facts: null });
    expect(hosts.mail).toMatchObject({
      ...{ kind: 'domU', status: 'ok', error: null },
      facts: {
        system: { hostname: 'mail', init: 'busybox', iproute2: { is_busybox: true } },
        network: { manager: 'ifupdown' },
        firewalls: { iptables: 'iptables-legacy' },
        xen: { version: null, toolstack: null },
      },
    });
    expect(hosts.xen1.facts).toMatchObject({
      system: { hostname: 'xen1', iproute2: { is_busybox: false } },
      firewalls: { backends: { 'iptables-nft': { rules: 0 } } },
      xen: { version: '4.17.5', is_dom0: true, toolstack: 'xl' },
    });
    const { domains } = hosts.xen1.facts.xen;
    expect(domains.map(({ name }: { name: string }) => name)).toEqual(['mail']);
    expect(domains[0].vifs).toMatchObject([
      { handle: 0, ips: ['192.168.0.210'], mac: expect.stringMatching(/^00:16:3e/) },
      { handle: 1, ips: ['192.168.0.211'], script: '/etc/xen/scripts/vif-route' },
    ]);
  });

  test('the table has hosts with equal facts in one row; named topics are all it asks for', async () => {
    const text = await shippedInventory('two-guests');
    await using fleet = await Fleet.start(text, { forwarding: true });

    const all = await fleet.xpush('facts', fleet.file);
    const xen = await fleet.xpush('facts', fleet.file, '-l', 'xen1', '--topic', 'xen');
    const wrong = await fleet.xpush('facts', fleet.file, '--topic', 'system,zen');

    expect([all.code, all.stderr]).toEqual([0, '']);
    expect(all.stdout).toMatch(/^3 {2,}debian .* {2}mail, webserv, xen1$/m);
    expect(all.stdout).toMatch(/^1 .* dom0 +xl +2 domains +xen1$/m);
    expect(xen.stdout).not.toContain('DISTRIBUTION');
    expect(xen.stdout).toMatch(
      /^xen1 +webserv +\d+ +vif\d+\.2 +de:ad:be:ef:00:02 +vif-route +192\.168\.0\.202$/m,
    );
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('"zen" is none of system, network, firewalls, xen');
  });
});
