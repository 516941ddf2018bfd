import { describe, expect, test } from 'vitest';
import type { Change } from '../../src/host/change.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Dom0, DomU } from '../../src/inventory/model.ts';
import { hasTool, isRoot } from '../host/shells.ts';
import { type BackEnd, Forwarding } from './forwarding.ts';

const backEnds = (['nft', 'iptables-nft', 'iptables-legacy'] as const).filter(
  (name) => isRoot && hasTool(name) && hasTool('perl'),
);
if (backEnds.length < 3) process.stderr.write(`skipped: all but ${backEnds.join()}\n`);

/** The numbers of the truth table end to end, in both families. */
const last = {
  webserv: [200, 201, 202],
  mail: [210, 211],
  closed: [220],
  free: [221],
} as const;
const names = ['webserv', 'mail', 'closed', 'free'] as const;
/** On the same dom0, and nobody's in the inventory. */
const stray = 230;
const families = [4, 6] as const;
type Family = (typeof families)[number];

const local = (family: Family, number: number): string =>
  family === 4 ? `192.168.0.${number}` : `2001:db8::${number}`;
const far = { 4: '198.51.100.2', 6: '2001:db8:f::2' } as const;
const admin = (family: Family) => local(family, 10);
const client = (family: Family) => local(family, 50);
const both = (numbers: readonly number[]): readonly string[] =>
  numbers.flatMap((number) => families.map((family) => local(family, number)));

const vifs = (numbers: readonly number[]): string =>
  numbers.map((number) => `{ ips: [${both([number]).join(', ')}] }`).join(', ');

const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  lan6: { subnet: "2001:db8::/64", gateway: "2001:db8::1" }
dom0:
  xen1:
    address: 192.168.0.100
    uplink: eth0
    antispoof: true
    firewall:
      admin: [192.168.0.8/29, "2001:db8::10/124"]
      rules:
        - { proto: tcp, ports: [8080], to: [${both([210]).join(', ')}] }
domU:
  webserv:
    dom0: xen1
    vifs: [${vifs(last.webserv)}]
    allow:
      - { proto: tcp, ports: [80, 443], from_ports: ["1024-65535", 80, 443, 8080] }
      - { proto: tcp, ports: [8080], from: [198.51.100.0/24, "2001:db8:f::/48"], to: [${both([201]).join(', ')}] }
      - { proto: tcp, ports: [443], to: [198.51.100.0/24, "2001:db8:f::/48"], direction: out }
  mail:
    dom0: xen1
    vifs: [${vifs(last.mail)}]
    allow:
      - { proto: tcp, ports: [25] }
      - { proto: icmp }
      - { proto: tcp, ports: [443], from: [192.168.0.0/24, "2001:db8::/64"] }
      - { proto: tcp, ports: [25, 80], direction: out }
  closed:
    dom0: xen1
    vifs: [${vifs(last.closed)}]
    allow: []
  free:
    dom0: xen1
    vifs: [${vifs(last.free)}]
