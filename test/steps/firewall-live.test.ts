import { describe, expect, test } from 'vitest';
import { busybox, dash } from '../host/shells.ts';
import { FirewallHost, firewallOf, hasBackEnds, type Kind } from './firewall-host.ts';

const web = `
  web:
    dom0: xen1
    vifs: [{ ips: [192.168.0.9, "2001:db8::9"] }]
    allow:
      - { proto: tcp, ports: [80, 443] }
      - { proto: icmp, comment: ping }`;
const web4 = web.replace(', "2001:db8::9"', '');

const foreign = `
  iptables -N DOCKER
  iptables -A FORWARD -j DOCKER
  iptables -A INPUT -i lo -j ACCEPT
  iptables -t raw -A PREROUTING -i eth7 -j ACCEPT
  ip6tables -t raw -A PREROUTING -i eth7 -j ACCEPT
  ip6tables -A FORWARD -s 2001:db8:7::/64 -j ACCEPT`;

/** iptables-save as older versions print the same rules: other words, and no lengths of addresses. */
const olderSpelling = `
  for tool in iptables ip6tables; do
    real=$(readlink /etc/alternatives/$tool-save)
    rm /etc/alternatives/$tool-save
    printf '%s\\n' '#!/bin/sh' "$real \\"\\$@\\" | sed -e 's/-m conntrack --ctstate RELATED,ESTABLISHED/-m state --state ESTABLISHED,RELATED/' -e 's,/32 , ,g' -e 's,/128 , ,g'" >/etc/alternatives/$tool-save
    chmod 755 /etc/alternatives/$tool-save
  done`;

const nothing = { changes: [], upkeep: [] };

describe.runIf(hasBackEnds).each<Kind>(['nft', 'legacy'])('firewall on iptables (%s)', (kind) => {
  test.each([dash, busybox])('is as described after one apply ($name)', async (shell) => {
    const bound = await firewallOf(
      web,
      ', antispoof: true, firewall: { policy: drop, log: 5/minute }',
    );
    await using host = new FirewallHost(shell, kind, foreign);

    const first = await host.make(bound);
    const rules = await host.rules();

    expect(first.changes.map((change) => change.kind)).toEqual([
      ...['directory', 'write', 'chains', 'chains', 'write'],
    ]);
    expect(rules).toContain('-A FORWARD -j XPUSH-FWD\n-A FORWARD -j DOCKER');
    expect(rules).toContain('-A PREROUTING -j XPUSH-SPOOF\n-A PREROUTING -i eth7 -j ACCEPT');
    expect(rules).toContain('-A XPUSH-FWD -d 2001:db8::9/128 -j XPUSH-DROP');
    expect(await host.planOf(bound)).toMatchObject(nothing);
  });

  test('takes every trace away again', async () => {
    const bound = await firewallOf(web, ', antispoof: true, firewall: { policy: drop }');
    await using host = new FirewallHost(dash, kind, `${foreign}\nmkdir /var/lib/xpush`);
    const before = await host.rules();

    await host.make(bound);
    const between = await host.rules();
    await host.make(bound, 'leave');

    expect(between).toContain(':FORWARD DROP');
    expect(await host.rules()).toBe(before);
    expect(await host.say('find /etc /var/lib -type f -newer /etc/network/interfaces')).toBe('');
    expect(await host.planOf(bound, 'leave')).toMatchObject({ changes: [] });
  });

  test('removes the IPv6 chains once no guest has such an address', async () => {
    await using host = new FirewallHost(dash, kind, foreign);
    await host.make(await firewallOf(web));
    const dual = await host.rules();
    const bound = await firewallOf(web4);

    await host.make(bound);

    expect(dual.split('== ip6tables')).toHaveLength(3);
    expect(dual).toContain('2001:db8::9/128');
    expect(await host.rules()).not.toContain('2001:db8::9/128');
    expect(await host.rules()).toContain('-s 2001:db8:7::/64');
    expect(await host.planOf(bound)).toMatchObject(nothing);
  });

  test('finds no difference in how older tools spell the same rules', async () => {
    const bound = await firewallOf(web);
    await using host = new FirewallHost(dash, kind, olderSpelling);

    await host.make(bound);
    const saved = await host.say('iptables-save');

    expect(saved).toContain('-m state --state ESTABLISHED,RELATED');
    expect(saved).toContain('-d 192.168.0.9 ');
    expect(await host.planOf(bound)).toMatchObject(nothing);
  });

  test.each([
    ['as they are spelled', ''],
    ['however they are spelled', olderSpelling],
  ])('repairs a rule that is not what it was in one swap, %s', async (_, spelling) => {
    const bound = await firewallOf(web);
    await using host = new FirewallHost(dash, kind, spelling);
    await host.make(bound);
    const rules = await host.rules();
    await host.say('iptables -R XPUSH-FWD 1 -s 192.0.2.1 -j ACCEPT');

    const repair = await host.make(bound);

    expect(repair.changes).toMatchObject([{ kind: 'chains', family: 4 }]);
    expect(await host.rules()).toBe(rules);
    expect(await host.planOf(bound)).toMatchObject(nothing);
  });

  test('compares texts where the host cannot try the rules', async () => {
    const bound = await firewallOf(web);
    await using host = new FirewallHost(dash, kind, 'mount --bind /bin/false /usr/bin/unshare');
    await host.make(bound);
    await host.say('iptables -A XPUSH-FWD -s 192.0.2.1 -j ACCEPT');

    expect((await host.make(bound)).changes).toMatchObject([{ kind: 'chains' }]);
    expect(await host.planOf(bound)).toMatchObject(nothing);
  });

  test('gives the same rules at the next boot', async () => {
    const bound = await firewallOf(
      web,
      ', antispoof: true, firewall: { policy: drop, admin: [lan] }',
    );
    await using host = new FirewallHost(dash, kind);
    await host.make(bound);
    const live = await host.rules();

    const boot = `cp /etc/network/if-pre-up.d/xpush-firewall /run/hook
      unshare -n sh -c '/run/hook; /run/hook; exec sh' <<'SCRIPT'
${['iptables', 'ip6tables'].map((tool) => ['nft', 'legacy'].map((each) => `echo "== ${tool} ${each}"; ${tool}-${each}-save`).join('\n')).join('\n')}
SCRIPT`;
    const booted = (await host.say(boot))
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .map((line) => line.replace(/ \[\d+:\d+\]$/, ''))
      .join('\n');

    expect(booted).toBe(live);
  });
});
