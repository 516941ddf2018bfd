import type { Rule } from '../host/query.ts';
import { netmask } from '../inventory/ipv4.ts';
import type { DomU, Vif } from '../inventory/model.ts';
import { defaultVif, formatRoute, needsTable, tableRoutes, tableRules } from './routing.ts';

/**
 * Options of a vif's stanza, in their order. What ifupdown has no words for are `up` lines that can
 * run twice, name tables by number, do without what busybox lacks, and never fail: a failing one
 * would leave the interface half configured. Routes stand with the interface they go through, since
 * that must be up before them.
 */
export function stanzaOptions(domU: DomU, vif: Vif): readonly string[] {
  const { ips, prefix, network } = vif.ipv4 ?? none;
  const [first, ...more] = ips;
  const routed = domU.vifs.filter((each) => needsTable(domU, each));
  const routes = routed
    .flatMap((each) => tableRoutes(domU, each))
    .filter((route) => route.dev === vif.iface);
  const rules = routed.includes(vif) ? tableRules(vif) : [];
  const isDefault = vif === defaultVif(domU) && network !== null && network.gateway !== null;
  return [
    ...(first === undefined ? [] : [`address ${first}`, `netmask ${netmask(prefix)}`]),
    ...(isDefault ? [`gateway ${network.gateway}`] : []),
    ...more.map((ip) => `up ip addr add ${ip}/${prefix} dev ${vif.iface} 2>/dev/null || true`),
    ...routes.map(
      (route) => `up ip route replace ${formatRoute(route)} table ${route.table} || true`,
    ),
    ...rules.flatMap((rule) => [
      `up ip rule | grep -q '^${rule.priority}:' || ip rule add ${ruleWords(rule)} || true`,
      `down ip rule del ${ruleWords(rule)} || true`,
    ]),
  ];
}

/** A vif without IPv4. */
const none = { ips: [], prefix: 0, network: null } as const;

const ruleWords = ({ from, table, priority }: Rule): string =>
  `from ${from.replace('/32', '')} table ${table} priority ${priority}`;
