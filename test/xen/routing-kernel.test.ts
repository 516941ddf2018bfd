import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Family } from '../../src/host/query.ts';
import type { DomU } from '../../src/inventory/model.ts';
import { desiredRouting, families } from '../../src/xen/routing.ts';
import { planDeparture } from '../../src/xen/routing-departure.ts';
import { mergeOwned, nothingOwned, type OwnedRouting } from '../../src/xen/routing-memory.ts';
import { type ObservedRouting, planRouting } from '../../src/xen/routing-plan.ts';
import { runs } from '../runs.ts';
import { webserv } from './fleet.ts';
import { hasNamespaces, Namespace } from './namespace.ts';
import { guestWith, type Met, someState } from './routing-states.ts';

/** The source document's second script, with the numbers of its tables. */
const documentScript = `
  ip route del default via 192.168.0.1
  for i in 0 1 2; do
    ip route add 192.168.0.0/24 dev eth$i table 1$((6 + i))
    ip route add 192.168.0.0/24 dev eth$i src 192.168.0.20$i
    ip route add default via 192.168.0.1 table 1$((6 + i))
    ip rule add from 192.168.0.20$i table 1$((6 + i))
    ip rule add to 0.0.0.0 dev eth$i table 1$((6 + i))
    ip route del 192.168.0.0/24 dev eth$i src 192.168.0.20$i
  done
  ip route add 192.168.0.0/24 dev eth0 src 192.168.0.200
  ip route add default via 192.168.0.1
  ip route del 192.168.0.0/24 dev eth0 src 192.168.0.200
`;

interface Push {
  readonly arrival?: string;
  readonly owned?: OwnedRouting;
}

/** Pushes both families; a second push must find nothing to do. Gives what is to be remembered. */
function push(
  namespace: Namespace,
  domU: DomU,
  { arrival = '192.168.0.200', owned = nothingOwned }: Push = {},
): OwnedRouting {
  const planned = (known: OwnedRouting) =>
    families.map((family) =>
      planRouting(domU, namespace.observe(family), { family, arrival, owned: known }),
    );
  const plans = planned(owned);
  for (const [index, family] of families.entries()) {
    namespace.apply(plans[index]?.operations ?? [], family);
  }
  const after = mergeOwned(...plans.map((plan) => plan.owned)) ?? nothingOwned;
  const second = planned(after);
  expect(second.flatMap(({ operations }) => operations)).toEqual([]);
  expect(mergeOwned(...second.map((plan) => plan.owned)) ?? nothingOwned).toEqual(after);
  return after;
}

/** Rules that are neither the kernel's own nor a foreigner's. */
const ownRules = (namespace: Namespace, family: Family = 4) =>
  namespace.observe(family).rules.filter(({ table }) => table < 100);

describe.runIf(hasNamespaces)('planRouting, on a real kernel', () => {
  const macs = webserv.vifs.map((each) => each.mac);
  const addresses = [0, 1, 2]
    .map((place) => `ip addr add 192.168.0.20${place}/24 dev eth${place}`)
    .join('\n');

  test('sets up interfaces that are bare', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(macs);

    push(namespace, webserv);

    expect(ownRules(namespace)).toEqual(desiredRouting(webserv).rules);
    expect(namespace.run('ip route get 198.51.100.1 from 192.168.0.202')).toContain('dev eth2');
    expect(namespace.run('ip route get 198.51.100.1')).toContain('via 192.168.0.1 dev eth0');
  });

  test.each([1, 2])('cleans up after %i runs of the source document’s script', (times) => {
    using namespace = new Namespace();
    namespace.addInterfaces(macs);
    namespace.run(`${addresses}\nip route add default via 192.168.0.1 dev eth0`);
    namespace.run(`set +e\n${documentScript.repeat(times)}\ntrue`);
    expect(namespace.observe().rules.filter((each) => each.table === 16)).toHaveLength(2 * times);

    push(namespace, webserv);

    expect(namespace.observe().rules).toHaveLength(6);
    expect(namespace.run('ip route get 198.51.100.1 from 192.168.0.201')).toContain('dev eth1');
    expect(namespace.run('ip route get 192.168.0.7')).toContain('dev eth0 src 192.168.0.200');
  });

  test('fills tables again that a bounced link has emptied', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(macs);
    push(namespace, webserv);
    namespace.run('ip link set eth1 down; ip link set eth1 up');
    expect(namespace.observe().routes.filter((each) => each.table === 17)).toEqual([]);

    push(namespace, webserv);

    expect(namespace.run('ip route get 198.51.100.1 from 192.168.0.201')).toContain('dev eth1');
  });

  test('agrees with the kernel about which of several alike rules and routes a delete takes', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(macs);
    namespace.run(`
      ${addresses}
      ip rule add pref 1000 from all lookup 16
      ip rule add pref 1000 from 192.168.0.200 lookup 16
      ip rule add pref 1000 from 192.168.0.0/24 iif lo lookup 16
      ip rule add pref 1000 from 192.168.0.200 iif lo lookup 16
      ip route add 192.168.0.0/24 dev eth0 scope link src 192.168.0.200 table 16
      ip route append 192.168.0.0/24 dev eth0 scope link table 16
      ip route append default via 192.168.0.1 dev eth2 table 16
      ip route add 10.0.0.0/8 via 192.168.0.1 dev eth0 table 16 metric 5
      ip rule add pref 900 from 192.168.0.200 lookup 100
      ip route add default via 192.168.0.9 dev eth1 table 100
    `);

    push(namespace, webserv);

    const { rules, routes } = namespace.observe();
    expect(rules.filter((each) => each.table === 100)).toHaveLength(1);
    expect(routes.filter((each) => each.table === 100)).toHaveLength(1);
  });
});