`;

async function fleet(): Promise<{ readonly dom0: Dom0; readonly guests: readonly DomU[] }> {
  const { hosts } = await loadInventory({ argument: '-', stdin: inventoryText });
  const all = [...hosts.values()];
  const dom0 = all.find((host) => host.kind === 'dom0');
  if (dom0?.kind !== 'dom0') throw new Error('no dom0');
  return { dom0, guests: all.flatMap((host) => (host.kind === 'domU' ? [host] : [])) };
}

interface Syn {
  readonly machine: string;
  readonly src: string;
  /** null: an ephemeral one, above 1024. */
  readonly sport: number | null;
  readonly dst: string;
  readonly dport: number;
}

const ownerOf = (address: string) =>
  names.find((name) => both(last[name]).includes(address)) ?? null;
const isFar = (address: string): boolean => Object.values(far).some((one) => one === address);
const isLocal = (address: string): boolean => !isFar(address);

/**
 * What the inventory means, in words of its own: a guest with a list may be reached, and may open,
 * what its list says; the admin network reaches port 22 of those; all else that such a guest is an
 * end of is closed; addresses without a list are not filtered.
 */
function mayPass({ src, sport, dst, dport }: Syn): boolean {
  const isListed = ['webserv', 'mail', 'closed'].includes(ownerOf(dst) ?? '');
  if (dport === 22 && families.some((family) => src === admin(family)) && isListed) return true;
  const maySend = (): boolean => {
    switch (ownerOf(src)) {
      case 'webserv':
        return dport === 443 && isFar(dst);
      case 'mail':
        return dport === 25 || dport === 80;
      case 'closed':
        return false;
      default:
        return true;
    }
  };
  const mayReceive = (): boolean => {
    const hasSourcePort = sport === null || sport >= 1024 || sport === 80 || sport === 443;
    switch (ownerOf(dst)) {
      case 'webserv':
        if (dport === 8080) return isFar(src) && both([201]).includes(dst);
        return hasSourcePort && (dport === 80 || dport === 443);
      case 'mail':
        if (dport === 8080) return both([210]).includes(dst);
        return dport === 25 || (dport === 443 && isLocal(src));
      case 'closed':
        return false;
      default:
        return true;
    }
  };
  return maySend() && mayReceive();
}

const ports = [25, 80, 443, 8080, 22];
const numbers = [...names.flatMap((name) => [...last[name]]), stray];

/** From everywhere to every guest, with source ports on both sides of every limit; from every guest. */
function synsOf(family: Family): readonly Syn[] {
  const outside = [client(family), far[family], admin(family)];
  const machineOf = (number: number) => ownerOf(local(family, number)) ?? 'stray';
  const inward = outside.flatMap((src) =>
    numbers.flatMap((number) =>
      ports.flatMap((dport) =>
        (number === 200 ? [null, 79, 80, 443, 1023, 1024, 8080] : [null]).map((sport) => ({
          ...{ machine: 'outside', src, sport, dst: local(family, number), dport },
        })),
      ),
    ),
  );
  const outward = numbers.flatMap((number) =>
    [...ports, 5000].flatMap((dport) =>
      [client(family), far[family]].map((dst) => ({
        ...{ machine: machineOf(number), src: local(family, number), sport: null, dst, dport },
      })),
    ),
  );
  const across = numbers.flatMap((from) =>
    numbers
      .filter((to) => machineOf(from) !== machineOf(to))
      .flatMap((to) =>
        [25, 80, 443].map((dport) => ({
          ...{ machine: machineOf(from), src: local(family, from), sport: null },
          ...{ dst: local(family, to), dport },
        })),
      ),
  );
  return [...inward, ...outward, ...across];
}

function start(backEnd: BackEnd): Forwarding {
  const guests = Object.fromEntries(names.map((name) => [name, both(last[name])]));
  const outside = families.flatMap((family) => [client(family), far[family], admin(family)]);
  return new Forwarding(backEnd, outside, { ...guests, stray: both([stray]) });
}

/** A line for each connection, the machines at once. */
async function outcomes(
  forwarding: Forwarding,
  syns: readonly Syn[],
  patienceMs = 900,
): Promise<readonly string[]> {
  const machines = [...new Set(syns.map(({ machine }) => machine))];
  const lines = await Promise.all(
    machines.map(async (machine) => {
      const own = syns.filter((syn) => syn.machine === machine);
      const results = await forwarding.probe(
        machine,
        own.map((syn) => ({
          ...{ from: syn.src, to: syn.dst, port: syn.dport },
          ...(syn.sport === null ? {} : { fromPort: syn.sport }),
          // what may pass gets time on a busy machine; what is dropped needs none
          timeoutMs: mayPass(syn) ? 10_000 : patienceMs,
        })),
      );
      return own.map((syn, place) => line(syn, results[place]?.status ?? 'lost'));
    }),
  );
  return lines.flat().sort();
}

const line = ({ src, sport, dst, dport }: Syn, status: string): string =>
  `${src}:${sport ?? '*'} > ${dst}:${dport} ${status}`;

const expected = (syns: readonly Syn[]): readonly string[] =>
  syns.map((syn) => line(syn, mayPass(syn) ? 'open' : 'timeout')).sort();

describe.each(backEnds)('the rules of %s, on real packets', (backEnd) => {
  test('decide on SYNs of both families as the inventory says', async () => {
    const { dom0, guests } = await fleet();
    await using forwarding = start(backEnd);
    await forwarding.listen([...ports, 5000]);

    const { changes } = await forwarding.push(dom0, guests);

    expect(changes.length).toBeGreaterThan(0);
    for (const family of families) {
      const syns = synsOf(family);
      const wanted = expected(syns);
      expect(wanted.length).toBeGreaterThan(400);
      expect(wanted.filter((one) => one.endsWith(' open')).length).toBeGreaterThan(100);
      expect(await outcomes(forwarding, syns)).toEqual(wanted);
    }
    expect((await forwarding.plan(dom0, guests)).changes).toEqual([]);

    // it was they that closed: without them all is open
    await forwarding.clear(dom0, guests);
    const shut = families.flatMap(synsOf).filter((syn) => !mayPass(syn));
    const seen = await outcomes(forwarding, shut, 10_000);
    expect(seen.filter((one) => !one.endsWith(' open'))).toEqual([]);
  });

  test('let ICMP through to the guest that allows it, and answers', async () => {
    const { dom0, guests } = await fleet();
    await using forwarding = start(backEnd);
    await forwarding.push(dom0, guests);
    // all at once: what is dropped is waited for
    const reached = (machine: string, pairs: readonly (readonly [string, string])[]) => {
      const pings = pairs.map(
        ([from, to]) =>
          `(busybox ping -q -c 1 -W 1 -I ${from} ${to} >/dev/null && echo '${from} ${to}') &`,
      );
      const { namespace } = forwarding.machine(machine);
      const answered = namespace.run(`${pings.join('\n')}\nwait`).split('\n');
      return pairs.map(([from, to]) => answered.includes(`${from} ${to}`));
    };

    for (const family of families) {
      const address = (number: number) => local(family, number);
      expect({
        in: reached(
          'outside',
          [200, 210, 220, 221].map((to) => [client(family), address(to)] as const),
        ),
        out: reached('mail', [[address(210), client(family)]]),
        across: reached('free', [[address(221), address(211)]]),
      }).toEqual({ in: [false, true, false, true], out: [false], across: [true] });
    }
  });

  test('drop senders that are not behind the vif that they come by', async () => {
    const { dom0, guests } = await fleet();
    await using forwarding = start(backEnd);
    const outside = forwarding.machine('outside').namespace;
    const free = forwarding.machine('free').namespace;
    // nobody filters the stray's address, so that only its way tells
    const forged = families.map((family) => local(family, stray));
    free.run(
      `ip addr add ${forged[0]}/32 dev lo; ip addr add ${forged[1]}/128 dev lo nodad
       ip addr add 10.66.0.1/32 dev lo`,
    );
    outside.run(`nft -f - <<'NFT'
      table inet count {
        chain input {
          type filter hook prerouting priority 0;
          tcp dport 5001 ip saddr { ${forged[0]}, 10.66.0.1 } counter
          tcp dport 5001 ip6 saddr ${forged[1]} counter
        }
      }
