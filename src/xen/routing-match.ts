import type { RoutingOperation } from '../host/change.ts';
import type { Route, Rule } from '../host/query.ts';

/** Words of `ip route` and `ip rule` that say nothing about where a packet goes. */
const neutralWords = /\b(?:proto \S+|pref \S+|onlink)(?= |$)/g;

function meaning(rest: string): string {
  return rest.replace(neutralWords, '').replace(/ +/g, ' ').trim();
}

/** `192.0.2.1` is `192.0.2.1/32` to the kernel, and `2001:db8::1` `2001:db8::1/128`. */
function asNetwork(selector: string | null): string | null {
  return selector === null || selector === 'all' || selector.includes('/')
    ? selector
    : `${selector}/${selector.includes(':') ? 128 : 32}`;
}

const sameScope = (a: string | null, b: string | null): boolean =>
  (a ?? 'global') === (b ?? 'global');

/** Equal but for words that change no packet's way. */
export function isSameRoute(a: Route, b: Route): boolean {
  return (
    a.table === b.table &&
    a.destination === b.destination &&
    a.via === b.via &&
    a.dev === b.dev &&
    sameScope(a.scope, b.scope) &&
    a.src === b.src &&
    (a.metric ?? 0) === (b.metric ?? 0) &&
    meaning(a.rest) === meaning(b.rest)
  );
}

/** Whether the kernel would find `present` where `wanted` goes: same table, destination and metric. */
export function isInWayOf(present: Route, wanted: Route): boolean {
  return (
    present.table === wanted.table &&
    present.destination === wanted.destination &&
    (present.metric ?? 0) === (wanted.metric ?? 0) &&
    !isWithTypeOfService(present)
  );
}

/** Whether the route is for packets of one type of service only. */
export function isWithTypeOfService({ rest }: Route): boolean {
  return /\b(?:tos|dsfield)\b/.test(rest);
}

/**
 * Whether everything that `loose` says is true of `route`, so that deleting the one can hit the other;
 * of IPv6 the kernel does not ask for the source (ip6_route_del).
 */
export function isLooser(loose: Route, route: Route): boolean {
  return (
    (loose.via === null || loose.via === route.via) &&
    (loose.dev === null || loose.dev === route.dev) &&
    (loose.src === null || loose.src === route.src || loose.destination.includes(':'))
  );
}

/** Equal but for words that change no packet's way. */
export function isSameRule(a: Rule, b: Rule): boolean {
  return (
    a.priority === b.priority &&
    a.table === b.table &&
    asNetwork(a.from) === asNetwork(b.from) &&
    asNetwork(a.to) === asNetwork(b.to) &&
    a.iif === b.iif &&
    a.oif === b.oif &&
    meaning(a.rest) === meaning(b.rest)
  );
}

/**
 * The one of equal rules or routes that stays. A network manager that starts on ours adds its own, as
 * systemd-networkd does, and would do so again at each start: its own stays.
 */
export function stayingOf<T extends { readonly rest: string }>(equal: readonly T[]): T | undefined {
  return equal.find(({ rest }) => /\bproto static\b/.test(rest)) ?? equal[0];
}

/** Whether `ip rule del` of the one removes the other if it comes first: what isn't named matches all. */
function isHitBy(rule: Rule, deleted: Rule): boolean {
  return (
    rule.priority === deleted.priority &&
    rule.table === deleted.table &&
    (deleted.from === 'all' || asNetwork(deleted.from) === asNetwork(rule.from)) &&
    (deleted.to === null || asNetwork(deleted.to) === asNetwork(rule.to)) &&
    (deleted.iif === null || deleted.iif === rule.iif) &&
    (deleted.oif === null || deleted.oif === rule.oif) &&
    (meaning(deleted.rest) === '' || meaning(deleted.rest) === meaning(rule.rest))
  );
}

/**
 * Deletes our rules that are not wanted, duplicates included. The kernel deletes the first rule that
 * has the named properties, which may be a wanted one: such a rule is added again.
 * `present` is in the kernel's order; `added` are the rules that the plan adds before.
 */
export function planRuleRemovals(
  present: readonly Rule[],
  added: readonly Rule[],
  wanted: readonly Rule[],
  isOwn: (rule: Rule) => boolean,
): readonly RoutingOperation[] {
  const kept = wanted.map((rule) => stayingOf(present.filter((each) => isSameRule(each, rule))));
  const left = [
    ...present.map((rule) => ({ rule, isStale: isOwn(rule) && !kept.includes(rule) })),
    ...added.map((rule) => ({ rule, isStale: false })),
  ];
  const deletions: RoutingOperation[] = [];
  const lost: Rule[] = [];
  for (;;) {
    const stale = left.find((each) => each.isStale);
    if (stale === undefined) break;
    deletions.push({ verb: 'delete', object: 'rule', rule: stale.rule });
    const first = left.find((each) => isHitBy(each.rule, stale.rule)) ?? stale;
    const hit = isSameRule(first.rule, stale.rule) ? stale : first;
    if (!hit.isStale) lost.push(hit.rule);
    left.splice(left.indexOf(hit), 1);
  }
  return [...deletions, ...lost.map((rule) => ({ verb: 'add', object: 'rule', rule }) as const)];
}
