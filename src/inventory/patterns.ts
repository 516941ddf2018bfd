import { nearest } from '../source/did-you-mean.ts';
import { matchesIn, SlowPattern } from '../source/matches-in-time.ts';
import { readPattern } from '../source/python-pattern.ts';
import { quoted } from '../source/quoted.ts';
import { expandText } from './expand-ranges.ts';
import { globMatcher, isGlob } from './glob.ts';
import { type GroupPlaces, groupPlaces, outside } from './group-places.ts';
import type { Host, Inventory } from './model.ts';
import { BUILT_IN_GROUPS } from './name-rules.ts';

const LONGEST_PATTERN = 65_536;

/** The hosts that a pattern names, or why it names none. */
export type Selection =
  | { readonly ok: true; readonly hosts: readonly Host[] }
  | { readonly ok: false; readonly message: string; readonly hint: string | null };

interface Term {
  readonly use: 'add' | 'intersect' | 'exclude';
  readonly text: string;
}

type Names =
  | { readonly ok: true; readonly names: ReadonlySet<string> }
  | { readonly ok: false; readonly message: string; readonly hint: string | null };

/**
 * Selects hosts for `--limit` and for a play's `hosts`.
 *
 * Terms are parted by `,` or `:`; each is a host, a group, a range `xen[01:09]`, or a glob with
 * `*`, `?` and `[a-c]` over the names of hosts and of the user's groups, or `~` with a regular
 * expression for how these begin, or a group with a place in it, `web[0]`, `web[1:]`, as in
 * Ansible. A term with `&` before it
 * keeps only what it names too, one with `!` takes away what it names; both apply after all others,
 * wherever they stand, and alone they start from all hosts.
 *
 * A term that names nothing is an error; a group may be empty.
 *
 * @param isExpected whether something of that name, or that this glob matches, may come to be
 */
export function selectHosts(
  inventory: Inventory,
  pattern: string | readonly string[],
  isExpected: (name: string) => boolean = () => false,
): Selection {
  const texts = typeof pattern === 'string' ? [pattern] : pattern;
  if (texts.some((text) => text.length > LONGEST_PATTERN)) {
    return { ok: false, message: 'the host pattern is too long', hint: null };
  }
  const terms = texts.flatMap(parseTerms);
  if (terms.length === 0)
    return { ok: false, message: 'the host pattern is empty', hint: 'write all for every host' };
  const startsFromAll = terms.every(({ use }) => use !== 'add');
  const selected = new Set<string>(startsFromAll ? inventory.hosts.keys() : []);
  for (const use of ['add', 'intersect', 'exclude'] as const) {
    for (const { text } of terms.filter((term) => term.use === use)) {
      const found = namesOf(text, inventory);
      const named: Names =
        found.ok || !isExpected(text) ? found : { ok: true, names: new Set<string>() };
      if (!named.ok) return named;
      if (use === 'add') for (const name of named.names) selected.add(name);
      else {
        for (const name of selected)
          if (named.names.has(name) === (use === 'exclude')) selected.delete(name);
      }
    }
  }
  return {
    ok: true,
    hosts: [...inventory.hosts.values()].filter(({ name }) => selected.has(name)),
  };
}

/** Splits at commas and colons outside brackets; those of a regular expression may be round or curly, too. */
function parseTerms(pattern: string): Term[] {
  const texts = [''];
  let depth = 0;
  for (const character of pattern) {
    const isExpression = /^\s*[&!]?\s*~/.test(texts.at(-1) ?? '');
    if (character === '[' || (isExpression && '({'.includes(character))) depth += 1;
    if (character === ']' || (isExpression && ')}'.includes(character))) {
      depth = Math.max(0, depth - 1);
    }
    if (depth === 0 && (character === ',' || character === ':')) texts.push('');
    else texts.push((texts.pop() ?? '') + character);
  }
  return texts
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => {
      if (text.startsWith('&')) return { use: 'intersect', text: text.slice(1).trim() };
      if (text.startsWith('!')) return { use: 'exclude', text: text.slice(1).trim() };
      return { use: 'add', text };
    });
}

