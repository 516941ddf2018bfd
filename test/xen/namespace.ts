import { execFileSync } from 'node:child_process';
import type { RoutingOperation } from '../../src/host/change.ts';
import type { NetworkInterface, Route, Rule } from '../../src/host/query.ts';
import type { ObservedRouting } from '../../src/xen/routing-plan.ts';

const { XPUSH_LAB } = process.env;

/** False, said aloud, where the real thing can't be had; an error where the lab is required. */
export function isAvailable(what: string, probe: () => void): boolean {
  try {
    probe();
    return true;
  } catch (error) {
    if (XPUSH_LAB === 'required') throw error;
    process.stderr.write(`skipped, ${what}: ${error instanceof Error ? error.message : error}\n`);
    return false;
  }
}

/** Whether this machine lets us make network namespaces. */
export const hasNamespaces = isAvailable('no network namespaces', () => {
  execFileSync('unshare', ['-n', 'true'], { stdio: 'ignore' });
});

let count = 0;

/** An empty network namespace that lives until it is disposed of. */
export class Namespace {
  readonly name: string;

  constructor() {
    count += 1;
    this.name = `xpush-xen-${process.pid}-${count}`;
    execFileSync('ip', ['netns', 'add', this.name]);
  }

  /** Runs a shell script in it; throws when the script fails. */
  run(script: string, input = ''): string {
    return execFileSync('ip', ['netns', 'exec', this.name, 'sh', '-ec', script], {
      encoding: 'utf8',
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** Makes eth0, eth1, ... as veth pairs with the MACs given. */
  addInterfaces(macs: readonly string[], state: 'up' | 'down' = 'up'): void {
    this.run(
      [
        'ip link set lo up',
        ...macs.flatMap((mac, place) => [
          `ip link add eth${place} address ${mac} type veth peer name p${place}`,
          `ip link set p${place} up`,
          `ip link set eth${place} ${state}`,
        ]),
      ].join('\n'),
    );
  }

  /** IPv4 rules, routes of all tables but `local`, and interfaces. */
  observe(): ObservedRouting {
    const [rules = '', routes = '', links = ''] = this.run(
      'ip -j rule; echo ---; ip -j -4 route show table all; echo ---; ip -j addr',
    ).split('---\n');
    const printedRules: readonly PrintedRule[] = JSON.parse(rules);
    const printedRoutes: readonly PrintedRoute[] = JSON.parse(routes);
    const printedLinks: readonly PrintedLink[] = JSON.parse(links);
    return {
      rules: printedRules.map(asRule),
      routes: printedRoutes.map(asRoute).filter((route) => route.table !== 255),
      interfaces: printedLinks.map(asInterface),
    };
  }

  apply(operations: readonly RoutingOperation[]): void {
    this.run(operations.map(ipCommand).join('\n'));
  }

  [Symbol.dispose](): void {
    execFileSync('ip', ['netns', 'del', this.name]);
  }
}

interface PrintedRule {
  readonly priority: number;
  readonly src: string;
  readonly srclen?: number;
  readonly dst?: string;
  readonly dstlen?: number;
  readonly iif?: string;
  readonly oif?: string;
  readonly fwmark?: string;
  readonly table: string;
}

interface PrintedRoute {
  readonly type?: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly table?: string;
  readonly protocol?: string;
  readonly scope?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
}

interface PrintedLink {
  readonly ifname: string;
  readonly address?: string;
  readonly flags: readonly string[];
  readonly addr_info: readonly {
    readonly family: string;
    readonly local: string;
    readonly prefixlen: number;
  }[];
}

const tableNumber = (name: string | undefined): number => {
  const known = new Map([
    ['main', 254],
    ['local', 255],
    ['default', 253],
  ]);
  return name === undefined ? 254 : (known.get(name) ?? Number(name));
};

const asRule = (rule: PrintedRule): Rule => ({
  priority: rule.priority,
  from: rule.src === 'all' ? 'all' : `${rule.src}/${rule.srclen ?? 32}`,
  to: rule.dst === undefined ? null : `${rule.dst}/${rule.dstlen ?? 32}`,
  iif: rule.iif ?? null,
  oif: rule.oif ?? null,
  table: tableNumber(rule.table),
  rest: rule.fwmark === undefined ? '' : `fwmark ${rule.fwmark}`,
});

function asRoute(route: PrintedRoute): Route {
  const network = route.dst === 'default' ? '0.0.0.0/0' : route.dst;
  return {
    table: tableNumber(route.table),
    destination: network.includes('/') ? network : `${network}/32`,
    via: route.gateway ?? null,
    dev: route.dev ?? null,
    scope: route.scope ?? null,
    src: route.prefsrc ?? null,
    metric: route.metric ?? null,
    rest: `${route.type ?? ''} proto ${route.protocol ?? 'boot'}`.trim(),
  };
}

const asInterface = (link: PrintedLink): NetworkInterface => ({
  name: link.ifname,
  mac: link.address ?? null,
  isUp: link.flags.includes('UP'),
  addresses: link.addr_info
    .filter((address) => address.family === 'inet')
    .map((address) => ({ ip: address.local, prefix: address.prefixlen })),
});

const word = (name: string, value: string | number | null): string =>
  value === null ? '' : ` ${name} ${value}`;

function ipCommand(operation: RoutingOperation): string {
  if (operation.object === 'address') {
    return `ip addr add ${operation.ip}/${operation.prefix} dev ${operation.iface}`;
  }
  if (operation.object === 'rule') {
    const { priority, from, to, iif, oif, table, rest } = operation.rule;
    const verb = operation.verb === 'add' ? 'add' : 'del';
    return `ip rule ${verb} pref ${priority} from ${from}${word('to', to)}${word('iif', iif)}${word('oif', oif)} ${rest} lookup ${table}`;
  }
  if (operation.object === 'proxy') throw new Error('IPv4 has none');
  const { table, destination, via, dev, scope, src, metric } = operation.route;
  const verb = operation.verb === 'delete' ? 'del' : 'replace';
  return `ip route ${verb} ${destination}${word('via', via)}${word('dev', dev)}${word('scope', scope)}${word('src', src)}${word('metric', metric)} table ${table}`;
}
