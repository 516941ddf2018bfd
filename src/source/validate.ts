import * as v from 'valibot';
import type { Diagnostic } from './diagnostic.ts';
import { didYouMean } from './did-you-mean.ts';
import { inWords, splitMessage } from './issue-words.ts';
import { quoted } from './quoted.ts';
import type { Result } from './result.ts';
import { knownKeys } from './schema-keys.ts';
import { nodeAt, type Path, placeOf, type SourceNode, toData } from './source-node.ts';
import { diagnosticAt, type Place } from './source-text.ts';

const MOST_KEYS_LISTED = 16;

/**
 * Checks a node against a schema: its value, or everything that is wrong with it, in the order of
 * the text, each at the offending key or value.
 *
 * Messages are made from the schema; a message of the schema's own is taken as it is, and what
 * follows its first line feed is the hint (see `complaint`). Use `strictObject` for maps.
 *
 * @param key where the node's own name is written; a missing key is reported there
 */
export function validate<const TSchema extends v.GenericSchema>(
  schema: TSchema,
  node: SourceNode,
  key: Place = node.place,
): Result<v.InferOutput<TSchema>> {
  // An empty message marks the issues that have none of the schema's own.
  const parsed = v.safeParse(schema, toData(node), { message: '' });
  if (parsed.success) return { ok: true, value: parsed.output };
  const diagnostics = parsed.issues
    .flatMap((issue) => located(issue, []))
    .flatMap((issue) => toDiagnostics(issue, { schema, node, key }));
  return { ok: false, diagnostics: diagnostics.toSorted(byPosition) };
}

interface Subject {
  readonly schema: v.GenericSchema;
  readonly node: SourceNode;
  readonly key: Place;
}

interface LocatedIssue {
  readonly issue: v.BaseIssue<unknown>;
  readonly path: Path;
}

/** An issue with its path; a union's gives way to what is wrong inside the option that was meant. */
function located(issue: v.BaseIssue<unknown>, above: Path): LocatedIssue[] {
  const path = [...above, ...pathOf(issue)];
  const deeper = (issue.issues ?? []).filter((inner) => (inner.path?.length ?? 0) > 0);
  if (issue.message !== '' || deeper.length === 0) return [{ issue, path }];
  return deeper.flatMap((inner) => located(inner, path));
}

function pathOf(issue: v.BaseIssue<unknown>): Path {
  const path: (string | number)[] = [];
  for (const { key } of issue.path ?? []) {
    if (typeof key === 'string' || typeof key === 'number') path.push(key);
  }
  return path;
}

function toDiagnostics({ issue, path }: LocatedIssue, subject: Subject): Diagnostic[] {
  const parent = path.slice(0, -1);
  const isAboutKey = issue.path?.at(-1)?.origin === 'key';
  if (isAboutKey && issue.expected === 'never') return unknownKeys(parent, subject);
  if (isAboutKey && issue.message === '' && nodeAt(subject.node, path) === undefined) {
    const place = placeIn(subject, parent, 'key');
    return [diagnosticAt(place, `${quoted(String(path.at(-1)))} is missing`)];
  }
  const part = isAboutKey || issue.type === 'never' ? 'key' : 'value';
  const place = placeIn(subject, path, part);
  const { message, hint } =
    issue.message === ''
      ? inWords(issue, nameOf(path), nodeAt(subject.node, path))
      : splitMessage(issue.message);
  return [diagnosticAt(place, message, hint)];
}

/** All unknown keys of a map: the library stops at the first. */
function unknownKeys(path: Path, subject: Subject): Diagnostic[] {
  const map = nodeAt(subject.node, path);
  if (map?.kind !== 'map') return [];
  const { all, suggested } = knownKeys(subject.schema, path);
  const list = suggested.length <= MOST_KEYS_LISTED ? `known here: ${suggested.join(', ')}` : null;
  return [...map.entries]
    .filter(([key]) => !all.has(key))
    .map(([key, entry]) =>
      diagnosticAt(entry.key, `unknown key ${quoted(key)}`, didYouMean(key, suggested) ?? list),
    );
}

function placeIn({ node, key }: Subject, path: Path, part: 'key' | 'value'): Place {
  if (path.length > 0) return placeOf(node, path, part);
  const isEmpty = node.place.start === node.place.end;
  return part === 'key' || isEmpty ? key : node.place;
}

/** `ports`, `vifs[1]`, or `this` for the node itself. */
function nameOf(path: Path): string {
  const from = path.findLastIndex((step) => typeof step === 'string');
  const name = path
    .slice(Math.max(from, 0))
    .map((step) => (typeof step === 'number' ? `[${step}]` : step))
    .join('');
  if (name === '') return 'this';
  return name.startsWith('[') ? `item ${name}` : name;
}

function byPosition(left: Diagnostic, right: Diagnostic): number {
  const lines = (left.position?.line ?? 0) - (right.position?.line ?? 0);
  return lines || (left.position?.column ?? 0) - (right.position?.column ?? 0);
}
