import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import type { MapEntry, SourceNode } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import type { Entry } from './entries.ts';
import { expandText } from './expand-ranges.ts';
import type { Findings } from './findings.ts';
import { textsOf, type WrittenText } from './merge-files.ts';
import type { Group } from './model.ts';
import { BUILT_IN_GROUPS } from './name-rules.ts';
import type { RawGroup } from './schema.ts';

/** What groups must know of a host before it is built. */
export interface Member {
  readonly name: string;
  readonly kind: 'dom0' | 'domU' | 'host';
  /** Of a domU; null otherwise. */
  readonly dom0: string | null;
  /** The `groups` of the host itself. */
  readonly groups: readonly WrittenText[];
}

/** The groups of a fleet with all their members. */
export interface Groups {
  readonly byName: ReadonlyMap<string, Group>;
  /** The groups of a host: built-in ones, then the user's from outer to inner. */
  ofHost(name: string): readonly string[];
  /** Where a group's variables were written; undefined when it has none. */
  varsOf(name: string): SourceNode | undefined;
}

/** What a run adds to a group. */
export interface AddedGroup {
  readonly place: Place;
  readonly hosts: ReadonlySet<string>;
  readonly children: ReadonlySet<string>;
}

interface Definition {
  readonly key: Place;
  readonly hosts: Set<string>;
  readonly children: Set<string>;
  readonly vars: SourceNode | undefined;
}

/** The built-in group of a dom0's guests; `@` keeps it apart from every name a user can write. */
function guestsGroup(dom0: string): string {
  return `domU@${dom0}`;
}

/**
 * Resolves who is in which group.
 *
 * @param section all groups as written, wrong ones included, for their names
 * @param added what groups, which are among the entries, have besides what is written
 */
export function buildGroups(
  entries: readonly Entry<RawGroup>[],
  section: ReadonlyMap<string, MapEntry>,
  members: readonly Member[],
  findings: Findings,
  added: ReadonlyMap<string, AddedGroup> = new Map(),
): Groups {
  const builtIn = builtInGroups(members);
  const known = { hosts: new Set(members.map(({ name }) => name)), section, builtIn };
  const definitions = new Map<string, Definition>();
  for (const entry of entries) definitions.set(entry.name, define(entry, known, findings));
  for (const [name, { hosts, children }] of added) {
    for (const host of hosts) definitions.get(name)?.hosts.add(host);
    for (const child of children) definitions.get(name)?.children.add(child);
  }
  for (const member of members) joinOwnGroups(member, definitions, known, findings);
  const order = outerToInner(definitions, findings);

  const memberships = new Map<string, ReadonlySet<string>>(builtIn);
  // Innermost first, so that the members of all children are known.
  for (const name of order.toReversed()) {
    const { hosts, children } = definitions.get(name) ?? { hosts: [], children: [] };
    const ofChildren = [...children].flatMap((child) => [...(memberships.get(child) ?? [])]);
    memberships.set(name, new Set([...hosts, ...ofChildren]));
  }
  const groupsOfHost = new Map<string, string[]>(members.map(({ name }) => [name, []]));
  for (const name of [...builtIn.keys(), ...order]) {
    for (const host of memberships.get(name) ?? []) groupsOfHost.get(host)?.push(name);
  }
  const place = new Map(members.map(({ name }, index) => [name, index]));
  const inOrder = (name: string): string[] =>
    [...(memberships.get(name) ?? [])].toSorted(
      (left, right) => (place.get(left) ?? 0) - (place.get(right) ?? 0),
    );
  const byName = new Map<string, Group>();
  for (const name of [...builtIn.keys(), ...definitions.keys()]) {
    const children = [...(definitions.get(name)?.children ?? [])];
    byName.set(name, { name, hosts: inOrder(name), children });
  }
  return {
    byName,
    ofHost: (host) => groupsOfHost.get(host) ?? [],
    varsOf: (name) => definitions.get(name)?.vars,
  };
}

interface Known {
  readonly hosts: ReadonlySet<string>;
  readonly section: ReadonlyMap<string, MapEntry>;
  readonly builtIn: ReadonlyMap<string, ReadonlySet<string>>;
}