function namesOf(text: string, inventory: Inventory): Names {
  if (text.startsWith('~')) return byExpression(text, inventory);
  const group = inventory.groups.get(text);
  if (inventory.hosts.has(text)) return { ok: true, names: new Set([text]) };
  if (group !== undefined) return { ok: true, names: new Set(group.hosts) };
  const places = groupPlaces(text, inventory.groups);
  return places === null ? byName(text, inventory) : byPlace(text, places, inventory);
}

function byName(text: string, inventory: Inventory): Names {
  const range = expandText(text);
  if (range !== null)
    return 'bad' in range ? { ok: false, ...range.bad } : allOf(range.texts, inventory);
  return isGlob(text) ? matching(text, globMatcher(text), inventory) : unknown(text, inventory);
}

/** What names hosts of a group and other hosts, too, is not guessed at. */
function byPlace(text: string, { group, hosts }: GroupPlaces, inventory: Inventory): Names {
  const range = expandText(text);
  const texts = range !== null && 'texts' in range ? range.texts : [];
  const matches = globMatcher(text);
  const called = [...inventory.hosts.keys()].filter(
    (name) => texts.includes(name) || (range === null && matches(name)),
  );
  if (hosts === null && called.length === 0) {
    return { ok: false, message: outside(text, group), hint: null };
  }
  if (hosts === null) return byName(text, inventory);
  const named = new Set([...hosts, ...called]);
  const isSame = named.size === hosts.length && named.size === called.length;
  if (called.length === 0 || isSame) return { ok: true, names: new Set(hosts) };
  const message = `${quoted(text)} are hosts of the group ${group.name} by their places (${someOf(hosts)}), and hosts of that name (${someOf(called)})`;
  return { ok: false, message, hint: 'write the names of those that are meant' };
}

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown}, ...` : shown || 'none';
}

function allOf(texts: readonly string[], inventory: Inventory): Names {
  const missing = texts.find((text) => !inventory.hosts.has(text));
  return missing === undefined ? { ok: true, names: new Set(texts) } : unknown(missing, inventory);
}

/** re.match() of Python: from the beginning, not to the end. */
function byExpression(text: string, inventory: Inventory): Names {
  const names = [...inventory.hosts.keys(), ...inventory.groups.keys()];
  const wrong = (why: string): Names => {
    return { ok: false, message: `${quoted(text)} finds no hosts: ${why}`, hint: null };
  };
  const read = readPattern(text.slice(1));
  if ('problem' in read) return wrong(read.problem);
  const { source, flags } = read.expression;
  try {
    const found = matchesIn(names, new RegExp(`^(?:${source})`, flags));
    const matched = new Set(names.filter((_, index) => (found[index] ?? []).length > 0));
    return matching(text, (name) => matched.has(name), inventory);
  } catch (error) {
    if (!(error instanceof SlowPattern)) throw error;
    return wrong(error.message);
  }
}

function matching(text: string, matches: (name: string) => boolean, inventory: Inventory): Names {
  const names = new Set<string>();
  let isFound = false;
  for (const name of inventory.hosts.keys()) {
    if (matches(name)) names.add(name);
  }
  for (const group of inventory.groups.values()) {
    // `d*` must not select the whole fleet by way of the groups dom0 and domU.
    if (isBuiltIn(group.name) || !matches(group.name)) continue;
    isFound = true;
    for (const name of group.hosts) names.add(name);
  }
  if (isFound || names.size > 0) return { ok: true, names };
  return { ok: false, message: `no host or group matches ${quoted(text)}`, hint: null };
}

function unknown(text: string, inventory: Inventory): Names {
  const meant = nearest(text, [...inventory.hosts.keys(), ...inventory.groups.keys()]);
  const hint = meant === null ? null : `did you mean "${meant}"?`;
  return { ok: false, message: `no host or group is called ${quoted(text)}`, hint };
}

function isBuiltIn(name: string): boolean {
  return BUILT_IN_GROUPS.includes(name) || name.includes('@');
}