const dual = await guestWith(`[
  { ips: [192.168.0.200, "2001:db8:1::200"] },
  { ips: [192.168.0.201, "2001:db8:1::201", "2001:db8:1::202"] },
  { script: vif-bridge, ips: [10.8.0.5, "2001:db8:8::5"] } ]`);

describe.runIf(hasNamespaces)('planRouting of IPv6, on a real kernel', () => {
  const macs = dual.vifs.map((each) => each.mac);
  const pathOf = (namespace: Namespace, from: string): string =>
    namespace.run(`ip -6 route get 2001:db8:ffff::1 from ${from}`);

  test('sends each address out by its own interface, through dom0', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(macs);

    push(namespace, dual);

    expect(ownRules(namespace, 6)).toEqual(desiredRouting(dual, 6).rules);
    for (const [from, iface] of [
      ['2001:db8:1::200', 'eth0'],
      ['2001:db8:1::201', 'eth1'],
      ['2001:db8:1::202', 'eth1'],
    ] as const) {
      expect(pathOf(namespace, from)).toContain(`via fe80::fcff:ffff:feff:ffff dev ${iface}`);
    }
    expect(namespace.run('ip -6 route get 2001:db8:ffff::1')).toContain('dev eth0');
    expect(namespace.run('ip -6 route get 2001:db8:8::9 from 2001:db8:1::201')).toContain(
      'dev eth2',
    );
  });

  test('is repaired when a bounced link has lost its addresses and its table', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(macs);
    const owned = push(namespace, dual);
    namespace.run('ip link set eth1 down; ip link set eth1 up');
    expect(namespace.observe(6).routes.filter(({ dev }) => dev === 'eth1')).toEqual([]);

    push(namespace, dual, { owned });

    expect(pathOf(namespace, '2001:db8:1::202')).toContain('dev eth1');
  });

  test('replaces several next hops that were there, and leaves a router’s advertised default', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(macs);
    namespace.run(`
      ip -6 route add default via fe80::1 dev eth0 proto ra
      ip -6 route add default table 16 nexthop via fe80::5 dev eth1 nexthop via fe80::6 dev eth2
      ip -6 route add default dev eth2 metric 7 table 16
      ip -6 route add 2001:db8:8::/64 dev eth0 table 17
      ip -6 rule add from 2001:db8:1::200 table 16 priority 1000
      ip -6 rule add from 2001:db8:1::200 table 16 priority 32000
      ip -6 rule add from 2001:db8:1::200 table 100 priority 900
    `);

    push(namespace, dual);

    expect(pathOf(namespace, '2001:db8:1::201')).toContain('dev eth1');
    expect(namespace.run('ip -6 route show default')).toMatch(
      /^default via fe80::1 dev eth0 proto ra/,
    );
    expect(namespace.run('ip -6 route show table 16').match(/default/g)).toHaveLength(1);
    expect(namespace.run('ip -6 rule show')).toContain('lookup 100');
  });
});

/** One routing state of a property, made in a namespace as far as the kernel takes it. */
function make(namespace: Namespace, { state }: Met, family: Family): void {
  const { interfaces, rules, routes } = state;
  const made: readonly string[] = [
    'ip link add tun0 type veth peer name tun1; ip link set tun0 up',
    ...(interfaces.some(({ name }) => name === 'br0')
      ? ['ip link add br0 type veth peer name br1; ip link set br0 up']
      : []),
    ...interfaces.flatMap(({ name, addresses }) =>
      addresses.map(({ ip, prefix }) => `ip addr add ${ip}/${prefix} dev ${name} || true`),
    ),
    ...routes
      .filter(({ rest }) => rest !== 'proto kernel')
      .map(({ destination, via, dev, scope, src, metric, table, rest }) =>
        [
          `ip -${family} route append ${destination}`,
          ...(via === null ? [] : [`via ${via}`]),
          `dev ${dev}`,
          ...(scope === null ? [] : [`scope ${scope}`]),
          ...(src === null ? [] : [`src ${src}`]),
          ...(metric === null ? [] : [`metric ${metric}`]),
          `table ${table} ${rest} 2>/dev/null || true`,
        ].join(' '),
      ),
    ...rules
      .filter(({ priority, table }) => priority > 0 && table !== 253)
      .map(
        ({ priority, from, to, iif, table, rest }) =>
          `ip -${family} rule add pref ${priority} from ${from} ${to === null ? '' : `to ${to}`} ${iif === null ? '' : `iif ${iif}`} ${rest} table ${table} 2>/dev/null || true`,
      ),
  ];
  namespace.run(made.join('\n'));
}

