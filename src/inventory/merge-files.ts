import { quoted } from '../source/quoted.ts';
import type { MapEntry, SourceNode } from '../source/source-node.ts';
import { type Place, placeName } from '../source/source-text.ts';
import { validate } from '../source/validate.ts';
import type { Findings } from './findings.ts';
import { fileSchema } from './schema.ts';

const MAP_SECTIONS = [
  'networks',
  'dom0',
  'domU',
  'hosts',
  'groups',
  'vars',
  'ssh',
  'safety',
] as const;

/** A part of an inventory that several files may contribute to. */
export type SectionName = (typeof MAP_SECTIONS)[number];

/** A text of the user's and where it was written. */
export interface WrittenText {
  readonly text: string;
  readonly place: Place;
}

/** All files of an inventory as one: sections of the same name are joined. */
export interface MergedFiles {
  readonly sections: ReadonlyMap<SectionName, ReadonlyMap<string, MapEntry>>;
  /** Playbooks as written, each with its place. */
  readonly playbooks: readonly WrittenText[];
  /** The `become` of all hosts. */
  readonly become: SourceNode | null;
}

/** Joins the files of an inventory; a name in two of them is an error that says both places. */
export function mergeFiles(roots: readonly SourceNode[], findings: Findings): MergedFiles {
  const sections = new Map<SectionName, Map<string, MapEntry>>();
  const playbooks: WrittenText[] = [];
  let become: MapEntry | null = null;
  for (const root of roots) {
    if (isNothing(root)) continue;
    if (root.kind === 'list') {
      const hint = 'a list is a playbook, which comes after it: xpush apply INVENTORY PLAYBOOK';
      findings.add(root.place, 'an inventory is a map, and this is a list', hint);
    } else findings.take(validate(fileSchema, root));
    if (root.kind !== 'map') continue;
    for (const name of MAP_SECTIONS) {
      const joined = sections.get(name) ?? new Map<string, MapEntry>();
      sections.set(name, joined);
      join(joined, root.entries.get(name)?.value, findings);
    }
    playbooks.push(...textsOf(root, 'playbook'));
    const own = root.entries.get('become') ?? null;
    if (own !== null && become !== null) addTwice('become', own, become, findings);
    become ??= own;
  }
  return { sections, playbooks, become: become?.value ?? null };
}

/** The texts of a key that takes one text or a list of them, each with its place. */
export function textsOf(map: SourceNode, key: string): WrittenText[] {
  const node = map.kind === 'map' ? map.entries.get(key)?.value : undefined;
  const items = node?.kind === 'list' ? node.items : [node];
  return items.flatMap((item) =>
    item?.kind === 'scalar' && typeof item.value === 'string'
      ? [{ text: item.value, place: item.place }]
      : [],
  );
}

function join(
  joined: Map<string, MapEntry>,
  section: SourceNode | undefined,
  findings: Findings,
): void {
  if (section?.kind !== 'map') return;
  for (const [name, entry] of section.entries) {
    const first = joined.get(name);
    if (first === undefined) joined.set(name, entry);
    else addTwice(name, entry, first, findings);
  }
}

function isNothing(node: SourceNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function addTwice(name: string, { key }: MapEntry, first: MapEntry, findings: Findings): void {
  const hint = `first at ${placeName(first.key)}`;
  findings.add(key, `${quoted(name)} is written in two files`, hint);
}
