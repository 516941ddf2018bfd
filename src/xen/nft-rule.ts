import type { Family } from '../inventory/model.ts';
import { normalisePorts } from '../inventory/port-ranges.ts';
import type { FirewallRule, Verdict } from './firewall-model.ts';
import { addressWords, portWords } from './nft-sets.ts';

/** A rule in the words of nft. */
export interface NftRule {
  readonly text: string;
  /** Whether its words hold for packets of one family only. */
  readonly isOfFamily: boolean;
}

/**
 * The rules of a chain in the words and the order in which `nft -s list` prints them (1.0). Neighbours
 * that differ in one respect become one rule with a set of values (or few, one for each network and
 * range besides): a packet finds the same verdict there, but goes past one rule in place of many.
 */
export function nftRules(rules: readonly FirewallRule[], family: Family): readonly NftRule[] {
  let wide: readonly WideRule[] = rules.map((rule) => ({
    ...rule,
    sources: rule.source === null ? [] : [rule.source],
    destinations: rule.destination === null ? [] : [rule.destination],
    icmps: rule.icmp === null ? [] : [rule.icmp],
  }));
  for (const mergeInto of [mergeDestinations, mergeSources, mergePorts, mergeIcmp]) {
    wide = mergeNeighbours(wide, mergeInto);
  }
  return wide.flatMap((rule) =>
    texts(rule, family).map((text) => ({
      text,
      isOfFamily: rule.sources.length > 0 || rule.destinations.length > 0 || rule.proto === 'icmp',
    })),
  );
}

/** A rule for several ends; an empty list is any. */
interface WideRule extends FirewallRule {
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  readonly icmps: readonly NonNullable<FirewallRule['icmp']>[];
}

/** One rule for both, or null when no rule says the same. */
type Merge = (a: WideRule, b: WideRule) => WideRule | null;

const mergeDestinations: Merge = (a, b) =>
  a.destinations.length > 0 && b.destinations.length > 0 && isSame(a, b, 'destinations')
    ? { ...a, destination: null, destinations: [...a.destinations, ...b.destinations] }
    : null;

const mergeSources: Merge = (a, b) =>
  a.sources.length > 0 && b.sources.length > 0 && isSame(a, b, 'sources')
    ? { ...a, source: null, sources: [...a.sources, ...b.sources] }
    : null;

const mergePorts: Merge = (a, b) =>
  a.dports.length > 0 && b.dports.length > 0 && isSame(a, b, 'dports')
    ? { ...a, dports: normalisePorts([...a.dports, ...b.dports]) }
    : null;

const mergeIcmp: Merge = (a, b) =>
  a.icmps.length > 0 &&
  b.icmps.length > 0 &&
  [...a.icmps, ...b.icmps].every(({ code }) => code === null) &&
  isSame(a, b, 'icmps')
    ? { ...a, icmp: null, icmps: [...a.icmps, ...b.icmps] }
    : null;

function mergeNeighbours(rules: readonly WideRule[], merge: Merge): readonly WideRule[] {
  const result: WideRule[] = [];
  for (const rule of rules) {
    const before = result.at(-1);
    const merged = before === undefined || !isMergeable(rule) ? null : merge(before, rule);
    if (merged === null) result.push(rule);
    else result.splice(-1, 1, merged);
  }
  return result;
}

/** What counts packets or speaks of them would do so in another way. */
const isMergeable = ({ limit, verdict }: FirewallRule): boolean =>
  limit === null && verdict.kind !== 'log';

/** Whether two rules say the same but for one respect. */
function isSame(
  a: WideRule,
  b: WideRule,
  but: 'sources' | 'destinations' | 'dports' | 'icmps',
): boolean {
  const rest = (rule: WideRule): string =>
    JSON.stringify({ ...rule, source: null, destination: null, icmp: null, [but]: null });
  return rest(a) === rest(b);
}

