import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LoadNft } from '../../src/host/change.ts';
import { type NftState, query } from '../../src/host/query.ts';
import {
  bash,
  busybox,
  dash,
  hasTool,
  isRoot,
  RunningShell,
  type Shell,
  temporaryDirectory,
  unshared,
} from './shells.ts';

const isAble = isRoot && hasTool('nft');
if (!isAble) process.stderr.write(`skipped: nft (root: ${isRoot})\n`);

const ours = ['XPUSH-FWD', 'XPUSH-KEEP'];
const asked = query.nft(ours);

/** Rules of others, with what makes a listing hard to read. */
const foreign = `
table inet filter {
  set blocked { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.7.0/24 } }
  chain input { type filter hook input priority 0; policy drop; iif lo accept; }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state vmap { established : accept, related : accept, invalid : drop }
    jump { ip saddr @blocked drop; tcp dport { 1, 2, 3 } return; }
    iifname "eth0" counter packets 7 bytes 700 accept comment "a { b } jump XPUSH-FWD; \\ 'c'"
  }
}
table ip late {
  chain last { type filter hook forward priority 10; }
  chain first { type filter hook forward priority -5; policy accept; udp dport 53 drop; }
}
table ip6 filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }
table ip asleep { flags dormant; chain forward { type filter hook forward priority 0; policy drop; }; }
table bridge filter { chain forward { type filter hook forward priority 0; policy drop; }; }
table ip nat { chain postrouting { type nat hook postrouting priority 100; masquerade; }; }
`;

function withRules(shell: Shell, rules: string, more = ''): RunningShell {
  return new RunningShell(shell, {
    wrapper: unshared('-nm', `${more}\nnft -f /dev/stdin <<'RULES' || exit\n${rules}\nRULES`),
  });
}

const load = (before: NftState, script: string, more: Partial<LoadNft> = {}): LoadNft => ({
  ...{ kind: 'nft', effect: 'live', script, removed: [], listed: ours, before, after: before },
  ...more,
});

const ruleset = async (running: RunningShell) =>
  (await running.call('nft -s list ruleset')).body.trim();

describe.runIf(isAble).each([dash, busybox, bash])('query.nft ($name)', (shell) => {
  test('tells which base chains forwarded packets meet, in their order, and what they hold', async () => {
    await using running = withRules(shell, foreign);

    const { bases, chains, problem } = await running.look(asked);

    const attributes = { hook: 'forward', isOfIptables: false, isOwned: false };
    expect(problem).toBeNull();
    expect(chains).toEqual([]);
    expect(bases).toEqual([
      {
        ...{ family: 'ip', table: 'late', chain: 'first', priority: 'filter - 5' },
        ...{ ...attributes, policy: 'accept', rules: ['udp dport 53 drop'] },
      },
      {
        ...{ family: 'inet', table: 'filter', chain: 'forward', priority: 'filter' },
        ...{ ...attributes, policy: 'drop' },
        rules: [
          'ct state vmap { invalid : drop, established : accept, related : accept }',
          'jump { ip saddr @blocked drop tcp dport { 1, 2, 3 } return }',
          `iifname "eth0" counter accept comment "a { b } jump XPUSH-FWD; \\ 'c'"`,
        ],
      },
      {
        ...{ family: 'ip6', table: 'filter', chain: 'FORWARD', priority: 'filter' },
        ...{ ...attributes, policy: 'drop', isOfIptables: true, rules: [] },
      },
      {
        ...{ family: 'ip', table: 'late', chain: 'last', priority: 'filter + 10' },
        ...{ ...attributes, policy: 'accept', rules: [] },
      },
    ]);
  });

  test('finds our chains in whatever table they are, and all base chains of our own', async () => {
    await using running = withRules(
      shell,
      `table ip x { chain XPUSH-FWD { accept; }; chain XPUSH-FWD-2 { }; chain y { drop; }; }
       table inet xpush {
         chain prerouting { type filter hook prerouting priority -300; jump XPUSH-KEEP; }
         chain XPUSH-KEEP { drop; }
         chain other { }
       }`,
    );

    const { bases, chains } = await running.look(asked);

    expect(chains).toEqual([
      { family: 'ip', table: 'x', chain: 'XPUSH-FWD', rules: ['accept'] },
      { family: 'inet', table: 'xpush', chain: 'XPUSH-KEEP', rules: ['drop'] },
    ]);
    expect(bases).toMatchObject([
      { chain: 'prerouting', hook: 'prerouting', priority: 'raw', rules: ['jump XPUSH-KEEP'] },
    ]);
  });

  test('tells the host’s spelling of what is wanted, only where the live rules are spelled otherwise', async () => {
    const wanted = [
      {
        family: 'inet' as const,
        chains: new Map([
          ['XPUSH-FWD', ['tcp dport { 443, 80 } accept', 'jump XPUSH-KEEP', 'ct state new drop']],
        ]),
      },
      { family: 'ip' as const, chains: new Map([['XPUSH-FWD', ['tcp dport { 443, 80 } drop']]]) },
    ];
    const spelled = ['tcp dport { 80, 443 } accept', 'jump XPUSH-KEEP', 'ct state new drop'];
    const table = (rules: readonly string[]) => `table inet filter {
      chain XPUSH-KEEP { ip saddr 10.0.0.1 accept; }
      chain XPUSH-FWD { ${rules.join('; ')}; }
    }`;
    await using running = withRules(shell, table(['drop']));
    const before = await ruleset(running);

    const { spelled: answer, chains } = await running.look(query.nft(ours, wanted));

    expect(chains.find(({ chain }) => chain === 'XPUSH-FWD')?.rules).toEqual(['drop']);
    expect(answer).toEqual([{ family: 'inet', chains: new Map([['XPUSH-FWD', spelled]]) }]);
    expect(await ruleset(running)).toBe(before);

    await using same = withRules(shell, table(spelled));
    const inHostsWords = [{ family: 'inet' as const, chains: new Map([['XPUSH-FWD', spelled]]) }];
    expect((await same.look(query.nft(ours, inHostsWords))).spelled).toEqual([]);
  });

  test('has no spelling of what this nft does not take', async () => {
    const wanted = [
      { family: 'inet' as const, chains: new Map([['XPUSH-FWD', ['no such words accept']]]) },
    ];
    await using running = withRules(shell, 'table inet filter { chain XPUSH-FWD { drop; }; }');

    expect((await running.look(query.nft(ours, wanted))).spelled).toEqual([]);
  });
});

