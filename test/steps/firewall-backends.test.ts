import { describe, expect, test } from 'vitest';
import { dash } from '../host/shells.ts';
import { FirewallHost, firewallOf, hasBackEnds, type Kind } from './firewall-host.ts';

const web = `
  web:
    dom0: xen1
    vifs: [{ ips: [192.168.0.9, "2001:db8::9"] }]
    allow:
      - { proto: tcp, ports: [80, 443] }`;

const nothing = { changes: [], upkeep: [] };

const nativeRules = `
  nft -f /dev/stdin <<'RULES'
table inet filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname "eth7" accept
  }
}
RULES`;

describe.runIf(hasBackEnds)('firewall, and the back end that decides', () => {
  test('writes native rules where nothing else is installed', async () => {
    const bound = await firewallOf(web, ', antispoof: true');
    await using host = new FirewallHost(dash, 'native', nativeRules);

    const first = await host.make(bound);
    const ruleset = await host.say('nft list ruleset');

    expect(first.changes.map(({ kind }) => kind)).toEqual(['nft', 'write']);
    expect(ruleset).toMatch(/jump XPUSH-FWD\n\s*iifname "eth7" accept/);
    expect(await host.planOf(bound)).toMatchObject(nothing);
    await host.make(bound, 'leave');
    expect(await host.say('nft list ruleset')).not.toContain('XPUSH');
  });

  test('writes native rules where only such are there, and iptables is as well', async () => {
    const bound = await firewallOf(web);
    await using host = new FirewallHost(dash, 'nft', nativeRules);

    expect((await host.make(bound)).changes.map(({ kind }) => kind)).toEqual(['nft', 'write']);
    expect(await host.planOf(bound)).toMatchObject(nothing);
  });

  test.each(['accept', 'drop'])(
    'closes what nobody names on nftables, and opens it again (policy %s)',
    async (policy) => {
      const ruleset = nativeRules.replace('policy drop', `policy ${policy}`);
      const closing = await firewallOf(web, ', firewall: { policy: drop }');
      const open = await firewallOf(web);
      await using host = new FirewallHost(dash, 'native', ruleset);
      const before = await host.say('nft list ruleset');

      await host.make(closing);
      const closed = await host.say('nft list ruleset');
      expect(await host.planOf(closing)).toMatchObject(nothing);
      await host.make(open);
      expect(await host.planOf(open)).toMatchObject(nothing);
      await host.make(open, 'leave');

      expect(closed).toMatch(
        policy === 'drop' ? /policy drop;/ : /^\t\t(?:meta .*)?drop comment "xpush"$/m,
      );
      expect(await host.say('nft list ruleset')).toBe(before);
    },
  );

  test.each<[Kind, string]>([
    ['nft', 'legacy'],
    ['legacy', 'nft'],
  ])('refuses on iptables-%s beside rules of iptables-%s', async (kind, other) => {
    const bound = await firewallOf(web);
    await using host = new FirewallHost(dash, kind, `iptables-${other} -A INPUT -i lo -j ACCEPT`);

    expect(await host.planOf(bound)).toMatchObject({
      refusal: `iptables-${other} holds 1 rule beside iptables-${kind}: a packet must pass both`,
      hint: expect.stringContaining(`iptables-${other} -F`),
    });
  });

  test('refuses on iptables beside native rules that drop the rest', async () => {
    const bound = await firewallOf(web, ', firewall: { backend: iptables }');
    await using host = new FirewallHost(dash, 'nft', nativeRules);

    expect(await host.planOf(bound)).toMatchObject({
      refusal:
        'the nftables chain inet filter forward drops what it does not accept itself, whatever iptables accepts',
    });
  });

  test('refuses on iptables with native rules in iptables’ own table', async () => {
    const bound = await firewallOf(web, ', firewall: { backend: iptables }');
    const inside = `
      nft add table ip filter
      nft 'add chain ip filter forward { type filter hook forward priority 0; policy accept; }'`;
    await using host = new FirewallHost(dash, 'nft', inside);

    expect(await host.say('iptables-save; echo $?')).toMatch(/incompatible.*\n0\n$/s);
    expect(await host.planOf(bound)).toMatchObject({
      refusal: "the filter table holds native nft rules that iptables can't show",
      hint: expect.stringContaining('move them'),
    });
  });

  test('refuses on nftables beside rules of iptables that may drop', async () => {
    const bound = await firewallOf(web, ', firewall: { backend: nftables }');

    for (const kind of ['nft', 'legacy'] as const) {
      await using host = new FirewallHost(dash, kind, 'iptables -A FORWARD -s 10.0.0.0/8 -j DROP');
      expect(await host.planOf(bound)).toHaveProperty('refusal');
    }
  });

  test.each(['nft', 'legacy'] as const)(
    'moves from iptables (%s) to nftables and back, and leaves nothing behind',
    async (kind) => {
      const there = await firewallOf(web, ', antispoof: true, firewall: { backend: nftables }');
      const back = await firewallOf(web, ', antispoof: true, firewall: { backend: iptables }');
      await using host = new FirewallHost(dash, kind);
      await host.make(back);
      const before = await host.rules();

      await host.make(there);
      const native = await host.say('nft list ruleset');
      expect(await host.planOf(there)).toMatchObject(nothing);
      expect(
        await host.say(`iptables-save; ip6tables-save; cat /etc/network/if-pre-up.d/*`),
      ).not.toMatch(/^-A.*XPUSH/m);
      await host.make(back);

      expect(native).toContain('XPUSH-FWD');
      expect(await host.rules()).toBe(before);
      expect(await host.say('nft list tables')).not.toContain('table inet');
      expect(await host.planOf(back)).toMatchObject(nothing);
    },
  );
});

describe.runIf(hasBackEnds)('firewall, and what loads it at boot', () => {
  test('follows the host from way to way, and leaves none of the former', async () => {
    const bound = await firewallOf(web);
    await using host = new FirewallHost(dash, 'nft', 'mkdir -p /etc/systemd/system');
    const files = async (): Promise<readonly string[]> =>
      (await host.say('find /etc /usr/share/netfilter-persistent -name "*xpush*" | sort'))
        .split('\n')
        .filter((line) => line.startsWith('/'));

    await host.make(bound);
    const rules = await host.rules();
    expect(await files()).toEqual(['/etc/network/if-pre-up.d/xpush-firewall']);

    await host.say('mkdir -p /run/systemd/system');
    await host.make(bound);
    expect(await files()).toEqual([
      '/etc/systemd/system/multi-user.target.d/xpush-firewall.conf',
      '/etc/systemd/system/xpush-firewall.service',
      '/etc/xpush-firewall',
    ]);
    expect(await host.planOf(bound)).toMatchObject(nothing);

    await host.say(`rm -r /run/systemd /etc/network/if-pre-up.d
      mkdir -p /etc/local.d /etc/runlevels/default; touch /etc/runlevels/default/local`);
    await host.make(bound);
    expect(await files()).toEqual(['/etc/local.d/xpush-firewall.start']);
    expect(await host.rules()).toBe(rules);
    expect(await host.planOf(bound)).toMatchObject(nothing);
  });

  test('keeps a file of that name that xpush did not write', async () => {
    const bound = await firewallOf(web);
    const theirs = 'mkdir /etc/local.d; echo "echo mine" >/etc/local.d/xpush-firewall.start';
    await using host = new FirewallHost(dash, 'nft', theirs);

    await host.make(bound);
    await host.make(bound, 'leave');

    expect(await host.say('cat /etc/local.d/*')).toBe('echo mine\n');
  });
});
