import type { Data } from './data.ts';
import { Secret } from './secret.ts';
import type { Place } from './source-text.ts';

/** Data of the user's that knows where each part of it was written. */
export type SourceNode = ScalarNode | SecretNode | ListNode | MapNode;

/** A text, number, boolean or nothing. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly place: Place;
}

/** A value that is shown to nobody; what is at its place only says where it is from. */
export interface SecretNode {
  readonly kind: 'secret';
  readonly secret: Secret;
  readonly place: Place;
}

/** A list. */
export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly SourceNode[];
  readonly place: Place;
}

/** A map; its keys are texts. */
export interface MapNode {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly place: Place;
}

/** A value of a map and where its key was written. */
export interface MapEntry {
  readonly key: Place;
  readonly value: SourceNode;
}

/** Keys and indexes from a node down to one of its parts. */
export type Path = readonly (string | number)[];

/** The data of a node, in maps without a prototype. */
export function toData(node: SourceNode): Data {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'secret') return node.secret;
  if (node.kind === 'list') return node.items.map(toData);
  const data: Record<string, Data> = Object.create(null);
  for (const [key, { value }] of node.entries) data[key] = toData(value);
  return data;
}

/** Data in which what is not there may be undefined. */
export type PartialData =
  | Data
  | undefined
  | readonly PartialData[]
  | { readonly [key: string]: PartialData };

/** Data as a node: all of it is at one place. */
export function toNode(data: PartialData, place: Place): SourceNode {
  if (data instanceof Secret) return { kind: 'secret', secret: data, place };
  if (data === undefined || data === null) return { kind: 'scalar', value: null, place };
  if (typeof data !== 'object') return { kind: 'scalar', value: data, place };
  if (Array.isArray(data)) {
    return { kind: 'list', items: data.map((item) => toNode(item, place)), place };
  }
  const entries = Object.entries(data)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, { key: place, value: toNode(value, place) }] as const);
  return { kind: 'map', entries: new Map(entries), place };
}

/** The part of a node at a path; undefined where there is none. */
export function nodeAt(node: SourceNode, path: Path): SourceNode | undefined {
  let part: SourceNode | undefined = node;
  for (const step of path) part = part && child(part, step);
  return part;
}

/**
 * Where the key or the value at a path was written: the nearest enclosing part that was
 * written when there is none. A value left empty is found at its key.
 */
export function placeOf(node: SourceNode, path: Path, part: 'key' | 'value'): Place {
  let at: SourceNode = node;
  let key = node.place;
  for (const step of path) {
    const next = child(at, step);
    if (next === undefined) return key;
    const entry = at.kind === 'map' ? at.entries.get(String(step)) : undefined;
    key = entry?.key ?? next.place;
    at = next;
  }
  return part === 'key' || isUnwritten(at) ? key : at.place;
}

/** The node, or an empty map in its place where nothing was written (`- firewall:`). */
export function orEmptyMap(node: SourceNode): SourceNode {
  const isNull = node.kind === 'scalar' && node.value === null;
  return isNull ? { kind: 'map', entries: new Map(), place: node.place } : node;
}

/** A node without the parts at some paths; null when that is the node itself. */
export function without(node: SourceNode, paths: readonly Path[]): SourceNode | null {
  if (paths.some((path) => path.length === 0)) return null;
  if (node.kind === 'scalar' || node.kind === 'secret' || paths.length === 0) return node;
  const below = (step: string | number): Path[] =>
    paths.filter(([first]) => String(first) === String(step)).map((path) => path.slice(1));
  if (node.kind === 'list') {
    const items = node.items.flatMap((item, index) => without(item, below(index)) ?? []);
    return { ...node, items };
  }
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of node.entries) {
    const value = without(entry.value, below(key));
    if (value !== null) entries.set(key, { key: entry.key, value });
  }
  return { ...node, entries };
}

/** What was written for a node, quotes included. */
export function writtenText({ place }: SourceNode): string {
  return place.source.text.slice(place.start, place.end);
}

function child(node: SourceNode, step: string | number): SourceNode | undefined {
  if (node.kind === 'map') return node.entries.get(String(step))?.value;
  return node.kind === 'list' && typeof step === 'number' ? node.items[step] : undefined;
}

function isUnwritten(node: SourceNode): boolean {
  return node.kind === 'scalar' && node.value === null && node.place.start === node.place.end;
}