describe.runIf(isAble).each([dash, busybox, bash])('xp_load_nft ($name)', (shell) => {
  test('leaves what is not its own as it was, and removes a rule of ours by what it reads', async () => {
    const jumps = `
      insert rule inet filter forward jump XPUSH-FWD
      add rule inet filter forward jump XPUSH-FWD
      add rule inet filter forward tcp dport 7 jump XPUSH-FWD`;
    await using running = withRules(
      shell,
      `${foreign}\nadd chain inet filter XPUSH-FWD\n${jumps}\nadd chain inet filter XPUSH-KEEP`,
    );
    const before = await running.look(asked);
    const chain = { family: 'inet', table: 'filter', chain: 'forward' } as const;
    const change = load(before, 'flush chain inet filter XPUSH-FWD\n', {
      removed: [{ chain, rule: 'jump XPUSH-FWD' }],
    });

    expect(await running.act(change)).toEqual([{ status: 0, body: '' }]);

    const after = await running.look(asked);
    const rules = (state: NftState) =>
      state.bases.find(({ table }) => table === 'filter')?.rules ?? [];
    expect(rules(after)).toEqual(rules(before).filter((rule) => rule !== 'jump XPUSH-FWD'));
    expect(rules(after)).toHaveLength(4);
    expect(after.bases.filter(({ table }) => table !== 'filter')).toEqual(
      before.bases.filter(({ table }) => table !== 'filter'),
    );
  });

  test('refuses a ruleset that has moved, and is not kept by counts or by what others do elsewhere', async () => {
    await using running = withRules(shell, `${foreign}\nadd chain inet filter XPUSH-FWD`);
    const before = await running.look(asked);
    const change = load(before, 'add rule inet filter XPUSH-FWD drop\n');

    await running.call(
      'nft add rule inet filter forward accept; nft delete table ip nat; nft add table ip other',
    );
    expect(await running.act(change)).toMatchObject([{ status: 75 }]);
    expect((await running.look(asked)).chains[0]?.rules).toEqual([]);

    const again = load(await running.look(asked), change.script);
    await running.call(`
      nft add table ip other2
      nft add element inet filter blocked '{ 172.16.0.0/12 }'
      nft add rule inet filter input counter accept`);
    expect(await running.act(again)).toEqual([{ status: 0, body: '' }]);
    expect((await running.look(asked)).chains[0]?.rules).toEqual(['drop']);
  });

  test('changes all or nothing', async () => {
    await using running = withRules(shell, `${foreign}\nadd chain inet filter XPUSH-FWD`);
    const before = await running.look(asked);
    const script = `add rule inet filter XPUSH-FWD drop
add chain inet filter XPUSH-KEEP
add rule inet filter XPUSH-KEEP jump NO-SUCH-CHAIN
`;

    const [result] = await running.act(load(before, script));

    expect(result?.status).not.toBe(0);
    expect(result?.status).not.toBe(75);
    expect(result?.body).toContain('NO-SUCH-CHAIN');
    expect(await running.look(asked)).toEqual(before);
  });
});

describe('query.nft', () => {
  function withTools(scripts: Readonly<Record<string, string>>): RunningShell {
    const tools = temporaryDirectory();
    for (const name of ['sed', 'sha256sum']) symlinkSync(`/bin/${name}`, join(tools, name));
    for (const [name, script] of Object.entries(scripts)) {
      writeFileSync(join(tools, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
    return new RunningShell({ ...dash, path: tools });
  }

  async function problemOf(scripts: Readonly<Record<string, string>>): Promise<string | null> {
    await using running = withTools(scripts);
    await running.observe([]);
    running.send(`PATH=$XPUSH_TEST_PATH\n`);
    return (await running.look(asked)).problem;
  }

  test('says that nft is missing, has failed, or cannot be understood', async () => {
    expect(await problemOf({})).toBe("nftables is not installed (looked for 'nft')");
    expect(await problemOf({ nft: 'exit 3' })).toMatch(/failed with status 3/);
    expect(
      await problemOf({
        nft: `printf 'table ip x {\\n\\tchain forward {\\n\\t\\ttype filter hook forward priority 0;\\nx\\n\\t}\\n}\\n'`,
      }),
    ).toBe('the listing of nft makes no sense');
  });
});
