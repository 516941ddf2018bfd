import type { ChainsState } from '../host/query.ts';
import type { Family } from '../inventory/model.ts';
import { chains } from '../xen/firewall-types.ts';
import type { DraftAllow, DraftFirewall } from './draft.ts';
import { type ReadRule, readRule } from './rule-words.ts';

/** A guest as a firewall sees it. */
export interface Filtered {
  readonly name: string;
  readonly ips: readonly string[];
}

/** What a dom0's chains say: entries by guest (absent: not filtered), and the dom0's own. */
export interface ReadFirewall {
  readonly allow: ReadonlyMap<string, readonly DraftAllow[]>;
  readonly firewall: DraftFirewall;
}

interface OwnRules {
  readonly family: Family;
  readonly forward: readonly ReadRule[];
  readonly out: readonly ReadRule[];
  /** As `30/min`; null: it does not log. */
  readonly limit: string | null;
  readonly hasSpoof: boolean;
}

/** Whether xpush's chain is there. */
export function hasOwnChains(state: ChainsState | null): boolean {
  return state?.chains.has(chains.forward) ?? false;
}

/**
 * Reads xpush's own chains back into what an inventory would say of them; null when a rule is none of
 * ours. Whether that is all they say is for the caller to prove: compile it, and compare.
 */
export function readOwnChains(
  states: { readonly 4: ChainsState | null; readonly 6: ChainsState | null },
  guests: readonly Filtered[],
  isPolicyOurs: boolean,
): ReadFirewall | null {
  const read = ([4, 6] as const).map((family) => ownRules(states[family], family));
  if (read.includes(null)) return null;
  const families = read.flatMap((one) => (one === null || one === 'none' ? [] : [one]));
  const allow = new Map<string, readonly DraftAllow[]>();
  const rest = families.map(({ forward, out }) => ({ forward: [...forward], out: [...out] }));
  for (const { name, ips } of guests) {
    const closed = families.filter(({ forward }) =>
      forward.some((rule) => isClosing(rule) && ips.some((ip) => isHost(rule.destination, ip))),
    );
    if (closed.length === 0) continue;
    const lists = families.map((one, index) => {
      const own = ips.filter((ip) => ip.includes(':') === (one.family === 6));
      const left = rest[index];
      return left === undefined ? [] : entriesOf(left, own);
    });
    allow.set(name, mergeFamilies(lists, ips));
  }
  const [first] = families;
  return {
    allow,
    firewall: {
      policy: isPolicyOurs ? 'drop' : null,
      admin: adminOf(families),
      log: rateOf(first?.limit ?? null),
      antispoof: families.some(({ hasSpoof }) => hasSpoof),
      rules: rest.flatMap((left) => restEntries(left)),
    },
  };
}

function ownRules(state: ChainsState | null, family: Family): OwnRules | 'none' | null {
  if (state === null || !state.chains.has(chains.forward)) return 'none';
  const read = (name: string) => (state.chains.get(name) ?? []).map(readRule);
  const all = {
    forward: read(chains.forward),
    out: read(chains.out),
  };
  const logging = (state.chains.get(chains.drop) ?? []).find((rule) => / -j LOG /.test(rule));
  const known = (rules: readonly (ReadRule | null)[]) => rules.flatMap((rule) => rule ?? []);
  const isKnown = (rules: readonly (ReadRule | null)[]) => !rules.includes(null);
  if (![all.forward, all.out].every(isKnown)) return null;
  return {
    family,
    forward: known(all.forward),
    out: known(all.out),
    limit: /--limit (\S+)/.exec(logging ?? '')?.[1] ?? null,
    hasSpoof: state.chains.has(`raw/${chains.spoof}`),
  };
}

/**
 * Addresses of closed guests in the order of their chains, which is that of the inventory they were
 * compiled from: another order would be other chains.
 */
export function closedInOrder(chain: ChainsState | null): readonly string[] {
  return (chain?.chains.get(chains.forward) ?? []).flatMap((text) => {
    const rule = readRule(text);
    return rule !== null && isClosing(rule) && rule.destination !== null
      ? [shortNetwork(rule.destination)]
      : [];
  });
}

const isClosing = ({ target, states, proto }: ReadRule): boolean =>
  (target === 'DROP' || target === chains.drop) && states.length === 0 && proto === null;

const isHost = (network: string | null, ip: string): boolean =>
  network === `${ip}/${ip.includes(':') ? 128 : 32}`;

const isNew = ({ states }: ReadRule): boolean => states.length === 1 && states[0] === 'NEW';

interface Left {
  readonly forward: ReadRule[];
  readonly out: ReadRule[];
}

/** Takes the rules of a guest with these addresses out of what is left. */
function entriesOf(left: Left, ips: readonly string[]): readonly DraftAllow[] {
  const take = (rules: ReadRule[], isIts: (rule: ReadRule) => boolean): ReadRule[] => {
    // one run of them: what comes again later is the dom0's own
    const first = rules.findIndex(isIts);
    if (first < 0) return [];
    const end = rules.findIndex((rule, index) => index > first && !isIts(rule));
    return rules.splice(first, (end < 0 ? rules.length : end) - first);
  };
  const inside = take(
    left.forward,
    (rule) =>
      rule.target === 'ACCEPT' && isNew(rule) && ips.some((ip) => isHost(rule.destination, ip)),
  );
  const outside = take(
    left.out,
    (rule) => rule.target === 'RETURN' && isNew(rule) && ips.some((ip) => isHost(rule.source, ip)),
  );
  return [...products(inside, 'in', ips), ...products(outside, 'out', ips)];
}

