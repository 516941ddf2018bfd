import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFirewalls } from '../../src/host/facts-firewalls.ts';
import { parseLines } from '../../src/host/facts-lines.ts';
import { query } from '../../src/host/query.ts';
import { runs } from '../runs.ts';
import { hostOf } from './era.ts';
import { inNetwork } from './networks.ts';
import { dash, describeShells, hasTool, isRoot, shells, temporaryDirectory } from './shells.ts';

const isFull = isRoot && ['nft', 'iptables-nft', 'iptables-legacy'].every(hasTool);

const none = { rules: 0, forwarding: 0 };

const rulesets: readonly (readonly [string, string, object])[] = [
  ['nothing at all', '', {}],
  [
    'iptables-nft, both families',
    `iptables-nft -A FORWARD -s 10.0.0.1 -j ACCEPT
    iptables-nft -P FORWARD DROP
    iptables-nft -t nat -A POSTROUTING -o eth0 -j MASQUERADE
    ip6tables-nft -A INPUT -p tcp --dport 22 -j ACCEPT`,
    { 'iptables-nft': { rules: 3, forwarding: 2 } },
  ],
  [
    'chains of iptables-nft that nothing jumps to',
    `iptables-nft -N OURS
    iptables-nft -A OURS -j DROP
    iptables-nft -A FORWARD -j OURS`,
    { 'iptables-nft': { rules: 2, forwarding: 1 } },
  ],
  [
    'iptables-legacy',
    `iptables-legacy -A FORWARD -j LOG
    iptables-legacy -A INPUT -j ACCEPT
    iptables-legacy -t mangle -A FORWARD -j MARK --set-mark 1
    ip6tables-legacy -P FORWARD DROP`,
    { 'iptables-legacy': { rules: 3, forwarding: 2 } },
  ],
  [
    'native nftables, with sets, comments and another hook',
    `nft -f - <<'RULES'
table inet fw {
  set friends { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6 }; }
  map ports { type inet_service : verdict; elements = { 22 : accept, 80 : drop }; }
  chain input { type filter hook input priority 0; policy drop; tcp dport vmap @ports; ip saddr @friends accept; }
  chain forward { type filter hook forward priority 0; policy drop; ct state established accept; jump ours; }
  chain ours { ip saddr { 10.0.0.1, 10.0.0.7 } accept comment "type filter hook forward"; }
}
table ip nat { chain postrouting { type nat hook postrouting priority 100; masquerade; }; }
RULES`,
    { nftables: { rules: 6, forwarding: 3 } },
  ],
  [
    'a native table with a name of iptables',
    `nft 'table ip filter { chain forward { type filter hook forward priority 0; ip saddr 10.0.0.1 drop; }; }'`,
    { nftables: { rules: 1, forwarding: 1 } },
  ],
  [
    'all of them at once',
    `iptables-nft -A FORWARD -j ACCEPT
    iptables-legacy -A FORWARD -j ACCEPT
    iptables-legacy -A FORWARD -j ACCEPT
    nft add table inet t; nft 'add chain inet t c { type filter hook forward priority 5; }'
    for port in 1 2 3; do nft add rule inet t c tcp dport $port drop; done`,
    {
      'iptables-nft': { rules: 1, forwarding: 1 },
      'iptables-legacy': { rules: 2, forwarding: 2 },
      nftables: { rules: 3, forwarding: 3 },
    },
  ],
];

describe.runIf(isFull)('lookFacts', () => {
  for (const shell of shells) {
    test.each(rulesets)(`${shell.name} counts %s`, async (_name, script, expected) => {
      await using running = inNetwork(shell, script);

      const { backends } = await running.look(query.firewalls());

      expect(running.errors).toBe('');
      const counts = Object.fromEntries(
        Object.entries(backends).map(([name, { rules, forwarding }]) => [
          name,
          { rules, forwarding },
        ]),
      );
      const nothing = { 'iptables-nft': none, 'iptables-legacy': none, nftables: none };
      expect(counts).toEqual({ ...nothing, ...expected });
    });
  }

  test('looking makes no tables: neither back end has one afterwards', async () => {
    await using running = inNetwork(dash, '');
    await running.look(query.firewalls());

    const after = await running.call(
      'cat /proc/net/ip_tables_names /proc/net/ip6_tables_names; nft list ruleset',
    );

    expect(after).toEqual({ status: 0, body: '' });
  });

  test('rules of iptables-nft are counted where there is no nft', async () => {
    await using running = inNetwork(
      dash,
      `iptables-nft -A FORWARD -j ACCEPT; ip6tables-nft -P FORWARD DROP
      mount --bind /dev/null "$(command -v nft)"`,
    );

    const { backends } = await running.look(query.firewalls());

    expect(backends).toMatchObject({
      'iptables-nft': { rules: 1, forwarding: 2 },
      nftables: { isInstalled: false, rules: 0 },
    });
  });

  test('before 1.8 the one back end has no name of its own', async () => {
    const sbin = temporaryDirectory();
    copyFileSync('/usr/sbin/xtables-legacy-multi', join(sbin, 'xtables-legacy-multi'));
    for (const name of ['iptables', 'iptables-save']) {
      symlinkSync('xtables-legacy-multi', join(sbin, name));
    }
    await using running = inNetwork(
      dash,
      `iptables-legacy -A FORWARD -j ACCEPT
      mount --bind ${sbin} /usr/sbin`,
    );

    const { iptables, backends } = await running.look(query.firewalls());

    expect(iptables).toBe('iptables-legacy');
    expect(backends['iptables-legacy']).toEqual({ isInstalled: true, rules: 1, forwarding: 1 });
  });
});

const ways: readonly (readonly [string, Parameters<typeof hostOf>[1], readonly string[]])[] = [
  ['nothing', {}, []],
  ['netfilter-persistent', { tools: { 'netfilter-persistent': ':' } }, ['netfilter-persistent']],
  [
    'nftables.service that is enabled',
    { files: { '/etc/systemd/system/sysinit.target.wants/nftables.service': '' } },
    ['nftables.service'],
  ],
  [
    'hooks of ifupdown',
    { directories: ['/etc/network/if-pre-up.d'], tools: { ifup: ':' } },
    ['ifupdown'],
  ],
  ['systemd', { directories: ['/run/systemd/system'] }, ['systemd']],
];

describeShells('lookFacts', (shell) => {
  test.runIf(isRoot).each(ways)('what loads rules at boot: %s', async (_name, era, expected) => {
    await using running = hostOf(shell, era);

    const { persistence, iptables } = await running.look(query.firewalls());

    expect(persistence).toEqual(expected);
    expect(iptables).toBeNull();
  });

  test.runIf(isRoot)('which iptables it is', async () => {
    const tools = { iptables: 'echo "iptables v1.3.6"' };
    await using running = hostOf(shell, { tools });

    expect(await running.look(query.firewalls())).toMatchObject({
      iptables: 'iptables-legacy',
      backends: { 'iptables-legacy': { isInstalled: true } },
    });
  });
});

describe('parseFirewalls', () => {
  test('reads anything', () => {
    const word = fc.constantFrom('nft', 'legacy', 'has', 'iptables');
    const kind = fc.constantFrom('table', 'block', 'hook', 'rule', 'drop', '');
    const line = fc
      .tuple(word, kind, fc.string())
      .map(([name, what, rest]) => `${name}:${what} ${rest}`);
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const { backends } = parseFirewalls(parseLines(lines.join('\n')));

        for (const { rules } of Object.values(backends)) {
          expect(rules).toBeLessThanOrEqual(lines.length);
        }
      }),
      { numRuns: runs() },
    );
  });
});
