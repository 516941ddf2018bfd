import type { Allow, Dom0, DomU, Family, PortRange, Vif } from '../inventory/model.ts';
import { cidrOf, cidrsOf, holds } from './firewall-address.ts';
import { normalisePorts } from './ports.ts';

/** Our chains. Every back end calls them so. */
export const chains = {
  /** What is forwarded for the guests. */
  forward: 'XPUSH-FWD',
  /** What closed guests may send: return is yes. */
  out: 'XPUSH-OUT',
  /** Logs and drops, where the dom0 logs. */
  drop: 'XPUSH-DROP',
  /** Wrong senders. */
  spoof: 'XPUSH-SPOOF',
  /** Peers of pushing sessions; added to, never compared. */
  keep: 'XPUSH-KEEP',
} as const;

export type ChainName = (typeof chains)[keyof typeof chains];

/** dom0's filter for its guests in one address family, in no back end's words. */
export interface FirewallModel {
  readonly family: Family;
  /** All but XPUSH-KEEP, whose rules are `keepRules`; a chain comes before those that jump to it or after. */
  readonly chains: readonly ModelChain[];
  /** `drop`: what no chain decides is dropped; `leave`: the policy that is there stays. */
  readonly policy: 'leave' | 'drop';
  /** Whether XPUSH-KEEP must be there, since XPUSH-FWD jumps to it; else it can go. */
  readonly needsKeep: boolean;
}

export interface ModelChain {
  readonly name: ChainName;
  /**
   * Where packets enter it, before all other rules there; null: only by jumps of our own chains.
   * `prerouting`: before connection tracking (priority -300, iptables' raw table); nothing there accepts.
   */
  readonly entry: 'forward' | 'prerouting' | null;
  /** In order, none twice. The end of a chain is a return. */
  readonly rules: readonly FirewallRule[];
}

/** Holds for a packet when all that is not null or empty holds. */
export interface FirewallRule {
  /** CIDR of the model's family, as kernel tools print it (`192.168.0.9/32`); never the whole family. */
  readonly source: string | null;
  readonly destination: string | null;
  /** Interface by which it comes; a last `+` stands for any rest. */
  readonly iif: string | null;
  readonly oif: string | null;
  /** `icmp` is the family's own: ICMPv6 where the family is 6. */
  readonly proto: 'tcp' | 'udp' | 'icmp' | null;
  /** Sorted, not overlapping; of any number. Only with tcp and udp. */
  readonly sports: readonly PortRange[];
  readonly dports: readonly PortRange[];
  /** Numbers of ICMP or ICMPv6; `code` null: any. Only with icmp. */
  readonly icmp: { readonly type: number; readonly code: number | null } | null;
  /** As connection tracking has it; `established`: and related. */
  readonly state: 'new' | 'established' | null;
  /** Whether the route back to its source leads out of another interface than it came in by (iptables rpfilter --invert, nft fib). */
  readonly isAstray: boolean;
  /** Rate such as `5/minute` (second, minute, hour or day), with a burst of 5. */
  readonly limit: string | null;
  /** Shown beside the rule; any text: render what of it the back end can hold. */
  readonly comment: string | null;
  readonly verdict: Verdict;
}

export type Verdict =
  | { readonly kind: 'accept' | 'return' | 'drop' }
  /** Goes on with the next rule. */
  | { readonly kind: 'log'; readonly prefix: string }
  | { readonly kind: 'jump'; readonly chain: ChainName };

/**
 * What dom0 forwards for its guests. A guest with an `allow` list is closed in both directions but
 * for what is allowed, answers, and SSH from `admin` or from the pushing session's peer; a guest
 * without one is not filtered, and packets of other addresses fall through.
 *
 * Rules match addresses, not interfaces, so what a guest offers it offers to the uplink's side and
 * to the other guests alike; a packet between two closed guests must be allowed by both.
 */
