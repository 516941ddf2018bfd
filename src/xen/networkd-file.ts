import type { Route, Rule } from '../host/query.ts';
import { familyOf } from '../inventory/address.ts';
import type { LinkAddress, LinkSettings } from './link-settings.ts';
import { mainTable } from './routing.ts';
import { ownHeader } from './whole-file.ts';

/** Since when networkd has `[RoutingPolicyRule]` (systemd's NEWS). */
export const networkdWithRules = 235;

/** Begins what the file keeps of another one, up to its end. */
const keptMark = '# Kept from ';

/** What our file takes over from the one that it takes the place of. */
export interface KeptSettings {
  readonly path: string;
  /** Whole sections, as they are written there. */
  readonly text: string;
}

/**
 * A vif's `.network` file (systemd.network(5)): addresses, routes of all tables through it, rules.
 *
 * @param systemd its version; older ones spell some options otherwise, or lack them
 */
export function networkdFile(
  { vif, addresses, routes, rules }: LinkSettings,
  systemd: number,
  kept: KeptSettings | null = null,
): string {
  const simple = addresses.filter((address) => addressOptions(address, systemd).length === 0);
  const network = [
    ...(vif.ipv6 === null ? [] : ['IPv6AcceptRA=no']),
    ...simple.map(({ ip, prefix }) => `Address=${ip}/${prefix}`),
  ];
  const sections = [
    section('Match', [`MACAddress=${vif.mac}`, guard(vif.iface, systemd)]),
    ...(network.length === 0 ? [] : [section('Network', network)]),
    ...addresses
      .filter((address) => !simple.includes(address))
      .map((address) => {
        const { ip, prefix } = address;
        return section('Address', [`Address=${ip}/${prefix}`, ...addressOptions(address, systemd)]);
      }),
    ...routes.map((route) => section('Route', routeOptions(route, systemd))),
    ...rules.map((rule) => section('RoutingPolicyRule', ruleOptions(rule))),
    ...(kept === null || kept.text === '' ? [] : [`${keptMark}${kept.path}\n${kept.text}`]),
  ];
  return ownHeader + sections.join('\n');
}

/**
 * Our file without our policy routing and our header, for a guest that xpush leaves: what it keeps
 * from another file stays.
 */
export function plainNetworkdFile(text: string): string {
  const body = text.slice(ownHeader.length);
  const end = body.indexOf(`\n${keptMark}`);
  const [own, kept] = end === -1 ? [body, ''] : [body.slice(0, end), body.slice(end)];
  const sections = own.split(/\n(?=\[)/).filter((each) => {
    if (each.startsWith('[RoutingPolicyRule]')) return false;
    return !each.startsWith('[Route]') || !/^Table=/m.test(each);
  });
  return sections.join('\n') + kept.replace(/^\n#.*\n/, '\n');
}

/**
 * VLANs and bridges have the MAC of what is below them. `Type=ether` speaks of plain devices only
 * since 245 (systemd issue 14952).
 */
const guard = (iface: string, systemd: number): string =>
  systemd >= 246 ? 'Type=ether' : `Name=${iface}`;

/** Nobody else can have a routed /128, and dom0 answers no solicitation of its own guest. */
function addressOptions({ ip, prefix, metric }: LinkAddress, systemd: number): readonly string[] {
  return [
    ...(familyOf(ip) === 6 && prefix === 128 && systemd >= 243
      ? ['DuplicateAddressDetection=none']
      : []),
    ...(metric !== null && systemd >= 246 ? [`RouteMetric=${metric}`] : []),
  ];
}

function routeOptions(route: Route, systemd: number): readonly string[] {
  const { destination, via, src, scope, metric, table, rest } = route;
  const onLink = systemd >= 243 ? 'GatewayOnLink=yes' : 'GatewayOnlink=yes';
  return [
    `Destination=${destination}`,
    ...(via === null ? [] : [`Gateway=${via}`]),
    ...(/\bonlink\b/.test(rest) ? [onLink] : []),
    ...(src === null ? [] : [`PreferredSource=${src}`]),
    ...(scope === null ? [] : [`Scope=${scope}`]),
    ...(metric === null ? [] : [`Metric=${metric}`]),
    ...(table === mainTable ? [] : [`Table=${table}`]),
  ];
}

const ruleOptions = ({ from, table, priority }: Rule): readonly string[] => [
  `From=${from}`,
  `Table=${table}`,
  `Priority=${priority}`,
];

const section = (name: string, options: readonly string[]): string =>
  `[${name}]\n${options.map((option) => `${option}\n`).join('')}`;