function builtInGroups(members: readonly Member[]): Map<string, Set<string>> {
  const groups = new Map(BUILT_IN_GROUPS.map((name) => [name, new Set<string>()]));
  for (const { name, kind } of members) {
    if (kind === 'dom0') groups.set(guestsGroup(name), new Set());
    groups.get('all')?.add(name);
    groups.get(kind)?.add(name);
  }
  for (const { name, dom0 } of members) if (dom0 !== null) groups.get(guestsGroup(dom0))?.add(name);
  return groups;
}

function define({ raw, node, key }: Entry<RawGroup>, known: Known, findings: Findings): Definition {
  const isList = Array.isArray(raw);
  const hosts = isList ? listedTexts(node) : textsOf(node, 'hosts');
  const children = isList ? [] : textsOf(node, 'children');
  return {
    key,
    hosts: new Set(hosts.flatMap((written) => hostsNamed(written, known, findings))),
    children: new Set(children.flatMap((written) => groupNamed(written, known, findings))),
    vars: node.kind === 'map' ? node.entries.get('vars')?.value : undefined,
  };
}

function listedTexts(node: SourceNode): WrittenText[] {
  if (node.kind !== 'list') return [];
  return node.items.flatMap((item) =>
    item.kind === 'scalar' && typeof item.value === 'string'
      ? [{ text: item.value, place: item.place }]
      : [],
  );
}

function hostsNamed({ text, place }: WrittenText, known: Known, findings: Findings): string[] {
  const expansion = expandText(text);
  if (expansion !== null && 'bad' in expansion) {
    findings.add(place, expansion.bad.message, expansion.bad.hint);
    return [];
  }
  return (expansion?.texts ?? [text]).filter((name) => {
    if (known.hosts.has(name)) return true;
    const isGroup = known.section.has(name) || known.builtIn.has(name);
    const hint = isGroup
      ? `${quoted(name)} is a group: write it under children`
      : didYouMean(name, known.hosts);
    findings.add(place, `unknown host ${quoted(name)}`, hint);
    return false;
  });
}

function groupNamed({ text, place }: WrittenText, known: Known, findings: Findings): string[] {
  if (known.section.has(text) || known.builtIn.has(text)) return [text];
  const hint = known.hosts.has(text)
    ? `${quoted(text)} is a host: write it under hosts`
    : didYouMean(text, [...known.section.keys(), ...known.builtIn.keys()]);
  findings.add(place, `unknown group ${quoted(text)}`, hint);
  return [];
}

function joinOwnGroups(
  member: Member,
  definitions: ReadonlyMap<string, Definition>,
  known: Known,
  findings: Findings,
): void {
  for (const { text, place } of member.groups) {
    const definition = definitions.get(text);
    if (definition !== undefined) definition.hosts.add(member.name);
    else if (known.builtIn.has(text)) {
      findings.add(place, `${quoted(text)} is a built-in group, and nothing can join it`);
    } else if (!known.section.has(text)) {
      const hint = didYouMean(text, known.section.keys());
      findings.add(place, `unknown group ${quoted(text)}`, hint ?? `add it: groups: { ${text}: }`);
    }
  }
}

/** The user's groups, each after all that hold it; circles are among the findings. */
function outerToInner(
  definitions: ReadonlyMap<string, Definition>,
  findings: Findings,
): readonly string[] {
  const done = new Set<string>();
  const innerFirst: string[] = [];
  const visit = (name: string, above: readonly string[]): void => {
    const definition = definitions.get(name);
    if (definition === undefined || done.has(name)) return;
    const from = above.indexOf(name);
    if (from !== -1) {
      const circle = fromFirst(above.slice(from), [...definitions.keys()]);
      const key = definitions.get(circle[0] ?? name)?.key ?? definition.key;
      findings.add(key, `the groups go in a circle: ${[...circle, circle[0]].join(' -> ')}`);
      return;
    }
    for (const child of [...definition.children].toReversed()) visit(child, [...above, name]);
    if (!done.has(name)) innerFirst.push(name);
    done.add(name);
  };
  for (const name of [...definitions.keys()].toReversed()) visit(name, []);
  return innerFirst.toReversed();
}

/** A circle, turned so that it begins with the name that comes first in `order`. */
function fromFirst(circle: readonly string[], order: readonly string[]): readonly string[] {
  const start = Math.max(0, circle.indexOf(order.find((name) => circle.includes(name)) ?? ''));
  return [...circle.slice(start), ...circle.slice(0, start)];
}