describe.runIf(hasNamespaces)('planRouting, on a sample of states of a real kernel', () => {
  const isOurs = (each: { readonly table: number }): boolean => [16, 17].includes(each.table);

  test.each(families)('of IPv%i', (family) => {
    fc.assert(
      fc.property(someState(dual, family), (met) => {
        using namespace = new Namespace();
        namespace.addInterfaces(dual.vifs.map((each) => each.mac));
        make(namespace, met, family);
        const foreign = ({ rules, routes }: ObservedRouting) => ({
          rules: rules.filter(({ table }) => table >= 100),
          routes: routes.filter(({ table }) => table === 100),
        });
        const before = foreign(namespace.observe(family));

        push(namespace, dual, { owned: met.owned, arrival: dual.vifs[0]?.ips[0] ?? '' });

        const after = namespace.observe(family);
        expect(foreign(after)).toEqual(before);
        expect(after.rules.filter(isOurs)).toEqual(desiredRouting(dual, family).rules);
      }),
      { numRuns: Math.ceil(runs() / 20) },
    );
  });
});

/** The same guest with a vif for each address, and with all on one. */
const threeVifs = await guestWith(`[
  { mac: "00:16:3e:00:00:00", ips: [192.168.0.200, "2001:db8:1::200"] },
  { mac: "00:16:3e:00:00:01", ips: [192.168.0.201, "2001:db8:1::201"] },
  { mac: "00:16:3e:00:00:02", ips: [192.168.0.202, "2001:db8:1::202"] } ]`);
const oneVif = await guestWith(`[
  { mac: "00:16:3e:00:00:00", ips: [192.168.0.200, 192.168.0.201, 192.168.0.202,
    "2001:db8:1::200", "2001:db8:1::201", "2001:db8:1::202"] } ]`);
const threeMacs = threeVifs.vifs.map(({ mac }) => mac);

const has = (namespace: Namespace, ip: string, iface: string): boolean =>
  namespace.run(`ip -o addr show dev ${iface}`).includes(` ${ip}/`);

