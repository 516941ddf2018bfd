import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RoutingOperation } from '../../src/host/change.ts';
import type { Family, Route, Rule } from '../../src/host/query.ts';
import { desiredRouting } from '../../src/xen/routing.ts';
import { mergeOwned, nothingOwned } from '../../src/xen/routing-memory.ts';
import { planRouting } from '../../src/xen/routing-plan.ts';
import { runs } from '../runs.ts';
import { mail, webserv } from './fleet.ts';
import { simulate } from './kernel-model.ts';
import {
  converged,
  foreignTable,
  formerTable,
  guestWith,
  kernelRules,
  type Met,
  route,
  rule,
  someState,
} from './routing-states.ts';

fc.configureGlobal({ numRuns: runs() });

/** Two routed vifs in one network, and a bridged one in another that has no gateway. */
const dual = await guestWith(`[
  { ips: [192.168.0.5, 192.168.0.6, "2001:db8:1::5", "2001:db8:1::6"] },
  { ips: [192.168.0.7, "2001:db8:1::7"] },
  { script: vif-bridge, ips: [10.8.0.5, "2001:db8:8::5"] } ]`);

const isInRange = ({ priority }: Rule): boolean => priority >= 1000 && priority < 2000;

/** Whose tables and rules are, told anew: 18 is that of a vif that needs none. */
function ownersOf({ state: { rules }, owned }: Met) {
  const isUsedByOthers = (table: number): boolean =>
    rules.some((each) => each.table === table && !isInRange(each));
  const former = [
    ...owned.tables,
    ...(rules.some((each) => each.table === 18 && isInRange(each)) ? [18] : []),
  ];
  const emptied = former.filter((table) => !isUsedByOthers(table));
  return {
    isForeignRule: (each: Rule): boolean =>
      ![16, 17].includes(each.table) && !(former.includes(each.table) && isInRange(each)),
    isForeignRoute: (each: Route): boolean =>
      ![16, 17, ...emptied].includes(each.table) &&
      !(each.table === 254 && each.dev?.startsWith('eth')),
    emptied,
  };
}

/** Networks that main reaches without a gateway through other interfaces, the best route of each. */
function foreignNetworks(main: readonly Route[]): readonly Route[] {
  const found = new Map<string, Route>();
  for (const each of main.toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0))) {
    const isMeant =
      each.table === 254 &&
      each.via === null &&
      !each.dev?.startsWith('eth') &&
      !each.destination.endsWith('/0');
    if (isMeant && !found.has(each.destination)) found.set(each.destination, each);
  }
  return [...found.values()];
}

/** Without a word that sends no packet elsewhere. */
const asTexts = (routes: readonly Route[]): readonly string[] =>
  routes
    .map((each) => JSON.stringify({ ...each, rest: each.rest.replace('onlink', '') }))
    .toSorted();

/** In which the operations are to come: nothing goes before all is there that comes. */
function rankOf(operation: RoutingOperation, before: readonly RoutingOperation[], { state }: Met) {
  const asText = (item: unknown): string => JSON.stringify(item).replace('onlink', '');
  const isIn = (item: unknown, list: readonly unknown[]): boolean =>
    list.some((each) => asText(each) === asText(item));
  if (operation.object === 'address') return operation.verb === 'add' ? 0 : 4;
  if (isIn(operation, before)) return 3; // what a delete may have hit, once more
  if (operation.object === 'rule') {
    return operation.verb === 'add' && !isIn(operation.rule, state.rules) ? 2 : 3;
  }
  if (operation.object !== 'route') return 5;
  const isMain = operation.route.table === 254;
  return isMain || (operation.verb === 'replace' && !isIn(operation.route, state.routes)) ? 1 : 3;
}

