import type { ChainsState } from '../host/query.ts';
import type { DraftAllow } from './draft.ts';
import type { Filtered } from './own-chains.ts';
import { type ReadRule, readRule } from './rule-words.ts';

/** What rules of FORWARD let pass to a guest; null with a remark where that is not understood. */
export interface ForwardSeen {
  readonly allow: ReadonlyMap<string, readonly DraftAllow[]>;
  readonly remarks: readonly string[];
}

/**
 * Reads a hand-made FORWARD chain of IPv4 that is closed by its policy: rules that accept new
 * connections to an address from ports to ports, their answers, and nothing else of these guests.
 * A guest with any other rule is left out, with the rule.
 */
export function readForwardChain(
  state: ChainsState,
  guests: readonly Filtered[],
  uplink: string,
): ForwardSeen {
  const lines = state.chains.get('FORWARD') ?? [];
  if (state.policies.get('FORWARD') !== 'DROP') {
    const remark = `FORWARD has ${countOf(lines.length)} and lets all else pass: nothing is taken from them`;
    return { allow: new Map(), remarks: lines.length === 0 ? [] : [remark] };
  }
  const rules = lines.map((text) => ({ text, rule: readRule(text) }));
  const unknown = rules.find(({ rule }) => rule === null);
  if (unknown !== undefined) {
    const remark = `FORWARD drops by its policy, but for what is not understood: ${unknown.text}`;
    return { allow: new Map(), remarks: [remark] };
  }
  const allow = new Map<string, readonly DraftAllow[]>();
  const remarks: string[] = [];
  for (const { name, ips } of guests) {
    const own = ips.filter((ip) => !ip.includes(':'));
    const inside: (ReadRule & { readonly ip: string })[] = [];
    let strange: string | null = null;
    const replies: { readonly text: string; readonly rule: ReadRule }[] = [];
    for (const { text, rule } of rules) {
      if (rule === null || isAnswer(rule)) continue;
      const to = own.find((ip) => rule.destination === `${ip}/32`);
      const from = own.find((ip) => rule.source === `${ip}/32`);
      if (to !== undefined && from === undefined && isOffer(rule, uplink)) {
        inside.push({ ...rule, ip: to });
      } else if (from !== undefined && to === undefined && isReply(rule, uplink)) {
        replies.push({ text, rule });
      } else if (concerns(rule, own)) strange ??= text;
    }
    const served = inside.flatMap(({ dports }) => dports);
    const opening = replies.find(({ rule }) => !rule.sports.every((port) => served.includes(port)));
    strange ??= opening?.text ?? null;
    if (strange !== null) {
      remarks.push(`${name}: a rule of FORWARD is not understood: ${strange}`);
      continue;
    }
    allow.set(name, offers(inside, own));
    if (replies.length > 0) {
      remarks.push(
        `${name}: rules of FORWARD let it open connections from the ports that it serves; allow does not`,
      );
    }
  }
  return { allow, remarks };
}

const countOf = (rules: number): string => (rules === 1 ? '1 rule' : `${rules} rules`);

/** Of whatever guest: what belongs to connections that passed before. */
function isAnswer({ states, target }: ReadRule): boolean {
  return target === 'ACCEPT' && states.length > 0 && !states.includes('NEW');
}

function isOffer(rule: ReadRule, uplink: string): boolean {
  return (
    rule.target === 'ACCEPT' &&
    (rule.proto === 'tcp' || rule.proto === 'udp') &&
    (rule.iif === null || rule.iif === uplink) &&
    rule.oif === null &&
    rule.icmp === null &&
    rule.limit === null
  );
}

/** What leaves from ports that are offered, back to where connections come from. */
function isReply(rule: ReadRule, uplink: string): boolean {
  return (
    rule.target === 'ACCEPT' &&
    rule.proto !== null &&
    rule.sports.length > 0 &&
    (rule.oif === null || rule.oif === uplink) &&
    rule.iif === null &&
    rule.limit === null
  );
}

/** Whether a rule may be about packets of these addresses. */
function concerns({ source, destination }: ReadRule, ips: readonly string[]): boolean {
  const isOther = (network: string | null): boolean =>
    network?.endsWith('/32') === true && !ips.some((ip) => network === `${ip}/32`);
  return !isOther(source) && !isOther(destination);
}

/** Rules of many addresses and ports as few entries: what has the same ports is one. */
function offers(
  rules: readonly (ReadRule & { readonly ip: string })[],
  own: readonly string[],
): readonly DraftAllow[] {
  const cells = rules.flatMap(({ ip, proto, source, sports, dports }) =>
    orAny(sports).flatMap((sport) =>
      orAny(dports).map((dport) => ({
        rest: JSON.stringify([proto, source]),
        ...{ ip, sport, dport },
      })),
    ),
  );
  const bySport = collect(
    cells,
    ({ rest, ip, dport }) => [rest, ip, dport],
    ({ sport }) => sport,
  );
  const byPorts = collect(
    bySport,
    ({ key: [rest, ip], values }) => [rest, ip, values.join()],
    ({ key }) => key[2] ?? '',
  );
  const byAddress = collect(
    byPorts,
    ({ key: [rest, , sports], values }) => [rest, sports, values.join()],
    ({ key }) => key[1] ?? '',
  );
  return byAddress.map(({ key: [rest = '', sports = '', dports = ''], values: ips }) => {
    const [proto, source]: readonly unknown[] = JSON.parse(rest);
    return {
      proto: proto === 'udp' ? 'udp' : 'tcp',
      ports: portsOf(dports),
      from: typeof source === 'string' ? [source.replace(/\/32$/, '')] : [],
      fromPorts: portsOf(sports),
      direction: 'in',
      to: own.every((ip) => ips.includes(ip)) ? [] : ips,
      comment: null,
    };
  });
}

const any = '*';
const orAny = (ports: readonly string[]): readonly string[] => (ports.length === 0 ? [any] : ports);
const portsOf = (joined: string): readonly string[] =>
  joined.split(',').includes(any) ? [] : joined.split(',');

/** The values of each key, without repetitions, in the order of their first. */
function collect<One>(
  all: readonly One[],
  keyOf: (one: One) => readonly (string | undefined)[],
  textOf: (one: One) => string,
): readonly { readonly key: readonly string[]; readonly values: readonly string[] }[] {
  const found = new Map<string, { readonly key: readonly string[]; readonly values: string[] }>();
  for (const one of all) {
    const key = keyOf(one).map((part) => part ?? '');
    const text = JSON.stringify(key);
    const group = found.get(text) ?? { key, values: [] };
    found.set(text, group);
    const value = textOf(one);
    if (!group.values.includes(value)) group.values.push(value);
  }
  return [...found.values()];
}
