import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SwapChains } from '../../src/host/change.ts';
import { type ChainsState, query } from '../../src/host/query.ts';
import { chainsAfter } from '../../src/host/state.ts';
import { runs } from '../runs.ts';
import {
  busybox,
  dash,
  describeShells,
  isRoot,
  RunningShell,
  type Shell,
  temporaryDirectory,
  unshared,
} from './shells.ts';

const backEnds = ['nft', 'legacy'].filter((kind) => existsSync(`/usr/sbin/iptables-${kind}-save`));
if (!isRoot || backEnds.length < 2) {
  process.stderr.write(`skipped: iptables (root: ${isRoot}, back ends: ${backEnds.join()})\n`);
}

/** The shell with one back end of iptables in place of both, in a network of its own. */
function withBackEnd(shell: Shell, kind: string, script = ''): RunningShell {
  const tools = temporaryDirectory();
  for (const tool of ['iptables', 'ip6tables']) {
    for (const suffix of ['', '-save', '-restore']) {
      symlinkSync(`/usr/sbin/${tool}-${kind}${suffix}`, join(tools, `${tool}${suffix}`));
    }
  }
  return new RunningShell(
    { ...shell, path: `${tools}:${shell.path}` },
    { wrapper: unshared('-nm', `PATH=${tools}:$PATH\n${script}`) },
  );
}

const ours = ['XPUSH-FORWARD', 'XPUSH-GUEST', 'XPUSH-KEEP'];
const asked = query.chains(4, 'FORWARD', ...ours);

/** What a firewall of somebody else looks like. */
const foreign = `
  iptables -N DOCKER
  iptables -A DOCKER -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT
  iptables -A FORWARD -j DOCKER
  iptables -A INPUT -i lo -j ACCEPT
  iptables -t nat -N FORWARD-ME
  iptables -t nat -A OUTPUT -p tcp --dport 81 -j REDIRECT --to-ports 80
  iptables -t mangle -P FORWARD DROP
  iptables -t mangle -A FORWARD -j ACCEPT`;

const swap = (before: ChainsState, change: Partial<SwapChains> = {}): SwapChains => ({
  ...{ kind: 'chains', effect: 'live', family: 4, before },
  ...{ chains: new Map(), removed: [], jumps: [], policies: new Map() },
  ...change,
});

const textOf = ({ chains, policies }: ChainsState) => ({ chains, policies });

