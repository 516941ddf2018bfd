import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LoadNft, SwapChains } from '../../src/host/change.ts';
import { type ChainsState, type NftState, query, queryKey } from '../../src/host/query.ts';
import { inNetwork } from './networks.ts';
import {
  dash,
  describeShells,
  hasTool,
  isRoot,
  RunningShell,
  temporaryDirectory,
  unshared,
} from './shells.ts';

const isFull = isRoot && ['nft', 'iptables-nft', 'iptables-legacy'].every(hasTool);
if (!isFull) process.stderr.write('skipped: long listings, as a tool or root is missing\n');

/** What is sent whole, and what the host cuts. */
const sizes = [
  ['short', 3],
  ['long', 700],
] as const;

/** A chain of ours beside rules of somebody else. */
const chainsOf = (count: number) => `
  { echo '*filter'; echo ':FORWARD DROP [0:0]'; echo ':XPUSH-FWD - [0:0]'
    echo '-A FORWARD -j XPUSH-FWD'; echo '-A XPUSH-FWD -s 10.0.0.1/32 -j DROP'
    i=0; while [ $i -lt ${count} ]; do
      echo "-A INPUT -s 10.1.$((i / 250)).$((i % 250))/32 -p tcp -m tcp --dport $i -j ACCEPT"
      i=$((i + 1))
    done
    echo COMMIT; } | iptables-nft-restore`;

const rulesetOf = (count: number) => `
  { echo 'table inet theirs {'
    echo 'chain XPUSH-FWD { ip saddr 10.0.0.1 drop; }'
    echo 'chain forward { type filter hook forward priority 5; policy drop; jump XPUSH-FWD; }'
    echo 'chain input {'
    i=0; while [ $i -lt ${count} ]; do
      echo "ip saddr 10.1.$((i / 250)).$((i % 250)) tcp dport $i accept comment \\"number $i of them\\""
      i=$((i + 1))
    done
    echo '}'; echo '}'; } | nft -f -`;

const names = ['FORWARD', 'XPUSH-FWD', 'raw/PREROUTING'];
const wanted = new Map([['XPUSH-FWD', ['-s 10.0.0.1 -j DROP']]]);
const raw =
  'iptables-nft -t raw -N XPUSH-FWD; iptables-nft -t raw -A XPUSH-FWD -s 10.0.0.1 -j DROP';

/** The names of iptables lead to that back end, as on a Debian since 10. */
const asNft = `
  mount -t tmpfs tmpfs /etc/alternatives
  for tool in iptables ip6tables; do
    for suffix in '' -save -restore; do
      ln -s "/usr/sbin/$tool-nft$suffix" "/etc/alternatives/$tool$suffix"
    done
  done`;

const swap = (before: ChainsState): SwapChains => ({
  ...{ kind: 'chains', effect: 'live', family: 4, before },
  ...{ chains: new Map([['XPUSH-FWD', ['-j DROP']]]), removed: [], jumps: [], policies: new Map() },
});

const load = (before: NftState): LoadNft => ({
  ...{ kind: 'nft', effect: 'live', removed: [], after: before, before },
  script: 'add rule inet theirs XPUSH-FWD accept\n',
  listed: ['XPUSH-FWD'],
});

