import { answerTo } from './answer.ts';
import { type ChangeRouting, change, type RoutingOperation } from './change.ts';
import type { Inverse } from './inverse-result.ts';
import {
  type NetworkInterface,
  type ProxyNeighbour,
  type Query,
  query,
  type Route,
  type Rule,
} from './query.ts';
import {
  interfacesAfter,
  isSameKey,
  proxiesAfter,
  routesAfter,
  rulesAfter,
} from './routing-after.ts';
import type { HostState } from './state.ts';

/** Rules, routes, addresses and proxy neighbours as they are. */
export function routingInverseQueries({ family }: ChangeRouting): readonly Query[] {
  return [query.rules(family), query.routes(family), query.interfaces(), query.proxies()];
}

interface World {
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
  readonly interfaces: readonly NetworkInterface[];
  readonly proxies: readonly ProxyNeighbour[] | null;
}

/**
 * What undoes routes, rules, addresses and proxy neighbours one by one, in an order in which nothing
 * is missed: what comes back comes before what goes. What others added since stays.
 */
export function routingInverse(done: ChangeRouting, now: HostState): Inverse {
  const rules = answerTo(now, query.rules(done.family));
  const routes = answerTo(now, query.routes(done.family));
  if (rules === null || routes === null) {
    return { impossible: "'ip' could not list the rules and routes" };
  }
  const live: World = {
    rules: rules.entries,
    routes: routes.entries,
    interfaces: answerTo(now, query.interfaces()) ?? [],
    proxies: answerTo(now, query.proxies()),
  };
  const undoing = new Undoing(done, live);
  const moved = undoing.run();
  if (moved !== null) return { moved };
  const { operations, notes } = undoing;
  return { changes: change.routing(done.family, operations, { rules, routes }), notes };
}

class Undoing {
  readonly operations: RoutingOperation[] = [];
  readonly notes: string[] = [];
  readonly #done: ChangeRouting;
  readonly #live: World;
  #world: World;

  constructor(done: ChangeRouting, live: World) {
    this.#done = done;
    this.#live = live;
    this.#world = live;
  }

  /** What others changed since, in a sentence; null: nothing that matters. */
  run(): string | null {
    const undone = this.#done.operations.map(opposite).toReversed();
    const links = undone.filter(({ object }) => object === 'address');
    this.#take(links.filter(({ verb }) => verb === 'add'));
    const { came, went } = this.#routesOfChange(links);
    const moved = this.#routesBack(came, went);
    if (moved !== null) return moved;
    this.#take(
      undone.filter(
        ({ object, verb }) => object === 'proxy' || (object === 'rule' && verb === 'add'),
      ),
    );
    this.#orderRules();
    this.#take(undone.filter(({ object, verb }) => object === 'rule' && verb === 'delete'));
    for (const route of came) {
      if (this.#world.routes.includes(route)) this.#do({ verb: 'delete', object: 'route', route });
    }
    const { routes } = this.#world;
    this.#take(links.filter(({ verb }) => verb === 'delete'));
    this.#keepOthers(routes);
    return null;
  }

