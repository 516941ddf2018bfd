import { quoted } from '../source/quoted.ts';
import type { MapEntry, SourceNode } from '../source/source-node.ts';
import { type Place, placeName } from '../source/source-text.ts';
import type { Findings } from './findings.ts';

const MOST_HOSTS_FROM_RANGES = 20_000;
const RANGE = /\[(\d{1,9}):(\d{1,9})\]/g;

/** Why a text with ranges cannot be expanded. */
export interface BadRange {
  readonly message: string;
  readonly hint: string | null;
}

/** A text with ranges, as the list of texts it stands for; null when it holds no range. */
export type Expansion = { readonly texts: readonly string[] } | { readonly bad: BadRange } | null;

/**
 * Expands `xen[01:50]` into `xen01` ... `xen50`: numbers are padded when the first is. Several
 * ranges in one text advance together and must be of the same length.
 */
export function expandText(text: string): Expansion {
  const ranges = [...text.matchAll(RANGE)].map((match) => ({
    written: match[0],
    from: match[1] ?? '',
    to: match[2] ?? '',
  }));
  const [first] = ranges;
  if (first === undefined) return null;
  const length = lengthOf(first);
  for (const range of ranges) {
    const bad = badRange(range);
    if (bad !== null) return { bad };
    if (lengthOf(range) !== length) {
      const message = `the ranges of ${quoted(text)} have ${length} and ${lengthOf(range)} values`;
      return { bad: { message, hint: 'ranges advance in step: make them equally long' } };
    }
  }
  return { texts: Array.from({ length }, (_, index) => nth(text, index)) };
}

/** Expands the hosts of a section whose names hold ranges, their values in step. */
export function expandEntries(
  section: ReadonlyMap<string, MapEntry>,
  findings: Findings,
): ReadonlyMap<string, MapEntry> {
  const expanded = new Map<string, MapEntry>();
  let made = 0;
  for (const [name, entry] of section) {
    const names = expandText(name);
    if (names !== null && 'bad' in names) {
      findings.add(entry.key, names.bad.message, names.bad.hint);
      continue;
    }
    const texts = names?.texts ?? [name];
    made += names === null ? 0 : texts.length;
    if (made > MOST_HOSTS_FROM_RANGES) {
      findings.add(entry.key, `host ranges make more than ${MOST_HOSTS_FROM_RANGES} hosts`);
      break;
    }
    if (names !== null && !isInStep(entry.value, texts.length, name, findings)) continue;
    texts.forEach((text, index) => {
      const value = names === null ? entry.value : nthNode(entry.value, index);
      addOnce(expanded, text, { key: entry.key, value }, findings);
    });
  }
  return expanded;
}

function addOnce(
  expanded: Map<string, MapEntry>,
  name: string,
  entry: MapEntry,
  findings: Findings,
): void {
  const first = expanded.get(name);
  if (first === undefined) expanded.set(name, entry);
  else
    findings.add(entry.key, `${quoted(name)} is written twice`, `first at ${placeName(first.key)}`);
}

/** Whether all ranges inside a host's value are as long as the one of its name. */
function isInStep(node: SourceNode, length: number, name: string, findings: Findings): boolean {
  if (node.kind === 'list') {
    return node.items.map((item) => isInStep(item, length, name, findings)).every(Boolean);
  }
  if (node.kind === 'map') {
    return [...node.entries.values()]
      .map(({ value }) => isInStep(value, length, name, findings))
      .every(Boolean);
  }
  if (node.kind === 'secret') return true;
  const expansion = typeof node.value === 'string' ? expandText(node.value) : null;
  if (expansion === null || ('texts' in expansion && expansion.texts.length === length))
    return true;
  const { message, hint } =
    'bad' in expansion
      ? expansion.bad
      : outOfStep(node.place, name, length, expansion.texts.length);
  findings.add(node.place, message, hint);
  return false;
}

function outOfStep(place: Place, name: string, wanted: number, found: number): BadRange {
  const written = place.source.text.slice(place.start, place.end);
  return {
    message: `${written} has ${found} values, and ${quoted(name)} has ${wanted}`,
    hint: 'ranges expand in step: make them equally long',
  };
}

function nthNode(node: SourceNode, index: number): SourceNode {
  if (node.kind === 'list') {
    const items = node.items.map((item) => nthNode(item, index));
    return items.every((item, at) => item === node.items[at]) ? node : { ...node, items };
  }
  if (node.kind === 'map') {
    let isSame = true;
    const entries = new Map<string, MapEntry>();
    for (const [key, entry] of node.entries) {
      const value = nthNode(entry.value, index);
      isSame &&= value === entry.value;
      entries.set(key, { key: entry.key, value });
    }
    return isSame ? node : { ...node, entries };
  }
  if (node.kind === 'secret') return node;
  if (typeof node.value !== 'string' || !node.value.includes('[')) return node;
  const value = nth(node.value, index);
  return value === node.value ? node : { ...node, value };
}

function nth(text: string, index: number): string {
  return text.replace(RANGE, (_, from: string) => {
    const width = from.startsWith('0') ? from.length : 0;
    return String(Number(from) + index).padStart(width, '0');
  });
}

function lengthOf({ from, to }: { from: string; to: string }): number {
  return Number(to) - Number(from) + 1;
}

function badRange(range: { written: string; from: string; to: string }): BadRange | null {
  const { written, from, to } = range;
  if (lengthOf(range) < 1)
    return { message: `the range ${written} ends before it begins`, hint: null };
  if (lengthOf(range) > MOST_HOSTS_FROM_RANGES) {
    return {
      message: `the range ${written} has more than ${MOST_HOSTS_FROM_RANGES} values`,
      hint: null,
    };
  }
  const isPadded = from.length > 1 && from.startsWith('0');
  if (!isPadded || from.length === to.length) return null;
  const width = Math.max(from.length, to.length);
  return {
    message: `the ends of the range ${written} are padded differently`,
    hint: `did you mean [${from.padStart(width, '0')}:${to.padStart(width, '0')}]?`,
  };
}
