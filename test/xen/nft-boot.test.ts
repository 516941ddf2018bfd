import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firewallModels } from '../../src/xen/firewall-model.ts';
import { nftFile, nftHook } from '../../src/xen/nft-boot.ts';
import { nftFirewall } from '../../src/xen/nft-firewall.ts';
import { hasTool, isRoot, temporaryDirectory } from '../host/shells.ts';
import { runs } from '../runs.ts';
import { guest, lan, vif, webserv, xen1 } from './fleet.ts';
import { NativeHost } from './native-host.ts';
import { type Firewall, someFirewall } from './some-firewalls.ts';

const isAble = isRoot && hasTool('nft');
if (!isAble) process.stderr.write(`skipped: nft (root: ${isRoot})\n`);

const closed = `
table inet filter {
  chain input { type filter hook input priority 0; }
  chain forward { type filter hook forward priority 10; policy drop; tcp dport 9 accept; }
}
table ip late { chain forward { type filter hook forward priority 20; udp dport 9 drop; }; }`;
const open = 'table inet filter { chain forward { type filter hook forward priority 0; }; }';
const rulesets = [
  ['nothing', ''],
  ['what drops', closed],
  ['what is open', open],
] as const;

const dual: Firewall = {
  dom0: {
    ...xen1,
    antispoof: true,
    firewall: { ...xen1.firewall, policy: 'drop', log: '5/minute' },
  },
  guests: [webserv, guest('dual', [vif(0, lan, ['192.168.0.210', '2001:db8::200'])], [])],
};

/** The file and the hook for what is live on a host, and that live state without kept peers. */
async function bootOf(host: NativeHost, firewall: Firewall) {
  const native = nftFirewall(firewallModels(firewall.dom0, firewall.guests));
  const live = await host.look(native);
  const file = nftFile(native, live);
  const hook = nftHook(native, live);
  if (file === null || hook === null) throw new Error('there is no place');
  return { file, hook };
}

async function runHook(host: NativeHost, hook: string): Promise<void> {
  const path = join(temporaryDirectory(), 'hook');
  writeFileSync(path, hook, { mode: 0o755 });
  expect(await host.shell.call(`${path} 2>&1`)).toEqual({ status: 0, body: '' });
}

/** The chains of each table, in no order. */
async function chainsOf(host: NativeHost): Promise<readonly string[]> {
  const tables = (await host.ruleset()).split(/^(?=table )/m);
  return tables
    .flatMap((table) => {
      const [header = '', ...blocks] = table.trim().split(/\n+(?=\tchain |\}$)/);
      return blocks.map((block) => `${header}\n${block}`);
    })
    .sort();
}

describe.runIf(isAble)('nftFile and nftHook', () => {
  test.each(rulesets)(
    'give at boot, after what the host loads itself, what is live: %s',
    async (_, ruleset) => {
      await using live = new NativeHost();
      await using byFile = new NativeHost();
      await using byHook = new NativeHost();
      await live.nft(ruleset);
      await fc.assert(
        fc.asyncProperty(someFirewall, async (firewall) => {
          await live.push(firewall);
          const { file, hook } = await bootOf(live, firewall);

          await byFile.nft(`flush ruleset\n${ruleset}\n${file}`);
          await byHook.nft(`flush ruleset\n${ruleset}`);
          await runHook(byHook, hook);

          const wanted = await chainsOf(live);
          expect(await chainsOf(byFile)).toEqual(wanted);
          expect(await chainsOf(byHook)).toEqual(wanted);
          // and a push after the boot finds nothing to do, nor anything else to write
          expect(await byHook.plan(firewall)).toEqual({ load: null, upkeep: null });
          expect(await bootOf(byHook, firewall)).toEqual({ file, hook });
        }),
        { numRuns: runs(8), endOnFailure: true },
      );
    },
  );

  test('give into nothing at all our chains, and base chains that jump to them', async () => {
    await using live = new NativeHost();
    await live.nft(closed);
    await live.push(dual);
    const { file, hook } = await bootOf(live, dual);
    await using empty = new NativeHost();

    await empty.nft(file);
    const loaded = await empty.ruleset();

    expect(loaded).toMatch(
      /chain forward \{\n\t\ttype filter hook forward priority filter \+ 10; policy accept;\n\t\tjump XPUSH-FWD\n\t\}/,
    );
    expect(await empty.rules('inet filter XPUSH-FWD')).toEqual(
      await live.rules('inet filter XPUSH-FWD'),
    );
    await empty.nft('flush ruleset');
    await runHook(empty, hook);
    expect(await empty.ruleset()).toBe(loaded);
  });

  test('the hook leaves one jump, and one closing rule, however often it runs and whatever has come since', async () => {
    await using host = new NativeHost();
    await host.nft(open);
    await host.push(dual, '192.168.0.10');
    const { hook } = await bootOf(host, dual);
    const before = await host.ruleset();

    await runHook(host, hook);
    await runHook(host, hook);
    expect(await host.ruleset()).toBe(before);
    expect(before).toContain('ip saddr 192.168.0.10');

    await host.nft(
      'flush chain inet filter XPUSH-FWD; add rule inet filter forward jump XPUSH-FWD',
    );
    await host.nft('add rule inet filter forward tcp dport 7 accept');
    await runHook(host, hook);
    expect(await host.rules('inet filter forward')).toEqual([
      'jump XPUSH-FWD',
      'tcp dport 7 accept',
      'drop comment "xpush"',
    ]);
    expect(await host.plan(dual, '192.168.0.10')).toEqual({ load: null, upkeep: null });
  });

  test('the hook never fails, and loads all or nothing', async () => {
    await using host = new NativeHost();
    await host.nft(open);
    await host.push(dual);
    const { hook } = await bootOf(host, dual);
    await using old = new NativeHost();
    const path = join(temporaryDirectory(), 'hook');
    writeFileSync(path, hook.replace('flush chain', 'no such words'), { mode: 0o755 });

    const { status, body } = await old.shell.call(`${path} 2>&1`);

    expect(status).toBe(0);
    expect(body).toContain('syntax error');
    expect(await old.ruleset()).toBe('');
  });

  test('are not made where there is no place for our rules', async () => {
    await using host = new NativeHost();
    await host.nft(
      'table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }',
    );
    const native = nftFirewall(firewallModels(dual.dom0, dual.guests));
    const live = await host.look(native);

    expect([nftFile(native, live), nftHook(native, live)]).toEqual([null, null]);
    expect(nftFile(native, { ...live, bases: [], problem: 'no nft' })).toBeNull();
  });
});