NFT`);
    const arrived = async (): Promise<number> => {
      await forwarding.probe('free', [
        { from: forged[0] ?? '', to: client(4), port: 5001, timeoutMs: 100 },
        { from: forged[1] ?? '', to: client(6), port: 5001, timeoutMs: 100 },
        { from: '10.66.0.1', to: client(4), port: 5001, timeoutMs: 100 },
      ]);
      const listing = outside.run(
        'nft list table inet count; nft reset rules >/dev/null 2>&1 || :',
      );
      return [...listing.matchAll(/packets (\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
    };

    const before = await arrived();
    await forwarding.push(dom0, guests);

    expect(before).toBeGreaterThanOrEqual(3);
    expect(await arrived()).toBe(before);
    await forwarding.clear(dom0, guests);
    expect(await arrived()).toBeGreaterThan(before);
  });

  test('are swapped a hundred times under load without one failed connection', async () => {
    const { dom0, guests } = await fleet();
    await using forwarding = start(backEnd);
    await forwarding.listen([80]);
    const other = { ...dom0, firewall: { ...dom0.firewall, log: '5/minute' } };
    await forwarding.push(dom0, guests);
    const there = await forwarding.push(other, guests);
    const back = await forwarding.push(dom0, guests);
    let isOver = false;

    const load = (async () => {
      const seen: { readonly status: string; readonly ms: number }[] = [];
      while (!isOver) {
        const requests = Array.from({ length: 8 }, () => both(last.webserv))
          .flat()
          .map((to) => ({
            ...{ to, port: 80, from: to.includes(':') ? client(6) : client(4) },
            // a SYN that was dropped is sent again after a second
            timeoutMs: 900,
          }));
        seen.push(...(await forwarding.probe('outside', requests)));
      }
      return seen;
    })();
    for (let round = 0; round < 50; round += 1) {
      await forwarding.act(there.changes.map(unconditional));
      await forwarding.act(back.changes.map(unconditional));
    }
    isOver = true;
    const seen = await load;

    expect(there.changes.length * back.changes.length).toBeGreaterThan(0);
    expect(seen.length).toBeGreaterThan(1000);
    expect(seen.filter(({ status }) => status !== 'open')).toEqual([]);
    expect((await forwarding.plan(dom0, guests)).changes).toEqual([]);
  });
});

/** The change without what it was planned from, so that it can be made again and again. */
function unconditional(change: Change): Change {
  if (change.kind === 'nft') {
    return { ...change, before: { ...change.before, fingerprint: null } };
  }
  if (change.kind === 'chains') {
    return { ...change, before: { ...change.before, fingerprint: null } };
  }
  throw new Error(`no swap: ${change.kind}`);
}
