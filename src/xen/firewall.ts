import { contains, parseSubnet, type Subnet } from '../inventory/ipv4.ts';
import type { Allow, Dom0, DomU, Vif } from '../inventory/model.ts';
import { addressWords, allowRules, limitWords, type RuleMatch } from './firewall-rule.ts';

/** Our chains in dom0's filter table. */
export const chains = {
  /** Jumped to from FORWARD. */
  forward: 'XPUSH-FWD',
  /** What closed guests may send: RETURN is yes. */
  out: 'XPUSH-OUT',
  /** Logs and drops, where the dom0 logs. */
  drop: 'XPUSH-DROP',
  /** Wrong senders. */
  spoof: 'XPUSH-SPOOF',
  /** Peers of pushing sessions; added to, never compared. */
  keep: 'XPUSH-KEEP',
} as const;

/** dom0's filter for its guests, in the words of iptables-save. */
export interface DesiredFirewall {
  /** Chain -> all its rules, without `-A CHAIN `; XPUSH-KEEP is not among them. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Chains that come to be the first rule of a built-in chain. */
  readonly jumps: readonly { readonly from: string; readonly to: string }[];
  /** Built-in chains whose policy is ours to set. */
  readonly policies: ReadonlyMap<string, 'ACCEPT' | 'DROP'>;
  /** Whether XPUSH-KEEP must be there, because XPUSH-FWD jumps to it; else it can go. */
  readonly needsKeep: boolean;
}

/**
 * What dom0 forwards for its guests (IPv4). A guest with an `allow` list is closed in both
 * directions but for what is allowed, answers, and SSH from `admin` or from the pushing session's
 * peer; a guest without one is not filtered, and packets of other addresses fall through.
 *
 * Rules match addresses, not interfaces, so what a guest offers it offers to the uplink's side and
 * to the other guests alike; a packet between two closed guests must be allowed by both.
 */
export function desiredFirewall(dom0: Dom0, guests: readonly DomU[]): DesiredFirewall {
  const { admin, rules, policy, log } = dom0.firewall;
  const drop = log === null ? 'DROP' : chains.drop;
  const outOfAll = rules.filter(isOut).flatMap((entry) => outRules(entry, null));
  const closed = guests.flatMap(({ vifs, allow }): readonly ClosedGuest[] => {
    if (allow === null) return [];
    const addresses = addressesOf(vifs);
    const out = allow.filter(isOut).flatMap((entry) => outRules(entry, addresses));
    return [{ addresses, allow, out, mayOpen: outOfAll.length + out.length > 0 }];
  });
  const unfiltered = guests.flatMap(({ vifs, allow }) => (allow === null ? addressesOf(vifs) : []));

  const forward = [
    ...(dom0.antispoof ? [`-j ${chains.spoof}`] : []),
    '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-p icmp -m icmp --icmp-type 3/4 -j ACCEPT',
    ...(admin === null ? [`-j ${chains.keep}`] : adminRules(admin, closed)),
    ...closedRules(closed, rules, drop),
    ...(policy === 'drop' ? unfiltered.flatMap((each) => [from(each), to(each)]) : []),
  ];
  return {
    chains: new Map([
      [chains.forward, unique(forward)],
      ...chain(
        chains.out,
        closed.some(({ mayOpen }) => mayOpen),
        [...outOfAll, ...closed.flatMap(({ out }) => out), `-j ${drop}`],
      ),
      ...(log === null ? [] : [[chains.drop, logRules(log)] as const]),
      ...chain(chains.spoof, dom0.antispoof, spoofRules(dom0, guests)),
    ]),
    jumps: [{ from: 'FORWARD', to: chains.forward }],
    policies: new Map(policy === 'drop' ? [['FORWARD', 'DROP']] : []),
    needsKeep: admin === null,
  };
}

/** A guest with an `allow` list. */
interface ClosedGuest {
  readonly addresses: readonly Subnet[];
  readonly allow: readonly Allow[];
  /** Rules of XPUSH-OUT that are its own. */
  readonly out: readonly string[];
  /** Whether anything new may leave it. */
  readonly mayOpen: boolean;
}

/** What closed guests may send and get; `rules` are those of the dom0. */
function closedRules(
  closed: readonly ClosedGuest[],
  rules: readonly Allow[],
  drop: string,
): readonly string[] {
  const isIn = (entry: Allow): boolean => !isOut(entry);
  return [
    // What they may not send ends here, before anything that another guest offers.
    ...closed.flatMap(({ addresses, mayOpen }) =>
      addresses.map((source) => rule({ source, destination: null }, mayOpen ? chains.out : drop)),
    ),
    ...closed.flatMap(({ addresses, allow }) =>
      allow.filter(isIn).flatMap((entry) => inRules(entry, within(addresses, entry.to))),
    ),
    ...rules.filter(isIn).flatMap((entry) => inRules(entry, ipv4(entry.to))),
    ...closed.flatMap(({ addresses }) =>
      addresses.map((destination) => rule({ source: null, destination }, drop)),
    ),
    // What XPUSH-OUT returned and no closed guest refused.
    ...closed.flatMap(({ addresses, mayOpen }) => (mayOpen ? addresses.map(from) : [])),
  ];
}

