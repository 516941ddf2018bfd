import type { Dom0, DomU, Family, Vif } from '../inventory/model.ts';
import { cidrsOf } from './firewall-address.ts';
import { drop, type FirewallRule, rule } from './firewall-types.ts';

/** The names that Xen gives to vifs that have none of their own: vif1.0, vif2.0, anew at each start. */
const unnamed = 'vif+';

/** Senders that are nobody's yet, or no farther than the next machine: nothing forwards them. */
const ofTheLink = { 4: ['0.0.0.0/32'], 6: ['::/128', 'fe80::/10'] } as const;

/**
 * Senders that can't be right: the uplink's side under a guest's address; out of a vif with a name of
 * its own (`vifname`) all but its own addresses; and out of a vif that Xen names, whomever dom0 would
 * not answer by that same vif (RFC 3704, strict). `hasReversePath`: the kernel can tell the latter.
 */
export function spoofRules(
  dom0: Dom0,
  guests: readonly DomU[],
  family: Family,
  hasReversePath: boolean,
): readonly FirewallRule[] {
  const vifs = guests.flatMap((guest) => guest.vifs).filter((vif) => !isBridged(vif));
  return [
    ...vifs.flatMap(({ ips, gatewaydev }) =>
      cidrsOf(ips, family).map((source) => rule(drop, { source, iif: gatewaydev ?? dom0.uplink })),
    ),
    ...ofTheLink[family].map((source) => rule({ kind: 'return' }, { source })),
    ...vifs.flatMap(({ ips, vifname: iif }) =>
      iif === null
        ? []
        : [
            ...cidrsOf(ips, family).map((source) => rule({ kind: 'return' }, { source, iif })),
            rule(drop, { iif }),
          ],
    ),
    ...(hasReversePath ? [rule(drop, { iif: unnamed, isAstray: true })] : []),
  ];
}

/** Whether a vif's packets go over a bridge of dom0, past its routing (xl-network-configuration(5)). */
export function isBridged({ script, bridge }: Vif): boolean {
  return bridge !== null || /(?:^|\/)vif-(?:bridge|openvswitch)$/.test(script);
}