describe('planRouting', () => {
  test('plans nothing for a guest that is as it should be', () => {
    for (const domU of [webserv, mail, dual]) {
      expect(planRouting(domU, converged(domU))).toMatchObject({ operations: [], pending: [] });
    }
    const plan = planRouting(dual, converged(dual, 6), { family: 6 });
    expect(plan).toMatchObject({ operations: [], pending: [] });
  });

  describe.each([4, 6] as const)('of IPv%i', (family: Family) => {
    const first = family === 4 ? '192.168.0.5' : '2001:db8:1::5';
    const former = family === 4 ? '192.168.0.99' : '2001:db8:1::99';
    const arrivals = fc.constantFrom(first, former, null);

    test('brings any state to the desired one, keeps what is foreign, and then plans nothing', () => {
      fc.assert(
        fc.property(someState(dual, family), arrivals, (met, arrival) => {
          const { state, owned } = met;
          const plan = planRouting(dual, state, { family, owned, arrival });

          const after = simulate(state, plan.operations);

          const again = mergeOwned(plan.owned) ?? nothingOwned;
          const second = planRouting(dual, after, { family, owned: again, arrival });
          expect(second.operations).toEqual([]);
          expect(mergeOwned(second.owned)).toEqual(again);

          const { isForeignRule, isForeignRoute, emptied } = ownersOf(met);
          const desired = desiredRouting(dual, family);
          expect(after.rules.filter(isForeignRule)).toEqual(state.rules.filter(isForeignRule));
          expect(after.rules.filter((each) => !isForeignRule(each))).toEqual(desired.rules);
          expect(asTexts(after.routes.filter(isForeignRoute))).toEqual(
            asTexts(state.routes.filter(isForeignRoute)),
          );
          const copies = foreignNetworks(after.routes);
          for (const table of [16, 17]) {
            const wanted = desired.routes.filter((each) => each.table === table);
            const others = copies
              .filter(({ destination }) => wanted.every((each) => each.destination !== destination))
              .map((each) => ({ ...each, table, metric: null, rest: '' }));
            expect(asTexts(after.routes.filter((each) => each.table === table))).toEqual(
              asTexts([...wanted, ...others]),
            );
          }
          expect(after.routes.filter(({ table }) => emptied.includes(table))).toEqual([]);
        }),
      );
    });

    test('brings the addresses, and takes away those that earlier runs brought, but for the one in use', () => {
      fc.assert(
        fc.property(someState(dual, family), arrivals, ({ state, owned }, arrival) => {
          const plan = planRouting(dual, state, { family, owned, arrival });
          const after = simulate(state, plan.operations);

          const has = ({ interfaces }: typeof state, ip: string): boolean =>
            interfaces.some(({ addresses }) => addresses.some((each) => each.ip === ip));
          for (const { iface, ip, prefix } of desiredRouting(dual, family).addresses) {
            const found = after.interfaces.find(({ name }) => name === iface);
            expect(found?.addresses).toContainEqual({ ip, prefix });
          }
          for (const { ip } of owned.addresses) {
            expect(has(after, ip)).toBe(has(state, ip) && (arrival === null || arrival === ip));
            const says = `${ip} stays on eth2`;
            expect(plan.pending.some((each) => each.startsWith(says))).toBe(has(after, ip));
          }
          expect(has(after, family === 4 ? '10.66.0.1' : '2001:db8:66::1')).toBe(
            state.interfaces.length > 3,
          );
        }),
      );
    });

    test('wherever addresses are, ends after one run, and leaves the one in use and its rules alone', () => {
      const { addresses } = desiredRouting(dual, family);
      const places = fc.array(fc.subarray(['eth0', 'eth1', 'eth2', 'br0']), {
        minLength: addresses.length,
        maxLength: addresses.length,
      });
      const used = fc.constantFrom(...addresses.map(({ ip }) => ip), former, null);
      fc.assert(
        fc.property(someState(dual, family), places, places, used, (met, now, once, arrival) => {
          const at = (chosen: readonly (readonly string[])[], name: string) =>
            addresses.filter((_, index) => chosen[index]?.includes(name));
          const interfaces = met.state.interfaces.map((each) => ({
            ...each,
            addresses: [
              ...each.addresses.filter(({ ip }) => addresses.every((other) => other.ip !== ip)),
              ...at(now, each.name).map(({ ip, prefix }) => ({ ip, prefix })),
            ],
          }));
          const owned = {
            ...met.owned,
            addresses: [
              ...met.owned.addresses,
              ...interfaces.flatMap(({ name, mac }) =>
                at(once, name).map(({ ip, prefix }) => ({ mac: mac ?? '', ip, prefix })),
              ),
            ],
          };
          const state = { ...met.state, interfaces };

          const plan = planRouting(dual, state, { family, owned, arrival });
          const after = simulate(state, plan.operations);

          const again = mergeOwned(plan.owned) ?? nothingOwned;
          const second = planRouting(dual, after, { family, owned: again, arrival });
          expect(second.operations).toEqual([]);
          expect(mergeOwned(second.owned) ?? nothingOwned).toEqual(again);
          expect(second.pending).toEqual(plan.pending);
          const isElsewhere = interfaces.some(
            ({ name, addresses: here }) =>
              here.some(({ ip }) => ip === arrival) &&
              addresses.every((each) => each.ip !== arrival || each.iface !== name),
          );
          for (const { name, addresses: here } of interfaces) {
            const isThere = after.interfaces
              .find((each) => each.name === name)
              ?.addresses.some(({ ip }) => ip === arrival);
            if (here.some(({ ip }) => ip === arrival)) expect(isThere).toBe(true);
          }
          const isItsRule = ({ from, table }: Rule): boolean =>
            from.startsWith(`${arrival}/`) && [16, 17].includes(table);
          if (isElsewhere && plan.pending.some((each) => each.startsWith(`${arrival} `))) {
            // a delete may have hit one, which then comes behind its equals
            expect(new Set(after.rules.filter(isItsRule))).toEqual(
              new Set(state.rules.filter(isItsRule)),
            );
          }
        }),
      );
    });

    test('adds addresses, then routes, then rules, and removes only after that, addresses last', () => {
      fc.assert(
        fc.property(someState(dual, family), (met) => {
          const { operations } = planRouting(dual, met.state, {
            ...{ family, owned: met.owned, arrival: first },
          });

          const ranks = operations.map((operation, place) =>
            rankOf(operation, operations.slice(0, place), met),
          );

          expect(ranks).toEqual(ranks.toSorted());
        }),
      );
    });
  });

  test('never touches tables of others, remembered or not', () => {
    expect([16, 17, 18]).not.toContain(foreignTable);
    const full = converged(dual);
    const theirs = [route(foreignTable, '0.0.0.0/0', { via: '192.168.0.9', dev: 'eth1' })];
    const rules = [...full.rules, rule(1500, '192.168.0.5/32', foreignTable)];
    const state = { ...full, rules, routes: [...full.routes, ...theirs] };

    const owned = { tables: [formerTable], addresses: [] };
    expect(planRouting(dual, state, { owned }).operations).toEqual([]);
  });

  test('leaves out what belongs to an interface that is not there, and says so', () => {
    const full = converged(webserv);
    const without = {
      interfaces: full.interfaces.slice(0, 1),
      rules: kernelRules,
      routes: [],
    };

    const plan = planRouting(webserv, without);

    expect(plan.pending).toEqual([
      'eth1 appears when webserv is next created',
      'eth2 appears when webserv is next created',
    ]);
    expect(plan.operations.filter(({ object }) => object === 'rule')).toEqual([
      { verb: 'add', object: 'rule', rule: rule(1000, '192.168.0.200/32', 16) },
    ]);
    expect(JSON.stringify(plan.operations)).not.toMatch(/"(dev|iface)":"(eth1|eth2|)"/);
  });

  test('waits for an interface that is down, and says what to do', () => {
    const full = converged(mail);
    const [eth0] = full.interfaces;

    const plan = planRouting(mail, {
      interfaces: [{ ...eth0!, isUp: false, addresses: [] }],
      rules: kernelRules,
      routes: [],
    });

    expect(plan).toMatchObject({
      operations: [],
      pending: ['eth0 is down: its addresses and routes follow in the next run after ifup eth0'],
    });
  });

  test('finds a vif by its MAC when its interface has another name', () => {
    const observed = {
      interfaces: [
        { name: 'eth5', mac: 'de:ad:be:ef:00:00', isUp: true, addresses: [] },
        { name: 'eth0', mac: '00:00:5e:00:53:01', isUp: true, addresses: [] },
      ],
      rules: kernelRules,
      routes: [],
    };

    const plan = planRouting(webserv, observed);

    expect(plan.operations[0]).toEqual({
      verb: 'add',
      object: 'address',
      iface: 'eth5',
      ip: '192.168.0.200',
      prefix: 24,
    });
    expect(plan.pending[0]).toBe(
      'eth5 is to be called eth0 when webserv next starts; if nothing renames it, say "iface: eth5"',
    );
    expect(JSON.stringify(plan.operations)).not.toContain('eth0');
  });

  test('takes the interface with the right name where a VLAN has the same MAC', () => {
    const full = converged(webserv);
    const vlan = { name: 'br0', mac: 'de:ad:be:ef:00:00', isUp: true, addresses: [] };

    expect(
      planRouting(webserv, { ...full, interfaces: [vlan, ...full.interfaces] }).operations,
    ).toEqual([]);
  });

  test('leaves a default route through a foreign interface alone, and says so', () => {
    const full = converged(mail);
    const tunnel = route(254, '0.0.0.0/0', { dev: 'tun0', scope: 'link' });

    const plan = planRouting(mail, { ...full, routes: [tunnel] });

    expect(plan.operations.filter(({ object }) => object === 'route')).toHaveLength(1);
    expect(plan.pending).toEqual([
      'the default route through tun0 stays; 192.168.0.1 is not made default',
    ]);
  });

  test('is content with the kernel’s and DHCP’s own words', () => {
    const full = converged(mail);
    const [connected, first] = full.routes;

    const plan = planRouting(mail, {
      ...full,
      routes: [
        { ...connected!, rest: 'proto kernel' },
        { ...first!, rest: 'proto dhcp onlink', metric: 100 },
      ],
    });

    expect(plan.operations).toEqual([]);
  });
});
