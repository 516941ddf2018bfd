import type { Allow, Dom0, DomU, Family, Vif } from '../inventory/model.ts';
import { normalisePorts } from '../inventory/port-ranges.ts';
import { cidrsOf, holds } from './firewall-address.ts';
import { accept, chains, type FirewallRule, jump, rule, type Verdict } from './firewall-types.ts';

/** A guest with an `allow` list, in one family. */
export interface ClosedGuest {
  readonly addresses: readonly string[];
  readonly allow: readonly Allow[];
  /** Rules of XPUSH-OUT that are its own. */
  readonly out: readonly FirewallRule[];
  /** Whether anything new may leave it. */
  readonly mayOpen: boolean;
}

/** The guests with an `allow` list; `rules` are those of the dom0. */
export function closedGuests(
  guests: readonly DomU[],
  rules: readonly Allow[],
  family: Family,
): readonly ClosedGuest[] {
  const hasOut = outOfAll(rules, family).length > 0;
  return guests.flatMap(({ vifs, allow }) => {
    if (allow === null) return [];
    const addresses = addressesOf(vifs, family);
    const out = allow.filter(isOut).flatMap((entry) => outRules(entry, addresses, family));
    return [{ addresses, allow, out, mayOpen: hasOut || out.length > 0 }];
  });
}

/** What closed guests may send and get. */
export function closedRules(
  closed: readonly ClosedGuest[],
  rules: readonly Allow[],
  dropping: Verdict,
  family: Family,
): readonly FirewallRule[] {
  const isIn = (entry: Allow): boolean => !isOut(entry);
  return [
    // What they may not send ends here, before anything that another guest offers.
    ...closed.flatMap(({ addresses, mayOpen }) =>
      addresses.map((source) => rule(mayOpen ? jump(chains.out) : dropping, { source })),
    ),
    ...closed.flatMap(({ addresses, allow }) =>
      allow
        .filter(isIn)
        .flatMap((entry) => inRules(entry, within(addresses, entry.to, family), family)),
    ),
    ...rules.filter(isIn).flatMap((entry) => inRules(entry, cidrsOf(entry.to, family), family)),
    ...closed.flatMap(({ addresses }) =>
      addresses.map((destination) => rule(dropping, { destination })),
    ),
    // What XPUSH-OUT returned and no closed guest refused.
    ...closed.flatMap(({ addresses, mayOpen }) =>
      mayOpen ? addresses.map((source) => rule(accept, { source })) : [],
    ),
  ];
}

/** The dom0's own entries of what all closed guests may send. */
export function outOfAll(
  rules: Dom0['firewall']['rules'],
  family: Family,
): readonly FirewallRule[] {
  return rules.filter(isOut).flatMap((entry) => outRules(entry, null, family));
}

/** Addresses of one family, as networks of one. */
export function addressesOf(vifs: readonly Vif[], family: Family): readonly string[] {
  return vifs.flatMap(({ ips }) => cidrsOf(ips, family));
}

function inRules(
  entry: Allow,
  destinations: readonly string[],
  family: Family,
): readonly FirewallRule[] {
  return ends(entry.from, family).flatMap((source) =>
    destinations.map((destination) => newRule(entry, { source, destination }, accept)),
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

const isOut = (entry: Allow): boolean => entry.direction === 'out';

/** An empty list is anywhere; a list with nothing of this family is nowhere. */
const ends = (texts: readonly string[], family: Family): readonly (string | null)[] =>
  texts.length === 0 ? [null] : cidrsOf(texts, family);