  /** Those that are not done already. */
  #take(operations: readonly RoutingOperation[]): void {
    for (const operation of operations) {
      const fitting = this.#fitting(operation);
      if (fitting !== null) this.#do(fitting);
    }
  }

  #do(operation: RoutingOperation): void {
    const { rules, routes, interfaces, proxies } = this.#world;
    this.operations.push(operation);
    this.#world = {
      rules: rulesAfter(rules, operation),
      routes: routesAfter(routes, interfaces, [operation]),
      interfaces: interfacesAfter(interfaces, operation),
      proxies: proxiesAfter(proxies, operation),
    };
  }

  /** The operation on what is there; null: there is nothing left to do. */
  #fitting(operation: RoutingOperation): RoutingOperation | null {
    switch (operation.object) {
      case 'rule': {
        const { verb, rule } = operation;
        const found = this.#world.rules.find((other) => isSameRule(other, rule));
        if (verb === 'add') return found === undefined ? operation : null;
        return found === undefined ? null : { ...operation, rule: found };
      }
      case 'address': {
        const { verb, iface, ip, prefix } = operation;
        const owner = this.#world.interfaces.find(({ name }) => name === iface);
        if (owner === undefined) {
          this.notes.push(`${iface} is gone, and ${ip}/${prefix} with it`);
          return null;
        }
        const isThere = owner.addresses.some((one) => one.ip === ip && one.prefix === prefix);
        return isThere === (verb === 'add') ? null : operation;
      }
      case 'proxy': {
        const { verb, iface, ip } = operation;
        const { proxies } = this.#world;
        const isThere = proxies?.some((one) => one.ip === ip && one.dev === iface);
        return isThere === undefined || isThere !== (verb === 'add') ? operation : null;
      }
      case 'route':
        return operation;
    }
  }

  /** Routes that came and went with the change, foreseen from how the interfaces were then. */
  #routesOfChange(links: readonly RoutingOperation[]) {
    const before = this.#done.before.routes.entries;
    const then = links.reduce(
      (interfaces: readonly NetworkInterface[], operation) =>
        interfacesAfter(interfaces, operation),
      this.#live.interfaces,
    );
    const after = routesAfter(before, then, this.#done.operations);
    const came = without(after, before).flatMap(
      (route) => this.#live.routes.find((other) => isSameRoute(other, route)) ?? [],
    );
    return { came, went: without(before, after) };
  }

  /** Routes that went come back, in the place of those that came. */
  #routesBack(came: readonly Route[], went: readonly Route[]): string | null {
    for (const route of went) {
      if (this.#world.routes.some((other) => isSameRoute(other, route))) continue;
      const rivals = this.#world.routes.filter((other) => isSameKey(other, route));
      const rival = rivals.find(
        (other) => this.#live.routes.includes(other) && !came.includes(other),
      );
      if (rival !== undefined) return `the route to ${route.destination} is not as the run left it`;
      const { dev } = route;
      if (dev !== null && !this.#world.interfaces.some(({ name }) => name === dev)) {
        this.notes.push(`${dev} is gone, and the route to ${route.destination} with it`);
        continue;
      }
      this.#do({ verb: 'replace', object: 'route', route });
    }
    return null;
  }

  /** Of rules with one priority the first that fits counts: they come in their old order. */
  #orderRules(): void {
    const before = this.#done.before.rules.entries;
    const touched = new Set(
      this.operations.flatMap((one) => (one.object === 'rule' ? [one.rule.priority] : [])),
    );
    for (const priority of touched) {
      const wanted = before.filter((rule) => rule.priority === priority);
      const found = this.#world.rules.filter((rule) => wanted.some((one) => isSameRule(one, rule)));
      const place = found.findIndex((rule, index) => {
        const one = wanted[index];
        return one === undefined || !isSameRule(one, rule);
      });
      for (const rule of place < 0 ? [] : wanted.slice(place)) {
        if (!found.some((one) => isSameRule(one, rule))) continue;
        this.#do({ verb: 'delete', object: 'rule', rule });
        this.#do({ verb: 'add', object: 'rule', rule });
      }
    }
  }

  /** What goes along with an address, and what comes with one, was not to change. */
  #keepOthers(routes: readonly Route[]): void {
    const before = this.#done.before.routes.entries;
    for (const route of without(routes, this.#world.routes)) {
      if (before.some((other) => isSameRoute(other, route))) {
        this.#do({ verb: 'replace', object: 'route', route });
      }
    }
    for (const route of without(this.#world.routes, this.#live.routes)) {
      if (!before.some((other) => isSameRoute(other, route))) {
        this.#do({ verb: 'delete', object: 'route', route });
      }
    }
  }
}

function opposite(operation: RoutingOperation): RoutingOperation {
  switch (operation.object) {
    case 'route':
      return operation; // routes are compared as a whole
    case 'address':
    case 'rule':
    case 'proxy':
      return { ...operation, verb: operation.verb === 'add' ? 'delete' : 'add' };
  }
}

/** The entries of one list that the other lacks, as often as it lacks them. */
function without(routes: readonly Route[], others: readonly Route[]): readonly Route[] {
  const left = [...others];
  return routes.filter((route) => {
    const place = left.findIndex((other) => isSameRoute(other, route));
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
}

/** What `ip` names on its own account (a scope, `proto`) is no difference. */
function isSameRoute(one: Route, other: Route): boolean {
  return (
    isSameKey(one, other) &&
    one.via === other.via &&
    one.dev === other.dev &&
    one.src === other.src &&
    withoutProtocol(one.rest) === withoutProtocol(other.rest)
  );
}

function isSameRule(one: Rule, other: Rule): boolean {
  return (
    one.priority === other.priority &&
    one.from === other.from &&
    one.to === other.to &&
    one.iif === other.iif &&
    one.oif === other.oif &&
    one.table === other.table &&
    withoutProtocol(one.rest) === withoutProtocol(other.rest)
  );
}

function withoutProtocol(rest: string): string {
  return rest.replace(/(?:^| )proto \S+/, '').trim();
}