/** What no guest's list has: entries of the dom0. */
function restEntries({ forward, out }: Left): readonly DraftAllow[] {
  const inside = forward.filter((rule) => rule.target === 'ACCEPT' && isNew(rule));
  const outside = out.filter((rule) => rule.target === 'RETURN' && isNew(rule));
  return [...products(inside, 'in', null), ...products(outside, 'out', null)];
}

/** Runs of rules that differ only in their ends, as the entries that they were compiled from. */
function products(
  rules: readonly ReadRule[],
  direction: 'in' | 'out',
  own: readonly string[] | null,
): readonly DraftAllow[] {
  const runs: ReadRule[][] = [];
  for (const rule of rules) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && keyOf(run[0]) === keyOf(rule)) run.push(rule);
    else runs.push([rule]);
  }
  return runs.flatMap((run) => {
    const sources = [...new Set(run.map(({ source }) => source))];
    const destinations = [...new Set(run.map(({ destination }) => destination))];
    const isProduct =
      sources.length * destinations.length === run.length &&
      run.every(
        (rule, index) =>
          rule.source === sources[Math.floor(index / destinations.length)] &&
          rule.destination === destinations[index % destinations.length],
      );
    if (!isProduct)
      return run.map((rule) => entry(rule, direction, [rule.source], [rule.destination], own));
    const [first] = run;
    return first === undefined ? [] : [entry(first, direction, sources, destinations, own)];
  });
}

const keyOf = ({ proto, sports, dports, comment }: ReadRule): string =>
  JSON.stringify([proto, sports, dports, comment]);

function entry(
  rule: ReadRule,
  direction: 'in' | 'out',
  sources: readonly (string | null)[],
  destinations: readonly (string | null)[],
  own: readonly string[] | null,
): DraftAllow {
  const texts = (ends: readonly (string | null)[], isOwn: boolean) => {
    const named = ends.flatMap((end) => end ?? []);
    const isAll = isOwn && own?.every((ip) => named.some((one) => isHost(one, ip)));
    return isAll ? [] : named.map(shortNetwork);
  };
  const proto = rule.proto === 'udp' || rule.proto === 'icmp' ? rule.proto : 'tcp';
  return {
    proto,
    ports: rule.dports,
    from: texts(sources, direction === 'out'),
    fromPorts: rule.sports,
    direction,
    to: texts(destinations, direction === 'in'),
    comment: rule.comment,
  };
}

/** `192.168.0.9` of `192.168.0.9/32`. */
function shortNetwork(network: string): string {
  return network.replace(/\/(?:32|128)$/, (length, offset: number, text: string) =>
    (length === '/128') === text.slice(0, offset).includes(':') ? '' : length,
  );
}

/** One list of what each family has: entries that differ only in their ends' family are one. */
function mergeFamilies(
  lists: readonly (readonly DraftAllow[])[],
  ips: readonly string[],
): readonly DraftAllow[] {
  const [first = [], second = []] = lists;
  const isDual = ips.some((ip) => ip.includes(':')) && ips.some((ip) => !ip.includes(':'));
  const others = [...second];
  const merged: DraftAllow[] = [];
  for (const one of first) {
    const index = others.findIndex((other) => areTwins(one, other));
    const [other] = index < 0 ? [] : others.splice(index, 1);
    merged.push(
      other === undefined
        ? limited(one, 4, isDual, ips)
        : {
            ...one,
            from: [...one.from, ...other.from],
            to: [...one.to, ...other.to],
          },
    );
  }
  return [...merged, ...others.map((one) => limited(one, 6, isDual, ips))];
}

function areTwins(a: DraftAllow, b: DraftAllow): boolean {
  const key = ({ proto, ports, fromPorts, direction, comment, from, to }: DraftAllow) =>
    JSON.stringify([proto, ports, fromPorts, direction, comment, from.length > 0, to.length > 0]);
  return key(a) === key(b);
}

/** An entry for anywhere is for both families: one that only one of them has names its addresses. */
function limited(
  allow: DraftAllow,
  family: Family,
  isDual: boolean,
  ips: readonly string[],
): DraftAllow {
  if (!isDual || allow.from.length > 0 || allow.to.length > 0) return allow;
  const own = ips.filter((ip) => ip.includes(':') === (family === 6));
  return allow.direction === 'in' ? { ...allow, to: own } : { ...allow, from: own };
}

/** Who may reach port 22, whatever else is said; null: the chain of the pushing sessions decides. */
function adminOf(families: readonly OwnRules[]): readonly string[] | null {
  const rules = families.flatMap(({ forward }) => forward);
  if (rules.some(({ target }) => target === chains.keep)) return null;
  const admin = rules.filter(
    ({ target, dports, states, source }) =>
      target === 'ACCEPT' && dports.join() === '22' && states.length === 0 && source !== null,
  );
  return [...new Set(admin.flatMap(({ source }) => source ?? []))].map(shortNetwork);
}

const units: Readonly<Record<string, string>> = {
  sec: 'second',
  min: 'minute',
  hour: 'hour',
  day: 'day',
};

function rateOf(limit: string | null): string | null {
  const [, count, unit = ''] = /^(\d+)\/(sec|min|hour|day)/.exec(limit ?? '') ?? [];
  return count === undefined ? null : `${count}/${units[unit]}`;
}