describe.runIf(isFull)('a listing', () => {
  describeShells('of iptables', (shell) => {
    test.each(sizes)('that is %s reads the same, and an act knows it again', async (_, count) => {
      await using running = inNetwork(shell, chainsOf(count));

      const state = await running.look(query.chains(4, ...names));

      expect(state).toMatchObject({
        problem: null,
        policies: new Map([
          ['FORWARD', 'DROP'],
          ['raw/PREROUTING', 'ACCEPT'],
        ]),
      });
      expect(state.chains.get('FORWARD')).toEqual(['-j XPUSH-FWD']);
      expect(state.chains.get('XPUSH-FWD')).toEqual(['-s 10.0.0.1/32 -j DROP']);
      expect(await running.act(swap(state))).toEqual([{ status: 0, body: '' }]);
      expect(await running.act(swap(state))).toMatchObject([{ status: 75 }]);
    });

    test.each(sizes)('that is %s tells how the host spells what is wanted', async (_, count) => {
      await using running = inNetwork(shell, chainsOf(count));
      const asked = query.comparedChains(4, names, wanted);

      const { spelled } = await running.look(asked);
      await running.call(raw); // the same rule, in another table
      const besideRaw = await running.look(asked);

      expect(spelled.get('XPUSH-FWD')).toEqual(['-s 10.0.0.1/32 -j DROP']);
      expect(besideRaw.spelled.get('XPUSH-FWD')).toEqual(['-s 10.0.0.1/32 -j DROP']);
    });
  });

  describeShells('of nft', (shell) => {
    test.each(sizes)('that is %s reads the same, and an act knows it again', async (_, count) => {
      await using running = inNetwork(shell, rulesetOf(count));
      const asked = query.nft(['XPUSH-FWD']);

      const observed = await running.observe([asked, query.firewalls()]);
      const state = await running.look(asked);
      const facts = await running.look(query.firewalls());

      expect(state.problem).toBeNull();
      expect(state.bases).toMatchObject([{ chain: 'forward', policy: 'drop' }]);
      expect(state.chains).toMatchObject([{ rules: ['ip saddr 10.0.0.1 drop'] }]);
      expect([...observed.values()]).toEqual([{ answer: state }, { answer: facts }]);
      expect(facts.backends.nftables).toMatchObject({ rules: count + 2, forwarding: 2 });
      expect(await running.act(load(state))).toEqual([{ status: 0, body: '' }]);
      expect(await running.act(load(state))).toMatchObject([{ status: 75 }]);
    });
  });

  test.each([
    ['nothing', ':', []],
    ['a native table', 'nft add table inet theirs', []],
    ['a table of IPv4', 'iptables-nft -A FORWARD -j DROP', ['iptables-save']],
    ['a table of IPv6', 'ip6tables-nft -A FORWARD -j DROP', ['ip6tables-save']],
  ])('of iptables is asked for where it can have chains: %s', async (_what, script, asked) => {
    const log = join(temporaryDirectory(), 'log');
    const strace = ['/usr/bin/strace', '-f', '-qq', '-o', log, '-e', 'trace=execve'];
    const wrapper = [...unshared('-nm', `${asNft}\n${script}`), ...strace];
    await using running = new RunningShell(dash, { wrapper });
    const chains = [query.chains(4, 'FORWARD'), query.chains(6, 'FORWARD')] as const;

    const beside = await running.observe([query.nft([]), ...chains]);
    const programs = readFileSync(log, 'latin1').match(
      /(?<=\[")ip6?tables-save(?="\]\S* .* = 0$)/gm,
    );
    const alone = await running.observe(chains);

    expect(programs ?? []).toEqual(asked);
    for (const one of chains) {
      expect(beside.get(queryKey(one))).toEqual(alone.get(queryKey(one)));
    }
  });

  test('of the legacy back end counts the same, told whole or by itself', async () => {
    const legacy = asNft.replaceAll('-nft', '-legacy');
    const rules = `iptables-legacy -A FORWARD -j LOG
      iptables-legacy -t mangle -A FORWARD -j MARK --set-mark 1
      ip6tables-legacy -P FORWARD DROP`;
    await using running = inNetwork(dash, `${legacy}\n${rules}`);
    const [facts, ...chains] = [
      query.firewalls(),
      query.chains(4, 'FORWARD'),
      query.chains(6, 'FORWARD'),
    ] as const;

    const alone = await running.look(facts);
    const beside = await running.observe([...chains, facts]);

    expect(alone.backends['iptables-legacy']).toMatchObject({ rules: 2, forwarding: 2 });
    expect(beside.get(queryKey(facts))).toEqual({ answer: alone });
  });
});