export function firewallModel(dom0: Dom0, guests: readonly DomU[], family: Family): FirewallModel {
  const { admin, rules, policy, log } = dom0.firewall;
  const drop: Verdict = log === null ? { kind: 'drop' } : { kind: 'jump', chain: chains.drop };
  const outOfAll = rules.filter(isOut).flatMap((entry) => outRules(entry, null, family));
  const closed = guests.flatMap(({ vifs, allow }): readonly ClosedGuest[] => {
    if (allow === null) return [];
    const addresses = addressesOf(vifs, family);
    const out = allow.filter(isOut).flatMap((entry) => outRules(entry, addresses, family));
    return [{ addresses, allow, out, mayOpen: outOfAll.length + out.length > 0 }];
  });
  const unfiltered = guests.flatMap(({ vifs, allow }) =>
    allow === null ? addressesOf(vifs, family) : [],
  );

  const forward = [
    ...(dom0.antispoof ? [rule(jump(chains.spoof))] : []),
    rule({ kind: 'accept' }, { state: 'established' }),
    rule({ kind: 'accept' }, { proto: 'icmp', icmp: { type: 3, code: 4 } }),
    ...(admin === null ? [rule(jump(chains.keep))] : adminRules(cidrsOf(admin, family), closed)),
    ...closedRules(closed, rules, drop, family),
    ...(policy === 'drop' ? unfiltered.flatMap((each) => [from(each), to(each)]) : []),
  ];
  return {
    family,
    chains: [
      { name: chains.forward, entry: 'forward', rules: unique(forward) },
      ...(closed.some(({ mayOpen }) => mayOpen)
        ? [inner(chains.out, [...outOfAll, ...closed.flatMap(({ out }) => out), rule(drop)])]
        : []),
      ...(log === null ? [] : [inner(chains.drop, logRules(log))]),
      ...(dom0.antispoof ? [inner(chains.spoof, spoofRules(dom0, guests, family))] : []),
    ],
    policy,
    needsKeep: admin === null,
  };
}

/** Rules of XPUSH-KEEP: the peer (an address) reaches port 22 of the closed guests; none for one of the other family. */
export function keepRules(
  peer: string | null,
  guests: readonly DomU[],
  family: Family,
): readonly FirewallRule[] {
  const source = peer === null ? null : cidrOf(peer, family);
  if (source === null) return [];
  return guests
    .flatMap(({ vifs, allow }) => (allow === null ? [] : addressesOf(vifs, family)))
    .map((destination) => sshRule(source, destination));
}

/** A guest with an `allow` list. */
interface ClosedGuest {
  readonly addresses: readonly string[];
  readonly allow: readonly Allow[];
  /** Rules of XPUSH-OUT that are its own. */
  readonly out: readonly FirewallRule[];
  /** Whether anything new may leave it. */
  readonly mayOpen: boolean;
}

/** What closed guests may send and get; `rules` are those of the dom0. */
function closedRules(
  closed: readonly ClosedGuest[],
  rules: readonly Allow[],
  drop: Verdict,
  family: Family,
): readonly FirewallRule[] {
  const isIn = (entry: Allow): boolean => !isOut(entry);
  return [
    // What they may not send ends here, before anything that another guest offers.
    ...closed.flatMap(({ addresses, mayOpen }) =>
      addresses.map((source) => rule(mayOpen ? jump(chains.out) : drop, { source })),
    ),
    ...closed.flatMap(({ addresses, allow }) =>
      allow
        .filter(isIn)
        .flatMap((entry) => inRules(entry, within(addresses, entry.to, family), family)),
    ),
    ...rules.filter(isIn).flatMap((entry) => inRules(entry, cidrsOf(entry.to, family), family)),
    ...closed.flatMap(({ addresses }) =>
      addresses.map((destination) => rule(drop, { destination })),
    ),
    // What XPUSH-OUT returned and no closed guest refused.
    ...closed.flatMap(({ addresses, mayOpen }) => (mayOpen ? addresses.map(from) : [])),
  ];
}

function adminRules(
  admin: readonly string[],
  closed: readonly ClosedGuest[],
): readonly FirewallRule[] {
  const addresses = closed.flatMap((each) => each.addresses);
  return admin.flatMap((source) => addresses.map((each) => sshRule(source, each)));
}

const logRules = (limit: string): readonly FirewallRule[] => [
  rule({ kind: 'log', prefix: 'xpush closed: ' }, { limit }),
  rule({ kind: 'drop' }),
];

/**
 * Senders that can't be right: the uplink's side under a guest's address, and whatever else comes
 * out of a vif that has a name of its own (`vifname`). A vif without one is called anew at every
 * start of its guest (vif1.0, vif2.0), so which addresses are its own can't be said here.
 */
