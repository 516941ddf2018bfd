import { describe, expect, test } from 'vitest';
import { type NftState, query, queryKey } from '../../src/host/query.ts';
import { inNetwork } from './networks.ts';
import { describeShells, hasTool, isRoot } from './shells.ts';

const isFull = isRoot && ['nft', 'iptables-nft', 'iptables-legacy'].every(hasTool);
if (!isFull) process.stderr.write('skipped: nft beside iptables, as a tool or root is missing\n');

/** The names of iptables lead to that back end, and xpush has been here. */
const setUp = `
  mount -t tmpfs tmpfs /etc/alternatives
  mount -t tmpfs tmpfs /var/lib
  mkdir /var/lib/xpush
  for tool in iptables ip6tables; do
    for suffix in '' -save -restore; do
      ln -s "/usr/sbin/$tool-nft$suffix" "/etc/alternatives/$tool$suffix"
    done
  done`;

const rules = `
  iptables-nft -N XPUSH-FWD; iptables-nft -A XPUSH-FWD -s 10.0.0.1 -j DROP
  iptables-nft -A FORWARD -j XPUSH-FWD; iptables-nft -A FORWARD -p icmp --icmp-type 8 -j DROP`;

const native =
  'chain forward { type filter hook forward priority 0; policy drop; ip6 hoplimit 3 drop; }';

/** What there is; whether iptables-save prints all of it. */
const hosts: readonly (readonly [string, boolean, string])[] = [
  ['rules of IPv4', true, rules],
  ['a policy, too', true, `${rules}; iptables-nft -P FORWARD DROP`],
  [
    'both families, in three tables',
    true,
    `${rules}; ip6tables-nft -P FORWARD DROP; ip6tables-nft -A FORWARD -s 2001:db8::1 -j DROP
    ip6tables-nft -A INPUT -p tcp --dport 22 -j ACCEPT
    iptables-nft -t nat -A POSTROUTING -o eth0 -j MASQUERADE
    iptables-nft -t raw -N XPUSH-SPOOF; iptables-nft -t raw -A PREROUTING -j XPUSH-SPOOF`,
  ],
  ['another table that forwards', false, `${rules}; iptables-nft -t mangle -A FORWARD -j DROP`],
  ['a native table', false, `${rules}; nft 'table inet filter { ${native}; }'`],
  ['a native table of IPv4', false, `${rules}; nft 'table ip theirs { chain XPUSH-FWD { }; }'`],
  ['a native table that has its name', false, `${rules}; nft 'table ip6 filter { ${native}; }'`],
  ['a native table of ours', false, `${rules}; nft 'table inet xpush { chain XPUSH-FWD { }; }'`],
  ['no rule but of IPv6', false, 'ip6tables-nft -A FORWARD -j DROP'],
  ['no rule', false, 'iptables-nft -P FORWARD DROP'],
  ['nothing', false, ':'],
  ['only a native table', false, `nft 'table inet filter { ${native}; }'`],
  ['no trace of xpush', false, `${rules}; rmdir /var/lib/xpush`],
  ['two back ends', false, `${rules}; ln -sf /usr/sbin/iptables-legacy /etc/alternatives/iptables`],
];

const chains = [
  query.chains(4, 'FORWARD', 'XPUSH-FWD', 'raw/PREROUTING'),
  query.chains(6, 'FORWARD', 'XPUSH-FWD'),
] as const;
const facts = query.firewalls();
const whole = query.nft(['XPUSH-FWD']);
const beside = query.nft(['XPUSH-FWD'], [], true);

const isOfIptables = ({ family, table }: { readonly family: string; readonly table: string }) =>
  /^ip6? (filter|raw)$/.test(`${family} ${table}`);

/** What a firewall goes by that iptables holds. */
const others = ({ bases, chains: listed, ...state }: NftState) => ({
  bases: bases.map((one) => (one.isOfIptables ? { ...one, rules: [] } : one)),
  chains: listed.filter((one) => !isOfIptables(one)),
  ...{ spelled: state.spelled, problem: state.problem },
});

describe.runIf(isFull)('nft beside iptables', () => {
  describeShells('is asked for chains alone', (shell) => {
    test.each(hosts)('where iptables-save prints the rest: %s', async (_what, isCheap, script) => {
      await using running = inNetwork(shell, `${setUp}\n${script}`);

      const known = await running.observe([whole, ...chains, facts]);
      const told = await running.observe([beside, ...chains, facts]);
      const state = await running.look(whole);
      const { answer } = told.get(queryKey(beside)) as { readonly answer: NftState };

      for (const one of [...chains, facts]) {
        expect(told.get(queryKey(one))).toEqual(known.get(queryKey(one)));
      }
      expect(others(answer)).toEqual(others(state));
      if (isCheap) expect(answer.bases.flatMap((one) => one.rules)).toEqual([]);
      else expect(answer).toEqual(state);
    });

    test('unless nobody asks for what iptables-save prints, or somebody for all', async () => {
      await using running = inNetwork(shell, `${setUp}\n${rules}`);

      const state = await running.look(whole);
      const alone = await running.look(beside);
      const both = await running.observe([beside, whole, ...chains]);

      expect(state.bases[0]?.rules).not.toEqual([]);
      expect(alone).toEqual(state);
      expect(both.get(queryKey(whole))).toEqual({ answer: state });
      expect(both.get(queryKey(beside))).toEqual({ answer: state });
    });
  });
});
