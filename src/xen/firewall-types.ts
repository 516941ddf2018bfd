import type { Family, PortRange } from '../inventory/model.ts';

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

/** A rule of what is said, and any of all else; a network that is its whole family is any too. */
export function rule(
  verdict: Verdict,
  match: Partial<Omit<FirewallRule, 'verdict'>> = {},
): FirewallRule {
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

const named = (network: string | null): string | null => (network?.endsWith('/0') ? null : network);

export const accept: Verdict = { kind: 'accept' };

export const drop: Verdict = { kind: 'drop' };

export const jump = (chain: ChainName): Verdict => ({ kind: 'jump', chain });
