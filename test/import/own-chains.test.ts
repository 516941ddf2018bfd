import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChainsState } from '../../src/host/query.ts';
import { describeFleet, findGuests } from '../../src/import/describe-fleet.ts';
import type { Dom0Seen } from '../../src/import/dom0.ts';
import { type Draft, noFirewall } from '../../src/import/draft.ts';
import { type Loaded, loadDraft } from '../../src/import/load-draft.ts';
import { readOwnChains } from '../../src/import/own-chains.ts';
import { proveFirewalls } from '../../src/import/prove-firewall.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { DomU, Inventory } from '../../src/inventory/model.ts';
import { iptablesFirewall } from '../../src/xen/firewall.ts';
import { firewallModels } from '../../src/xen/firewall-model.ts';
import { runs } from '../runs.ts';
import { bareDom0, chainsOf, domainFile } from './seen.ts';

const guestsOf = ({ hosts }: Inventory): readonly DomU[] =>
  [...hosts.values()].flatMap((host) => (host.kind === 'domU' ? [host] : []));

/** The chains that the inventory gives its dom0. */
function compiled(inventory: Inventory): { 4: ChainsState | null; 6: ChainsState | null } {
  const dom0 = inventory.hosts.get('xen1');
  if (dom0?.kind !== 'dom0') throw new Error('no dom0');
  const chains: { 4: ChainsState | null; 6: ChainsState | null } = { 4: null, 6: null };
  for (const model of firewallModels(dom0, guestsOf(inventory))) {
    chains[model.family] = chainsOf({
      FORWARD: ['-j XPUSH-FWD'],
      ...Object.fromEntries(iptablesFirewall(model).chains),
    });
  }
  return chains;
}

/** What import makes of a dom0 with these chains, when it knows the guests. */
async function importFirewall(inventory: Inventory): Promise<{ loaded: Loaded; seen: Dom0Seen }> {
  const seen = { ...bareDom0, chains: compiled(inventory) };
  const dom0 = inventory.hosts.get('xen1');
  const filtered = guestsOf(inventory).map(({ name, vifs }) => ({
    name,
    ips: vifs.flatMap(({ ips }) => ips),
  }));
  const isDropping = dom0?.kind === 'dom0' && dom0.firewall.policy === 'drop';
  const read = readOwnChains(seen.chains, filtered, isDropping);
  if (read === null) throw new Error('not ours');
  const draft: Draft = {
    networks: [...inventory.networks.values()].map((network) => ({ ...network, remarks: [] })),
    dom0s: [
      {
        ...{ name: 'xen1', address: null, uplink: 'eth0', version: null, toolstack: null },
        ...{ firewall: read.firewall, remarks: [] },
      },
    ],
    domUs: guestsOf(inventory).map(({ name, vifs }) => ({
      ...{ name, dom0: 'xen1', address: null, isBehindDom0: false, config: null },
      vifs: vifs.map((vif) => ({
        ...vif,
        iface: null,
        table: null,
        gatewaydev: null,
        script: null,
      })),
      allow: read.allow.get(name) ?? null,
      ...{ names: null, networkConfig: null, remarks: [] },
    })),
    remarks: [],
  };
  const loaded = await proveFirewalls(await loadDraft(draft), new Map([[seen, 'xen1']]));
  return { loaded, seen };
}

const fleet = (allow: string, dom0 = '{ address: 192.168.0.100 }') => `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  lan6: { subnet: "2001:db8::/64" }
dom0: { xen1: ${dom0} }
domU:
  a:
    dom0: xen1
    vifs: [ { ips: [192.168.0.200, 192.168.0.201, "2001:db8::a"] }, { ip: 192.168.0.202 } ]
    allow: ${allow}
  b: { dom0: xen1, vifs: [ { ip: 192.168.0.210 } ], allow: [ { proto: tcp, ports: 25 } ] }
  c: { dom0: xen1, vifs: [ { ip: 192.168.0.220 } ] }
`;

const load = (text: string) => loadInventory({ argument: '-', stdin: text });

const allowOf = ({ inventory }: Loaded) =>
  new Map(guestsOf(inventory).map(({ name, allow }) => [name, allow]));

