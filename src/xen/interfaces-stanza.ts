import type { Family, Rule } from '../host/query.ts';
import { netmask } from '../inventory/ipv4.ts';
import type { DomU, Vif } from '../inventory/model.ts';
import { defaultVif, formatRoute, needsTable, tableRoutes, tableRules } from './routing.ts';
import { isRouted, sideOf } from './vif-side.ts';

/**
 * Options of a vif's static stanza of one family, in their order; null where it has no address of
 * it. What ifupdown has no words for are `up` lines that can run twice, name tables by number, do
 * without what busybox lacks (`oif`, `-j`, `nodad`), and never fail: a failing one would leave the
 * interface half configured. Routes stand with the interface they go through, since that must be
 * up before them.
 */
export function stanzaOptions(domU: DomU, vif: Vif, family: Family): readonly string[] | null {
  const side = sideOf(vif, family);
  if (side === null) return null;
  const {
    vif: { iface },
    ips: [first, ...more],
    prefix,
    gateway,
  } = side;
  const ip = ipOf(family);
  const withTable = domU.vifs.filter((each) => needsTable(domU, each, family));
  const routes = withTable
    .flatMap((each) => tableRoutes(domU, each, family))
    .filter((route) => route.dev === iface);
  const rules = withTable.includes(vif) ? tableRules(vif, family) : [];
  return [
    `address ${first}`,
    `netmask ${family === 4 ? netmask(prefix) : prefix}`,
    ...(family === 6 && isRouted(vif) ? [withoutDad(iface)] : []),
    ...(gateway !== null && vif === defaultVif(domU, family) ? [defaultLine(gateway, iface)] : []),
    // busybox's ifdown stumbles over second addresses, which go when the first one goes.
    ...more.flatMap((each) => [
      `up ${ip} addr add ${each}/${prefix} dev ${iface} 2>/dev/null || true`,
      `down ${ip} addr del ${each}/${prefix} dev ${iface} 2>/dev/null || true`,
    ]),
    ...routes.map(
      (route) => `up ${ip} route replace ${routeWords(route)} table ${route.table} || true`,
    ),
    ...rules.flatMap((rule) => [
      `up ${ip} rule | grep -q '^${rule.priority}:' || ${ip} rule add ${ruleWords(rule)} || true`,
      `down ${ip} rule del ${ruleWords(rule)} || true`,
    ]),
  ];
}

const ipOf = (family: Family): string => (family === 4 ? 'ip' : 'ip -6');

/** Old ifupdowns and busybox give `gateway` no device, without which no link-local one can be. */
const defaultLine = (gateway: string, iface: string): string =>
  /^fe[89ab]/.test(gateway)
    ? `up ip -6 route replace default via ${gateway} dev ${iface} || true`
    : `gateway ${gateway}`;

/**
 * dom0 is alone on the link, so that detection of duplicates only delays: for a second nothing could
 * be bound to the address. The words for it differ (`dad-attempts`, `nodad`), the kernel's do not.
 */
const withoutDad = (iface: string): string =>
  `pre-up echo 0 2>/dev/null >/proc/sys/net/ipv6/conf/${iface}/accept_dad || true`;

/** Without `onlink`, which a link-local gateway does not need and old busyboxes do not know. */
const routeWords = (route: Parameters<typeof formatRoute>[0]): string =>
  formatRoute({ ...route, rest: '' });

const ruleWords = ({ from, table, priority }: Rule): string =>
  `from ${from.replace(/\/(?:32|128)$/, '')} table ${table} priority ${priority}`;