function texts(rule: WideRule, family: Family): readonly string[] {
  const { sources, destinations, proto, sports, dports, icmps, limit } = rule;
  const ip = family === 4 ? 'ip' : 'ip6';
  const hasPorts = sports.length + dports.length > 0;
  const parts = [
    interfaceWords('iifname', rule.iif),
    interfaceWords('oifname', rule.oif),
    sources.length === 0 ? [] : addressWords(sources).map((one) => `${ip} saddr ${one}`),
    destinations.length === 0 ? [] : addressWords(destinations).map((one) => `${ip} daddr ${one}`),
    sports.length === 0 ? [] : portWords(sports).map((one) => `${proto} sport ${one}`),
    dports.length === 0 ? [] : portWords(dports).map((one) => `${proto} dport ${one}`),
    proto === null || hasPorts ? [] : protocolWords(proto, icmps, family),
    stateWords(rule.state),
    rule.isAstray ? ['fib saddr . iif oif missing'] : [],
    limit === null ? [] : [`limit rate ${limit}`],
    verdictWords(rule.verdict),
    commentWords(rule.comment),
  ];
  // every way to take one word of each part that has some
  return parts
    .filter((part) => part.length > 0)
    .reduce<readonly string[]>(
      (begun, part) => begun.flatMap((one) => part.map((word) => `${one} ${word}`.trimStart())),
      [''],
    );
}

/** A name; a last `+` is iptables' word for any rest, and `*` nft's. */
function interfaceWords(key: 'iifname' | 'oifname', name: string | null): readonly string[] {
  if (name === null || name === '+') return [];
  if (/["\\\n*]/.test(name)) throw new Error(`not the name of an interface: ${name}`);
  return [`${key} "${name.replace(/\+$/, '*')}"`];
}

/** Names that nft prints for the types and codes of our rules (nft(8)). */
const icmpTypes = {
  4: new Map([[3, 'destination-unreachable']]),
  6: new Map([
    [2, 'packet-too-big'],
    [133, 'nd-router-solicit'],
    [134, 'nd-router-advert'],
    [135, 'nd-neighbor-solicit'],
    [136, 'nd-neighbor-advert'],
  ]),
} as const;
const icmpCodes = { 4: new Map([[4, 'frag-needed']]), 6: new Map<number, string>() } as const;

function protocolWords(
  proto: 'tcp' | 'udp' | 'icmp',
  icmps: WideRule['icmps'],
  family: Family,
): readonly string[] {
  const name = proto === 'icmp' && family === 6 ? 'ipv6-icmp' : proto;
  const [first] = icmps;
  if (first === undefined) return [`meta l4proto ${name}`];
  const key = family === 4 ? 'icmp' : 'icmpv6';
  const types = icmps
    .toSorted((a, b) => a.type - b.type)
    .map(({ type }) => icmpTypes[family].get(type) ?? `${type}`);
  const { code } = first;
  const codeName = code === null ? null : (icmpCodes[family].get(code) ?? `${code}`);
  const type = `${key} type ${types.length > 1 ? `{ ${types.join(', ')} }` : types.join()}`;
  return [codeName === null ? type : `${type} ${key} code ${codeName}`];
}

function stateWords(state: FirewallRule['state']): readonly string[] {
  if (state === null) return [];
  return [state === 'new' ? 'ct state new' : 'ct state established,related'];
}

function verdictWords(verdict: Verdict): readonly string[] {
  switch (verdict.kind) {
    case 'accept':
    case 'return':
    case 'drop':
      return [verdict.kind];
    case 'log':
      return [`log prefix "${plain(verdict.prefix)}"`];
    case 'jump':
      return [`jump ${verdict.chain}`];
  }
}

/** The kernel keeps 127 bytes of a comment (libnftnl, NFTNL_UDATA_COMMENT_MAXLEN). */
const commentLimit = 127;

function commentWords(comment: string | null): readonly string[] {
  const text = plain(comment ?? '').slice(0, commentLimit);
  return text.trim() === '' ? [] : [`comment "${text}"`];
}

/** What may stand between two `"`, where nothing can be escaped. */
function plain(text: string): string {
  return text.replaceAll('"', "'").replace(/[^ -~]/g, '?');
}