/** All that iptables-save prints but for our chains, counters and comments. */
async function foreignRules(running: RunningShell): Promise<string[]> {
  const { body } = await running.call('iptables-save');
  return body
    .split('\n')
    .filter((line) => !/^#|XPUSH/.test(line))
    .map((line) => line.replace(/ \[\d+:\d+\]$/, ''));
}

const rule = fc
  .tuple(
    fc.constantFrom('', '-s 10.0.0.1/32 ', '! -s 10.0.0.0/24 ', '-s 10.0.0.1/32 -d 10.1.0.0/16 '),
    fc.constantFrom('', '-i eth0 ', '-i vif+ -o eth0 '),
    fc.constantFrom(
      '',
      '-p udp ',
      '-p tcp -m tcp --dport 80 ',
      '-p tcp -m tcp --sport 1024:65535 ',
      '-p tcp -m multiport --dports 80,443,1000:2000 ',
      '-m conntrack --ctstate RELATED,ESTABLISHED ',
      '-m comment --comment "say \\"hi\\" $(x) `y` \\\\ \\\'z\\\'" ',
      '-m comment --comment "grün" ',
    ),
    fc.constantFrom('-j ACCEPT', '-j DROP', '-j RETURN', '-j XPUSH-GUEST', ''),
  )
  .map((parts) => parts.join('').trimEnd());
const rulesOf = (jumps: boolean) =>
  fc.array(
    rule.filter((text) => jumps || !text.includes('XPUSH')),
    { maxLength: 6 },
  );

const plan = fc.record({
  forward: fc.option(rulesOf(true)),
  guest: rulesOf(false),
  keep: fc.option(rulesOf(false)),
  policy: fc.constantFrom(null, 'ACCEPT', 'DROP'),
  jumps: fc.boolean(),
});

describe.runIf(isRoot && backEnds.length === 2).each(backEnds)('iptables (%s)', (kind) => {
  describeShells('xp_swap_chains', (shell) => {
    test('leaves the chains as they were predicted, and the others alone', async () => {
      await using running = withBackEnd(shell, kind, foreign);
      const others = await foreignRules(running);
      await fc.assert(
        fc.asyncProperty(plan, async ({ forward, guest, keep, policy, jumps }) => {
          const before = await running.look(asked);
          const hasForward = forward !== null || before.chains.has('XPUSH-FORWARD');
          const change = swap(before, {
            chains: new Map([
              ['XPUSH-GUEST', guest],
              ...(forward === null ? [] : ([['XPUSH-FORWARD', forward]] as const)),
              ...(keep === null ? [] : ([['XPUSH-KEEP', keep]] as const)),
            ]),
            removed: keep === null && before.chains.has('XPUSH-KEEP') ? ['XPUSH-KEEP'] : [],
            jumps: jumps && hasForward ? [{ from: 'FORWARD', to: 'XPUSH-FORWARD' }] : [],
            policies: new Map(policy === null ? [] : [['FORWARD', policy]]),
          });

          const results = await running.act(change);

          expect(results).toEqual([{ status: 0, body: '' }]);
          expect(textOf(await running.look(asked))).toEqual(textOf(chainsAfter(change, before)));
        }),
        { numRuns: runs(8) },
      );

      const back = swap(await running.look(asked), { policies: new Map([['FORWARD', 'ACCEPT']]) });
      await running.act(back);
      expect(await foreignRules(running)).toEqual(others);
    });

    test('makes a jump the first rule, once', async () => {
      await using running = withBackEnd(
        shell,
        kind,
        `${foreign}
         iptables -N XPUSH-FORWARD
         iptables -I FORWARD 1 -j XPUSH-FORWARD
         iptables -A FORWARD -j XPUSH-FORWARD
         iptables -I FORWARD 1 -s 10.9.9.9 -j DROP`,
      );
      const jumps = [{ from: 'FORWARD', to: 'XPUSH-FORWARD' }];

      await running.act(swap(await running.look(asked), { jumps }));

      expect((await running.look(asked)).chains.get('FORWARD')).toEqual([
        '-j XPUSH-FORWARD',
        '-s 10.9.9.9/32 -j DROP',
        '-j DOCKER',
      ]);
    });

    test('removes a chain of ours with the jumps to it', async () => {
      await using running = withBackEnd(
        shell,
        kind,
        `${foreign}
         iptables -N XPUSH-FORWARD; iptables -N XPUSH-GUEST
         iptables -A XPUSH-FORWARD -j XPUSH-GUEST
         iptables -I FORWARD 1 -j XPUSH-FORWARD`,
      );
      const before = await running.look(asked);
      const change = swap(before, { removed: ['XPUSH-GUEST', 'XPUSH-FORWARD'] });

      expect(await running.act(change)).toEqual([{ status: 0, body: '' }]);

      const after = await running.look(asked);
      expect(textOf(after)).toEqual(textOf(chainsAfter(change, before)));
      expect([...after.chains]).toEqual([['FORWARD', ['-j DOCKER']]]);
    });

    test('refuses chains that have moved', async () => {
      await using running = withBackEnd(shell, kind, foreign);
      const change = swap(await running.look(asked), { chains: new Map([['XPUSH-GUEST', []]]) });
      await running.call('iptables -A FORWARD -s 10.0.0.7 -j DROP');

      expect(await running.act(change)).toMatchObject([{ status: 75 }]);
      expect((await running.look(asked)).chains.has('XPUSH-GUEST')).toBe(false);
    });

    test('of chains that move while they are swapped says so, and of others what failed', async () => {
      await using running = withBackEnd(shell, kind, foreign);
      const change = swap(await running.look(asked), { chains: new Map([['XPUSH-GUEST', []]]) });
      const tools = temporaryDirectory();
      const failAfter = (command: string) => {
        const text = `#!/bin/sh
          case " $* " in *' --help '*) echo --wait; exit ;; esac
          ${command}
          echo 'line 3 failed' >&2
          exit 1`;
        writeFileSync(join(tools, 'iptables-restore'), text, { mode: 0o755 });
      };
      running.send(`PATH=${tools}:$PATH\n`);

      failAfter('iptables -A FORWARD -s 10.0.0.7 -j DROP');
      const [lost] = await running.act(change);
      failAfter(':');
      const [failed] = await running.act(
        swap(await running.look(asked), { chains: new Map([['XPUSH-GUEST', []]]) }),
      );

      expect(lost).toMatchObject({ status: 75, body: expect.stringMatching(/expected .*found/) });
      expect(failed).toMatchObject({ status: 1, body: 'line 3 failed\n' });
    });

    test('is not kept by counters, or by what others do elsewhere', async () => {
      await using running = withBackEnd(shell, kind, `${foreign}\nip link set lo up`);
      const change = swap(await running.look(asked), { chains: new Map([['XPUSH-GUEST', []]]) });
      await running.call('iptables -A DOCKER -s 10.0.0.7 -j DROP; ping -c 1 -W 1 127.0.0.1; :');

      expect(await running.act(change)).toMatchObject([{ status: 0 }]);
    });

    test.each([4, 6] as const)('changes the raw table beside the other (IPv%i)', async (family) => {
      await using running = withBackEnd(
        shell,
        kind,
        `${foreign}
         iptables -t raw -A PREROUTING -i eth7 -j ACCEPT
         iptables -t raw -N OTHERS`,
      );
      const names = ['FORWARD', 'XPUSH-A', 'raw/PREROUTING', 'raw/XPUSH-A', 'raw/XPUSH-B'];
      const both = query.chains(family, ...names);
      const before = await running.look(both);
      const change = swap(before, {
        family,
        chains: new Map([
          ['XPUSH-A', ['-j ACCEPT']],
          ['raw/XPUSH-A', ['-i eth0 -j DROP']],
          ['raw/XPUSH-B', ['-i eth1 -j RETURN']],
        ]),
        jumps: [
          { from: 'FORWARD', to: 'XPUSH-A' },
          { from: 'raw/PREROUTING', to: 'raw/XPUSH-A' },
        ],
      });
      expect(await running.act(change)).toEqual([{ status: 0, body: '' }]);
      const after = await running.look(both);
      expect(textOf(after)).toEqual(textOf(chainsAfter(change, before)));
      expect(after.chains.get('raw/PREROUTING')?.[0]).toBe('-j XPUSH-A');

      const removal = swap(after, {
        family,
        removed: ['XPUSH-A', 'raw/XPUSH-A', 'raw/XPUSH-B'],
      });
      expect(await running.act(removal)).toEqual([{ status: 0, body: '' }]);
      expect(textOf(await running.look(both))).toEqual(textOf(before));
    });

    test('changes all or nothing', async () => {
      await using running = withBackEnd(shell, kind, foreign);
      const before = await running.look(asked);
      const change = swap(before, {
        chains: new Map([
          ['XPUSH-GUEST', ['-j ACCEPT']],
          ['XPUSH-FORWARD', ['-j NO-SUCH-CHAIN']],
        ]),
        policies: new Map([['FORWARD', 'DROP']]),
      });

      const [result] = await running.act(change);

      expect(result?.status).not.toBe(0);
      expect(result?.status).not.toBe(75);
      expect(result?.body).toMatch(/iptables.*restore.*line/s);
      expect(await running.look(asked)).toEqual(before);
    });
  });

  test.each([dash, busybox])('looking leaves an empty firewall as it is ($name)', async (shell) => {
    await using running = withBackEnd(shell, kind);
    const tables = 'cat /proc/net/ip_tables_names; iptables-nft-save; /usr/sbin/nft list ruleset';
    const before = await running.call(tables);

    const seen = await running.look(asked);

    expect(textOf(seen)).toEqual({
      chains: new Map([['FORWARD', []]]),
      policies: new Map([['FORWARD', 'ACCEPT']]),
    });
    expect(await running.call(tables)).toEqual(before);
    const jumps = [{ from: 'FORWARD', to: 'XPUSH-GUEST' }];
    const change = swap(seen, { jumps, chains: new Map([['XPUSH-GUEST', ['-j DROP']]]) });
    expect(await running.act(change)).toEqual([{ status: 0, body: '' }]);
    expect(textOf(await running.look(asked))).toEqual(textOf(chainsAfter(change, seen)));
  });
});

describe.runIf(isRoot && backEnds.length === 2).each(backEnds)('iptables (%s)', (kind) => {
  describeShells('query.comparedChains', (shell) => {
    const rules = ['-s 192.0.2.0/24 -m conntrack --ctstate NEW,INVALID -j ACCEPT'];
    const wanted = new Map([
      ['XPUSH-A', ['-j XPUSH-B', ...rules]],
      ['raw/XPUSH-A', ['-i eth0 -j DROP']],
    ]);
    const names = ['FORWARD', 'XPUSH-A', 'XPUSH-B', 'raw/PREROUTING', 'raw/XPUSH-A'];
    const compared = query.comparedChains(4, names, wanted);
    /** Tells of each use of unshare. */
    const counting = `
      mount -t tmpfs tmpfs /run
      printf '%s\\n' '#!/bin/sh' 'echo tried >>/run/tried' 'exec /run/unshare "$@"' >/run/wrapper
      cp /usr/bin/unshare /run/unshare; chmod 755 /run/wrapper
      mount --bind /run/wrapper /usr/bin/unshare`;
    const tried = async (running: RunningShell): Promise<number> =>
      Number((await running.call('cat /run/tried 2>/dev/null | grep -c .')).body);

    test('spells what is wanted as the host would print it', async () => {
      const other = 'iptables -N XPUSH-B; iptables -N XPUSH-A; iptables -A XPUSH-A -j DROP';
      await using running = withBackEnd(shell, kind, other);

      const seen = await running.look(compared);

      expect(seen.spelled).toEqual(
        new Map([
          [
            'XPUSH-A',
            ['-j XPUSH-B', '-s 192.0.2.0/24 -m conntrack --ctstate INVALID,NEW -j ACCEPT'],
          ],
          ['XPUSH-B', []],
          ['raw/XPUSH-A', ['-i eth0 -j DROP']],
        ]),
      );
      expect(seen.chains.get('XPUSH-A')).toEqual(['-j DROP']);
    });

    test('tries nothing where none of the chains is there, or all are word for word', async () => {
      await using running = withBackEnd(shell, kind, shell.isBusybox ? '' : counting);
      const before = await running.look(compared);
      const change = swap(before, {
        chains: new Map([...wanted, ['XPUSH-A', ['-j XPUSH-B']], ['XPUSH-B', []]]),
      });
      const same = query.comparedChains(4, names, new Map([['XPUSH-A', ['-j XPUSH-B']]]));
      await running.act(change);

      const after = await running.look(same);

      expect([before.spelled.size, after.spelled.size]).toEqual([0, 0]);
      expect(await tried(running)).toBe(0);
      expect((await running.look(compared)).spelled.size).toBe(3);
      if (!shell.isBusybox) expect(await tried(running)).toBe(1);
    });

    test('says nothing where the host cannot load it', async () => {
      const other = 'iptables -N XPUSH-A; iptables -A XPUSH-A -j DROP';
      await using running = withBackEnd(shell, kind, other);
      const broken = query.comparedChains(4, names, new Map([['XPUSH-A', ['-j NOWHERE']]]));

      expect((await running.look(broken)).spelled.size).toBe(0);
    });

    test('changes nothing in looking', async () => {
      const other = 'iptables -N XPUSH-A; iptables -A XPUSH-A -j DROP';
      await using running = withBackEnd(shell, kind, other);
      const all = async (): Promise<string> =>
        (await running.call('iptables-save | grep -v "^#"; cat /proc/net/ip_tables_names')).body;
      const before = await all();

      await running.look(compared);

      expect(await all()).toBe(before);
    });
  });
});

describe.runIf(isRoot && existsSync('/usr/sbin/nft'))('query.chains', () => {
  test.each([dash, busybox])('says that native rules cannot be shown ($name)', async (shell) => {
    const ruleset = `nft add table ip filter
      nft 'add chain ip filter forward { type filter hook forward priority 0; policy drop; }'`;
    await using running = withBackEnd(shell, 'nft', ruleset);

    expect((await running.look(asked)).problem).toBe(
      "the filter table holds native nft rules that iptables can't show",
    );
  });

  test('does not mind native rules in another table', async () => {
    const ruleset = `nft add table ip nat
      nft 'add chain ip nat PREROUTING { type nat hook prerouting priority -100; }'
      nft add rule ip nat PREROUTING ip saddr '{ 10.0.0.1, 10.0.0.2 }' tcp dport vmap '{ 22 : drop }'
      iptables -A FORWARD -j ACCEPT`;
    await using running = withBackEnd(dash, 'nft', ruleset);

    expect((await running.look(asked)).chains.get('FORWARD')).toEqual(['-j ACCEPT']);
  });
});

describeShells('query.chains', (shell) => {
  test('says that iptables is missing, or has failed', async () => {
    const tools = temporaryDirectory();
    for (const name of ['sed', 'sha256sum']) {
      symlinkSync(execFileSync('which', [name]).toString().trim(), join(tools, name));
    }
    await using running = new RunningShell({ ...shell, path: tools });
    await running.observe([]);
    running.send(`PATH=${tools}\n`);

    expect((await running.look(asked)).problem).toBe(
      'iptables is not installed (looked for iptables-save)',
    );

    writeFileSync(join(tools, 'iptables-save'), '#!/bin/sh\nexit 3\n', { mode: 0o755 });

    expect((await running.look(asked)).problem).toBe('iptables-save failed with status 3');
  });
});