function adminRules(admin: readonly string[], closed: readonly ClosedGuest[]): readonly string[] {
  const addresses = closed.flatMap((each) => each.addresses);
  return ipv4(admin).flatMap((source) => addresses.map((each) => sshRule(source, each)));
}

const logRules = (rate: string): readonly string[] => [
  `${limitWords(rate)} -j LOG --log-prefix "xpush closed: "`,
  '-j DROP',
];

/** Rules to add to XPUSH-KEEP, so that the pushing session's peer reaches the closed guests' port 22. */
export function missingKeepRules(
  existing: readonly string[],
  peer: string | null,
  guests: readonly DomU[],
): readonly string[] {
  const sources = ipv4(peer === null ? [] : [peer]);
  const closed = guests.flatMap(({ vifs, allow }) => (allow === null ? [] : addressesOf(vifs)));
  return sources
    .flatMap((source) => closed.map((each) => sshRule(source, each)))
    .filter((wanted) => !existing.includes(wanted));
}

/**
 * Senders that can't be right: the uplink's side under a guest's address, and whatever else comes
 * out of a vif that has a name of its own (`vifname`). A vif without one is called anew at every
 * start of its guest (vif1.0, vif2.0), so which addresses are its own can't be said here.
 */
function spoofRules(dom0: Dom0, guests: readonly DomU[]): readonly string[] {
  const vifs = guests.flatMap((guest) => guest.vifs);
  const fromAddress = (source: Subnet): string =>
    addressWords({ source, destination: null }).join(' ');
  return [
    ...vifs.flatMap(({ ips, gatewaydev }) =>
      ipv4(ips).map((source) => `${fromAddress(source)} -i ${gatewaydev ?? dom0.uplink} -j DROP`),
    ),
    ...vifs.flatMap(({ ips, vifname }) =>
      vifname === null
        ? []
        : [
            ...ipv4(ips).map((source) => `${fromAddress(source)} -i ${vifname} -j RETURN`),
            `-i ${vifname} -j DROP`,
          ],
    ),
  ];
}

function inRules(entry: Allow, destinations: readonly Subnet[]): readonly string[] {
  return ends(entry.from).flatMap((source) =>
    destinations.flatMap((destination) => allowRules(entry, { source, destination }, 'ACCEPT')),
  );
}

/** New connections from `addresses`, null for all that come to the chain. */
function outRules(entry: Allow, addresses: readonly Subnet[] | null): readonly string[] {
  const sources = addresses === null ? ends(entry.from) : within(addresses, entry.from);
  return sources.flatMap((source) =>
    ends(entry.to).flatMap((destination) => allowRules(entry, { source, destination }, 'RETURN')),
  );
}

/** Those of the addresses that the list names; all, where it is empty. */
const within = (addresses: readonly Subnet[], names: readonly string[]): readonly Subnet[] =>
  names.length === 0
    ? addresses
    : addresses.filter((each) => ipv4(names).some((network) => contains(network, each.first)));

const addressesOf = (vifs: readonly Vif[]): readonly Subnet[] =>
  vifs.flatMap(({ ips }) => ipv4(ips));

const isOut = (entry: Allow): boolean => entry.direction === 'out';

/** Those of the other family are left out. */
const ipv4 = (texts: readonly string[]): readonly Subnet[] =>
  texts.flatMap((text) => parseSubnet(text) ?? []);

/** An empty list is anywhere; a list with nothing of this family is nowhere. */
const ends = (texts: readonly string[]): readonly (Subnet | null)[] =>
  texts.length === 0 ? [null] : ipv4(texts);

const rule = (match: RuleMatch, target: string): string =>
  [...addressWords(match), '-j', target].join(' ');

const from = (source: Subnet): string => rule({ source, destination: null }, 'ACCEPT');

const to = (destination: Subnet): string => rule({ source: null, destination }, 'ACCEPT');

/** Without `--syn` and state: sessions older than the connection tracking are let through too. */
const sshRule = (source: Subnet, destination: Subnet): string =>
  `${addressWords({ source, destination }).join(' ')} -p tcp -m tcp --dport 22 -j ACCEPT`;

const chain = (
  name: string,
  isThere: boolean,
  rules: readonly string[],
): readonly (readonly [string, readonly string[]])[] => (isThere ? [[name, unique(rules)]] : []);

const unique = (rules: readonly string[]): readonly string[] => [...new Set(rules)];
