import type { Dom0, DomU, Family } from '../inventory/model.ts';
import { cidrOf, cidrsOf } from './firewall-address.ts';
import {
  addressesOf,
  type ClosedGuest,
  closedGuests,
  closedRules,
  outOfAll,
} from './firewall-guests.ts';
import { spoofRules } from './firewall-spoof.ts';
import {
  accept,
  chains,
  drop,
  type FirewallModel,
  type FirewallRule,
  jump,
  type ModelChain,
  rule,
} from './firewall-types.ts';

export {
  type ChainName,
  chains,
  type FirewallModel,
  type FirewallRule,
  type ModelChain,
  type Verdict,
} from './firewall-types.ts';

/** What the dom0's kernel can do. */
export interface KernelAbilities {
  /** Whether it compares a packet's interface with the way back to its sender (Linux 3.3). */
  readonly hasReversePath: boolean;
}

const today: KernelAbilities = { hasReversePath: true };

/** The filter of each family that it is about: IPv6 only where a guest has such an address. */
export function firewallModels(
  dom0: Dom0,
  guests: readonly DomU[],
  kernel: KernelAbilities = today,
): readonly FirewallModel[] {
  const has6 = guests.some(({ vifs }) => addressesOf(vifs, 6).length > 0);
  const families = has6 ? ([4, 6] as const) : ([4] as const);
  return families.map((family) => firewallModel(dom0, guests, family, kernel));
}

/**
 * What dom0 forwards for its guests. A guest with an `allow` list is closed in both directions but
 * for what is allowed, answers, and SSH from `admin` or from the pushing session's peer; a guest
 * without one is not filtered, and packets of other addresses fall through.
 *
 * Rules match addresses, not interfaces, so what a guest offers it offers to the uplink's side and
 * to the other guests alike; a packet between two closed guests must be allowed by both.
 */
export function firewallModel(
  dom0: Dom0,
  guests: readonly DomU[],
  family: Family,
  { hasReversePath }: KernelAbilities = today,
): FirewallModel {
  const { admin, rules, policy, log } = dom0.firewall;
  const dropping = log === null ? drop : jump(chains.drop);
  const closed = closedGuests(guests, rules, family);
  const unfiltered = guests.flatMap(({ vifs, allow }) =>
    allow === null ? addressesOf(vifs, family) : [],
  );

  const spoof = dom0.antispoof ? spoofRules(dom0, guests, family, hasReversePath) : null;
  const forward = [
    rule(accept, { state: 'established' }),
    ...alwaysPass[family].map((icmp) => rule(accept, { proto: 'icmp', icmp })),
    ...(admin === null ? [rule(jump(chains.keep))] : adminRules(cidrsOf(admin, family), closed)),
    ...closedRules(closed, rules, dropping, family),
    ...(policy === 'drop'
      ? unfiltered.flatMap((each) => [
          rule(accept, { source: each }),
          rule(accept, { destination: each }),
        ])
      : []),
  ];
  const out = [...outOfAll(rules, family), ...closed.flatMap((guest) => guest.out), rule(dropping)];
  return {
    family,
    chains: [
      ...(spoof === null ? [] : [chain(chains.spoof, 'prerouting', spoof)]),
      chain(chains.forward, 'forward', forward),
      ...(closed.some(({ mayOpen }) => mayOpen) ? [chain(chains.out, null, out)] : []),
      ...(log === null ? [] : [chain(chains.drop, null, logRules(log))]),
    ],
    policy,
    needsKeep: admin === null,
  };
}

/**
 * Rules of XPUSH-KEEP: the peer (an address, perhaps an IPv4 one written as IPv6, RFC 4291 2.5.5.2)
 * reaches port 22 of the closed guests; none for one of the other family.
 */
export function keepRules(
  peer: string | null,
  guests: readonly DomU[],
  family: Family,
): readonly FirewallRule[] {
  const source = peer === null ? null : cidrOf(peer.replace(/^::ffff:(?=[\d.]+$)/, ''), family);
  if (source === null) return [];
  return guests
    .flatMap(({ vifs, allow }) => (allow === null ? [] : addressesOf(vifs, family)))
    .map((destination) => sshRule(source, destination));
}

/**
 * Path MTU discovery needs the first of each. The others are neighbour discovery, which is not routed,
 * but crosses bridges whose packets the kernel shows to ip6tables (RFC 4890, 4.3 and 4.4).
 */
const alwaysPass = {
  4: [{ type: 3, code: 4 }],
  6: [2, 133, 134, 135, 136].map((type) => ({ type, code: null })),
} as const;

function adminRules(
  admin: readonly string[],
  closed: readonly ClosedGuest[],
): readonly FirewallRule[] {
  const addresses = closed.flatMap((each) => each.addresses);
  return admin.flatMap((source) => addresses.map((each) => sshRule(source, each)));
}

/** Without `--syn` and state: sessions older than the connection tracking are let through too. */
const sshRule = (source: string, destination: string): FirewallRule =>
  rule(accept, { source, destination, proto: 'tcp', dports: [{ first: 22, last: 22 }] });

const logRules = (limit: string): readonly FirewallRule[] => [
  rule({ kind: 'log', prefix: 'xpush closed: ' }, { limit }),
  rule(drop),
];

const chain = (
  name: ModelChain['name'],
  entry: ModelChain['entry'],
  rules: readonly FirewallRule[],
): ModelChain => ({
  name,
  entry,
  rules: [...new Map(rules.map((each) => [JSON.stringify(each), each])).values()],
});