describe.runIf(hasNamespaces)('a change of layout, on a real kernel', () => {
  test('from three vifs to one leaves IPv4 as dom0 still routes it until the guest is created anew', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(threeMacs);
    const before = push(namespace, threeVifs);
    const rulesBefore = ownRules(namespace);

    const owned = push(namespace, oneVif, { owned: before });

    expect(ownRules(namespace).filter(({ table }) => table !== 16)).toEqual(
      rulesBefore.filter(({ table }) => table !== 16),
    );
    expect(namespace.run('ip route get 198.51.100.1 from 192.168.0.201')).toContain('dev eth1');

    using created = new Namespace();
    created.addInterfaces(['00:16:3e:00:00:00']);
    expect(push(created, oneVif, { owned })).toEqual(push(created, oneVif));
    expect(ownRules(created)).toEqual([]);
    expect(created.run('ip route get 198.51.100.1 from 192.168.0.201')).toContain('dev eth0');
  });

  test('moves IPv6 at once, since dom0 has moved it: the old address goes last', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(threeMacs);
    const before = push(namespace, threeVifs);

    push(namespace, oneVif, { owned: before });

    expect(has(namespace, '2001:db8:1::202', 'eth0')).toBe(true);
    expect(has(namespace, '2001:db8:1::202', 'eth2')).toBe(false);
    expect(ownRules(namespace, 6)).toEqual([]);
    expect(namespace.observe(6).routes.filter(({ table }) => table < 100)).toEqual([]);
  });

  test('keeps the address that the session came in by, its rule and its table', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(threeMacs);
    const arrival = '2001:db8:1::202';
    const before = push(namespace, threeVifs, { arrival });

    const owned = push(namespace, oneVif, { arrival, owned: before });

    expect(has(namespace, arrival, 'eth2')).toBe(true);
    expect(namespace.run(`ip -6 route get 2001:db8:ffff::1 from ${arrival}`)).toContain('dev eth2');

    push(namespace, oneVif, { owned });
    expect(has(namespace, arrival, 'eth0')).toBe(true);
    expect(has(namespace, arrival, 'eth2')).toBe(false);
    expect(ownRules(namespace, 6)).toEqual([]);
  });

  test('from one vif to three waits for the vifs, and then needs no help', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(['00:16:3e:00:00:00']);
    const before = push(namespace, oneVif);

    const owned = push(namespace, threeVifs, { owned: before });

    expect(namespace.run('ip route get 198.51.100.1 from 192.168.0.202')).toContain('dev eth0');
    expect(has(namespace, '2001:db8:1::202', 'eth0')).toBe(true);

    using created = new Namespace();
    created.addInterfaces(threeMacs);
    push(created, threeVifs, { owned });
    expect(ownRules(created)).toEqual(desiredRouting(threeVifs).rules);
    expect(ownRules(created, 6)).toEqual(desiredRouting(threeVifs, 6).rules);
  });

  test('takes the first address of a network away without the others', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(['00:16:3e:00:00:00']);
    const before = push(namespace, oneVif);
    const two = {
      ...oneVif,
      vifs: oneVif.vifs.map((vif) => ({
        ...vif,
        ipv4: vif.ipv4 && { ...vif.ipv4, ips: ['192.168.0.201', '192.168.0.202'] as const },
      })),
    };

    push(namespace, two, { owned: before, arrival: '192.168.0.202' });

    expect(has(namespace, '192.168.0.200', 'eth0')).toBe(false);
    expect(namespace.run('ip route get 192.168.0.7')).toContain('src 192.168.0.201');
    expect(namespace.run('ip route get 198.51.100.1')).toContain('via 192.168.0.1');
  });

  test('a table that was given another number leaves nothing of the old one', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(threeMacs);
    const before = push(namespace, threeVifs);
    const renumbered = {
      ...threeVifs,
      vifs: threeVifs.vifs.map((vif) => ({
        ...vif,
        table: { ...vif.table, id: vif.table.id + 24 },
      })),
    };

    const owned = push(namespace, renumbered, { owned: before });

    expect(owned.tables).toEqual([40, 41, 42]);
    for (const family of families) {
      const { rules, routes } = namespace.observe(family);
      expect(rules.map(({ table }) => table).filter((id) => id < 100)).toEqual([40, 41, 42]);
      expect(routes.filter(({ table }) => table < 40)).toEqual([]);
    }
  });
});

describe.runIf(hasNamespaces)('other networks of the guest, on a real kernel', () => {
  test('are reached from every address, while they are there', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(threeMacs);
    namespace.run(`
      ip link add br0 type veth peer name br1; ip link set br0 up; ip link set br1 up
      ip addr add 10.9.0.1/24 dev br0
      ip -6 addr add 2001:db8:9::1/64 dev br0 nodad
    `);

    const owned = push(namespace, threeVifs);

    for (const [to, from] of [
      ['10.9.0.7', '192.168.0.201'],
      ['2001:db8:9::7', '2001:db8:1::201'],
    ] as const) {
      expect(namespace.run(`ip route get ${to} from ${from}`)).toContain('dev br0');
    }

    namespace.run('ip link del br0');
    push(namespace, threeVifs, { owned });
    expect(namespace.run('ip route get 10.9.0.7 from 192.168.0.201')).toContain('dev eth1');
  });

  test('go from the tables when they go', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(threeMacs);
    namespace.run(`
      ip link add br0 type veth peer name br1; ip link set br0 up; ip link set br1 up
      ip route add 10.9.0.0/24 dev br0
    `);
    push(namespace, threeVifs);
    namespace.run('ip route del 10.9.0.0/24 dev br0 table main');

    push(namespace, threeVifs);

    expect(namespace.observe().routes.filter(({ dev }) => dev === 'br0')).toEqual([]);
  });
});

describe.runIf(hasNamespaces)('planDeparture, on a real kernel', () => {
  test('takes rules and tables, and leaves the guest on the network', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(threeMacs);
    namespace.run('ip rule add from 192.168.0.200 table 100 priority 900');
    const { tables } = push(namespace, threeVifs);

    for (const family of families) {
      namespace.apply(planDeparture(threeVifs, namespace.observe(family), tables), family);
    }

    for (const family of families) {
      const left = namespace.observe(family);
      expect(planDeparture(threeVifs, left, tables)).toEqual([]);
      expect(left.routes.filter(({ table }) => table < 250)).toEqual([]);
      expect(ownRules(namespace, family)).toEqual([]);
    }
    expect(has(namespace, '192.168.0.202', 'eth2')).toBe(true);
    expect(namespace.run('ip route show default')).toContain('via 192.168.0.1 dev eth0');
    expect(namespace.run('ip rule')).toContain('lookup 100');
  });
});