describe('readOwnChains', () => {
  test.each([
    ['nothing', '[]'],
    ['ports', '[ { proto: tcp, ports: [80, 443, "8000-8100"] } ]'],
    [
      'what the document has',
      '[ { proto: tcp, ports: [80, 443], from_ports: ["1024-65535", 80] } ]',
    ],
    ['networks', '[ { proto: udp, ports: 53, from: [10.0.0.0/8, 172.16.0.1] } ]'],
    [
      'networks of both families',
      '[ { proto: tcp, ports: 22, from: [10.0.0.0/8, "2001:db8:1::/48"] } ]',
    ],
    ['one family', '[ { proto: tcp, ports: 22, from: ["2001:db8:1::/48"] } ]'],
    ['some of its addresses', '[ { proto: tcp, ports: 22, to: [192.168.0.200, 192.168.0.202] } ]'],
    ['ICMP', '[ { proto: icmp } ]'],
    [
      'what it may send',
      '[ { proto: udp, ports: 123, direction: out }, { proto: tcp, direction: out, to: 10.0.0.0/8 } ]',
    ],
    ['comments', '[ { proto: tcp, ports: 80, comment: "the \\"web\\"" } ]'],
    [
      'more ports than one rule takes',
      `[ { proto: tcp, ports: [${Array.from({ length: 20 }, (_, n) => 2 * n + 1).join(', ')}] } ]`,
    ],
  ])('gives back %s', async (_what, allow) => {
    const inventory = await load(fleet(allow));

    const { loaded, seen } = await importFirewall(inventory);

    expect(loaded.draft.dom0s[0]?.remarks).toEqual([]);
    expect(compiled(loaded.inventory)).toEqual(seen.chains);
    expect(allowOf(loaded).get('b')).toMatchObject([{ proto: 'tcp' }]);
    expect(allowOf(loaded).get('c')).toBeNull();
    expect(allowOf(loaded).get('a')).toBeInstanceOf(Array);
  });

  test.each([
    ['admin', '{ firewall: { admin: [10.0.0.0/8, "2001:db8:2::/48"] } }'],
    ['nobody as admin', '{ firewall: { admin: [] } }'],
    ['a log', '{ firewall: { log: 30/minute } }'],
    ['a policy', '{ firewall: { policy: drop } }'],
    ['anti-spoofing', '{ antispoof: true }'],
    [
      'entries for all',
      '{ firewall: { rules: [ { proto: tcp, ports: 9100, to: [192.168.0.200, 192.168.0.210] }, { proto: udp, ports: 53, direction: out, to: 10.0.0.53 } ] } }',
    ],
  ])('gives back %s of the dom0', async (_what, dom0) => {
    const inventory = await load(fleet('[ { proto: tcp, ports: 80 } ]', dom0));

    const { loaded, seen } = await importFirewall(inventory);

    expect(loaded.draft.dom0s[0]?.remarks).toEqual([]);
    expect(compiled(loaded.inventory)).toEqual(seen.chains);
    expect(allowOf(loaded).get('a')).toBeInstanceOf(Array);
  });

  test('guests are in the order of the chains, whatever their files are called', async () => {
    const inventory = await load(`
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
dom0: { xen1: { address: 192.168.0.100 } }
domU:
  open: { dom0: xen1, vifs: [ { ip: 192.168.0.220 } ] }
  web: { dom0: xen1, vifs: [ { ip: 192.168.0.200 } ], allow: [ { proto: tcp, ports: 80 } ] }
  db: { dom0: xen1, vifs: [ { ip: 192.168.0.210 } ], allow: [ { proto: tcp, ports: 5432, from: web } ] }
`);
    const files = [...guestsOf(inventory)]
      .toReversed()
      .map(({ name, vifs: [vif] }) =>
        domainFile(name, `mac=${vif?.mac}, ip=${vif?.ips[0]}, script=vif-route`),
      );
    const seen: Dom0Seen = { ...bareDom0, files, running: null, chains: compiled(inventory) };
    const names = new Map([[seen, 'xen1']]);

    const draft = await loadDraft(describeFleet(names, findGuests(names), new Map()));
    const { draft: proven } = await proveFirewalls(draft, names);

    expect(proven.domUs.map(({ name }) => name)).toEqual(['web', 'db', 'open']);
    expect(proven.dom0s[0]?.remarks).toEqual([]);
    expect(proven.domUs[0]?.allow).toMatchObject([{ ports: ['80'] }]);
  });

  test('a chain with a rule of somebody else is not read', () => {
    const chains = {
      4: chainsOf({ 'XPUSH-FWD': ['-m mac --mac-source 02::1 -j ACCEPT'] }),
      6: null,
    };

    expect(readOwnChains(chains, [], false)).toBeNull();
  });

  test('whatever the lists, what is read compiles to the same chains, or is left out', async () => {
    const port = fc.integer({ min: 1, max: 9 });
    const entry = fc.record(
      {
        proto: fc.constantFrom('tcp', 'udp'),
        ports: fc.array(port, { minLength: 1, maxLength: 3 }),
        from: fc.subarray(['10.0.0.0/8', '10.1.0.0/16', '2001:db8:1::/48'], { minLength: 1 }),
        direction: fc.constantFrom('in', 'out'),
        comment: fc.constantFrom('one', 'two words'),
      },
      { requiredKeys: ['proto'] },
    );
    let kept = 0;
    let all = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 4 }), async (entries) => {
        const own = entries.map(({ from, ...rest }) =>
          rest.direction === 'out' || from === undefined ? rest : { ...rest, from },
        );
        const inventory = await load(fleet(JSON.stringify(own)));

        const { loaded, seen } = await importFirewall(inventory);

        all += 1;
        if (loaded.draft.dom0s[0]?.firewall === noFirewall) return;
        kept += 1;
        expect(compiled(loaded.inventory)).toEqual(seen.chains);
      }),
      { numRuns: runs(100) },
    );
    expect(kept / all).toBeGreaterThan(0.9);
  });
});