function spoofRules(dom0: Dom0, guests: readonly DomU[], family: Family): readonly FirewallRule[] {
  const vifs = guests.flatMap((guest) => guest.vifs);
  return [
    ...vifs.flatMap(({ ips, gatewaydev }) =>
      cidrsOf(ips, family).map((source) =>
        rule({ kind: 'drop' }, { source, iif: gatewaydev ?? dom0.uplink }),
      ),
    ),
    ...vifs.flatMap(({ ips, vifname }) =>
      vifname === null
        ? []
        : [
            ...cidrsOf(ips, family).map((source) =>
              rule({ kind: 'return' }, { source, iif: vifname }),
            ),
            rule({ kind: 'drop' }, { iif: vifname }),
          ],
    ),
  ];
}

function inRules(
  entry: Allow,
  destinations: readonly string[],
  family: Family,
): readonly FirewallRule[] {
  return ends(entry.from, family).flatMap((source) =>
    destinations.map((destination) => newRule(entry, { source, destination }, { kind: 'accept' })),
  );
}

/** New connections from `addresses`, null for all that come to the chain. */
function outRules(
  entry: Allow,
  addresses: readonly string[] | null,
  family: Family,
): readonly FirewallRule[] {
  const sources =
    addresses === null ? ends(entry.from, family) : within(addresses, entry.from, family);
  return sources.flatMap((source) =>
    ends(entry.to, family).map((destination) =>
      newRule(entry, { source, destination }, { kind: 'return' }),
    ),
  );
}

type Ends = Pick<FirewallRule, 'source' | 'destination'>;

/**
 * New connections of an entry between two ends. Without `--syn`: to connection tracking that begins
 * with these rules, every open session is new.
 */
function newRule(entry: Allow, ends: Ends, verdict: Verdict): FirewallRule {
  const { proto, comment } = entry;
  const hasPorts = proto !== 'icmp';
  return rule(verdict, {
    ...ends,
    proto,
    sports: hasPorts ? normalisePorts(entry.fromPorts) : [],
    dports: hasPorts ? normalisePorts(entry.ports) : [],
    state: 'new',
    comment,
  });
}

/** Those of the addresses that the list names; all, where it is empty. */
const within = (
  addresses: readonly string[],
  names: readonly string[],
  family: Family,
): readonly string[] =>
  names.length === 0
    ? addresses
    : addresses.filter((each) => cidrsOf(names, family).some((network) => holds(network, each)));

const addressesOf = (vifs: readonly Vif[], family: Family): readonly string[] =>
  vifs.flatMap(({ ips }) => cidrsOf(ips, family));

const isOut = (entry: Allow): boolean => entry.direction === 'out';

/** An empty list is anywhere; a list with nothing of this family is nowhere. */
const ends = (texts: readonly string[], family: Family): readonly (string | null)[] =>
  texts.length === 0 ? [null] : cidrsOf(texts, family);

const from = (source: string): FirewallRule => rule({ kind: 'accept' }, { source });

const to = (destination: string): FirewallRule => rule({ kind: 'accept' }, { destination });

/** Without `--syn` and state: sessions older than the connection tracking are let through too. */
const sshRule = (source: string, destination: string): FirewallRule =>
  rule(
    { kind: 'accept' },
    {
      source,
      destination,
      proto: 'tcp',
      dports: [{ first: 22, last: 22 }],
    },
  );

const jump = (chain: ChainName): Verdict => ({ kind: 'jump', chain });

const inner = (name: ChainName, rules: readonly FirewallRule[]): ModelChain => ({
  name,
  entry: null,
  rules: unique(rules),
});

function rule(verdict: Verdict, match: Partial<Omit<FirewallRule, 'verdict'>> = {}): FirewallRule {
  const { source = null, destination = null } = match;
  return {
    iif: null,
    oif: null,
    proto: null,
    sports: [],
    dports: [],
    icmp: null,
    state: null,
    isAstray: false,
    limit: null,
    comment: null,
    ...match,
    source: named(source),
    destination: named(destination),
    verdict,
  };
}

/** A whole family is any. */
const named = (network: string | null): string | null => (network?.endsWith('/0') ? null : network);

const unique = (rules: readonly FirewallRule[]): readonly FirewallRule[] => [
  ...new Map(rules.map((each) => [JSON.stringify(each), each])).values(),
];
