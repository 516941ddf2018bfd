import fc from 'fast-check';
import type { Allow, Dom0, DomU, Family, PortRange } from '../../src/inventory/model.ts';
import { guest, lan, vif, xen1 } from './fleet.ts';
import type { Packet } from './packet-model.ts';

/** Few addresses and ports, so that rules and packets meet. */
const guestAddresses = {
  4: ['192.168.0.200', '192.168.0.201', '192.168.0.202', '192.168.0.210', '192.168.0.220'],
  6: ['2001:db8::200', '2001:db8::201', '2001:db8::202', '2001:db8::210', '2001:db8::220'],
} as const;
const others = {
  4: ['198.51.100.7', '192.168.0.10', '192.168.0.8', '10.9.9.9'],
  6: ['2001:db8:f::7', '2001:db8::10', '2001:db8::8', 'fd00::9'],
} as const;
const someNetwork = fc.constantFrom(
  ...['192.168.0.0/24', '192.168.0.8/29', '192.168.0.200/32', '192.168.0.201/32', '0.0.0.0/0'],
  ...['192.168.0.200/31', '198.51.100.0/24', '198.51.100.7/32', '198.51.101.0/24'],
  ...['2001:db8::/64', '2001:db8::8/125', '2001:db8::200/128', '2001:db8::201/128', '::/0'],
  ...['2001:db8::200/127', '2001:db8:f::/48', '2001:db8:f::7/128', '2001:db8:10::/48'],
);
const someNetworks = fc.uniqueArray(someNetwork, { maxLength: 4 });

const ports = [1, 22, 53, 79, 80, 81, 443, 1023, 1024, 8080, 8081, 40_000, 65_535] as const;
const someRange: fc.Arbitrary<PortRange> = fc
  .tuple(fc.constantFrom(...ports), fc.constantFrom(0, 0, 1, 100))
  .map(([first, more]) => ({ first, last: Math.min(65_535, first + more) }));
const someRanges = fc.array(someRange, { maxLength: 4 });

const someComment = fc.option(
  fc.oneof(
    fc.constantFrom('web', 'a "quote"', '{ x; }', '# y', 'z\n\t}', 'grün', '\\', ' ', '', '$(x)'),
    fc.string({ unit: 'binary', maxLength: 200 }),
  ),
  { nil: null },
);

/** An entry as the inventory gives it. */
const someAllow: fc.Arbitrary<Allow> = fc
  .record({
    proto: fc.constantFrom('tcp', 'udp', 'icmp'),
    ports: someRanges,
    from: someNetworks,
    fromPorts: someRanges,
    direction: fc.constantFrom('in', 'out'),
    to: someNetworks,
    comment: someComment,
  })
  .map((entry) => (entry.proto === 'icmp' ? { ...entry, ports: [], fromPorts: [] } : entry));

export interface Firewall {
  readonly dom0: Dom0;
  readonly guests: readonly DomU[];
}

/** A dom0 with up to four guests of either family or both. */
export const someFirewall: fc.Arbitrary<Firewall> = fc
  .record({
    allows: fc.array(fc.option(fc.array(someAllow, { maxLength: 4 }), { nil: null }), {
      minLength: 1,
      maxLength: 4,
    }),
    families: fc.constantFrom<readonly Family[]>([4], [6], [4, 6], [4, 6]),
    vifname: fc.constantFrom(null, null, 'web.0', 'vif-a'),
    admin: fc.option(someNetworks, { nil: null }),
    rules: fc.array(someAllow, { maxLength: 2 }),
    policy: fc.constantFrom('leave', 'drop'),
    log: fc.constantFrom(null, '5/minute', '60/minute', '10/day', '10/second'),
    antispoof: fc.boolean(),
  })
  .map(({ allows, families, vifname, admin, rules, policy, log, antispoof }) => ({
    dom0: { ...xen1, antispoof, firewall: { backend: 'auto', policy, admin, rules, log } },
    guests: allows.map((allow, place) => {
      const ips = families.flatMap((family) => {
        const all = guestAddresses[family];
        // the first guest has two addresses of each family
        return place === 0 ? all.slice(0, 2) : all.slice(place + 1, place + 2);
      });
      const own = { ...vif(place, lan, ips), vifname: place === 0 ? vifname : null };
      return guest(`guest${place}`, [own], allow);
    }),
  }));

/** A packet between addresses that rules may be about. */
export function somePacket(family: Family): fc.Arbitrary<Packet> {
  const address = fc.constantFrom(...guestAddresses[family], ...others[family]);
  const port = fc.constantFrom(...ports);
  return fc.record({
    src: address,
    dst: address,
    iif: fc.constantFrom('eth0', 'vif1.0', 'vif2.0', 'web.0', 'vif-a'),
    oif: fc.constantFrom('eth0', 'vif1.0'),
    proto: fc.constantFrom('tcp', 'tcp', 'udp', 'icmp'),
    sport: port,
    dport: port,
    icmpType:
      family === 4 ? fc.constantFrom('8', '3/4', '3/1') : fc.constantFrom('128', '2', '135'),
    isAstray: fc.boolean(),
    isSyn: fc.constant(true),
    state: fc.constantFrom('NEW', 'NEW', 'NEW', 'ESTABLISHED', 'RELATED', 'INVALID'),
  });
}
