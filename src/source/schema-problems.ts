import * as v from 'valibot';
import type { Diagnostic } from './diagnostic.ts';
import { didYouMean } from './did-you-mean.ts';
import { inWords, splitMessage } from './issue-words.ts';
import { quoted } from './quoted.ts';
import { knownKeys, misplacedLists, misplacedSecrets } from './schema-walk.ts';
import { nodeAt, type Path, placeOf, type SourceNode, toData } from './source-node.ts';
import { diagnosticAt, type Place } from './source-text.ts';

const whereSecretsGo = 'secrets are for values of vars, and for stdin of the command step';
const MOST_KEYS_LISTED = 16;
// The library looks for the keys of maps in lists too.
const LIST_STEPS = new Set(['array', 'tuple']);

/** A node that is checked against a schema, and where its own name was written. */
export interface Subject<TSchema extends v.GenericSchema = v.GenericSchema> {
  readonly schema: TSchema;
  readonly node: SourceNode;
  readonly key: Place;
}

/** Something that is wrong, and what would have to go for the rest to be right. */
export interface Problem {
  readonly path: Path;
  readonly diagnostic: Diagnostic;
}

/** The checked value, or every problem in the order of the text. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Checks a node against a schema. */
export function check<TSchema extends v.GenericSchema>(
  subject: Subject<TSchema>,
): Checked<v.InferOutput<TSchema>> {
  const { schema, node } = subject;
  const lists = misplacedLists(schema, node).map((path) => ({
    path,
    diagnostic: diagnosticAt(
      placeIn(subject, path, 'value'),
      `${nameOf(path, subject)} must be a map, not a list`,
    ),
  }));
  const secrets = misplacedSecrets(schema, node).map(({ path, why }) => ({
    path,
    diagnostic: diagnosticAt(
      placeIn(subject, path, 'value'),
      `${nameOf(path, subject)} takes no secret${why === null ? '' : `: ${why}`}`,
      whereSecretsGo,
    ),
  }));
  const misplaced = [...lists, ...secrets];
  if (misplaced.length > 0) return { ok: false, problems: misplaced.toSorted(byPosition) };
  // An empty message marks the issues that have none of the schema's own.
  const parsed = v.safeParse(schema, toData(node), { message: '' });
  if (parsed.success) return { ok: true, value: parsed.output };
  const problems = parsed.issues
    .flatMap((issue) => located(issue, [], node))
    .flatMap((issue) => toProblems(issue, subject));
  return { ok: false, problems: problems.toSorted(byPosition) };
}

interface LocatedIssue {
  readonly issue: v.BaseIssue<unknown>;
  readonly path: Path;
}

/** An issue with its path; a union's gives way to what is wrong inside the option that was meant. */
function located(issue: v.BaseIssue<unknown>, above: Path, root: SourceNode): LocatedIssue[] {
  const path = [...above, ...pathOf(issue)];
  const isList = nodeAt(root, path)?.kind === 'list';
  const deeper = (issue.issues ?? []).filter((inner) => {
    const [first] = inner.path ?? [];
    return isList ? LIST_STEPS.has(first?.type ?? '') : first !== undefined;
  });
  if (issue.message !== '' || deeper.length === 0) return [{ issue, path }];
  return deeper.flatMap((inner) => located(inner, path, root));
}

function pathOf(issue: v.BaseIssue<unknown>): Path {
  const path: (string | number)[] = [];
  for (const { key } of issue.path ?? []) {
    if (typeof key === 'string' || typeof key === 'number') path.push(key);
  }
  return path;
}

function toProblems({ issue, path }: LocatedIssue, subject: Subject): Problem[] {
  const parent = path.slice(0, -1);
  const isAboutKey = issue.path?.at(-1)?.origin === 'key';
  if (isAboutKey && issue.expected === 'never') return unknownKeys(parent, subject);
  if (isAboutKey && issue.message === '' && nodeAt(subject.node, path) === undefined) {
    const place = placeIn(subject, parent, 'key');
    const message = `${quoted(String(path.at(-1)))} is missing`;
    return [{ path: parent, diagnostic: diagnosticAt(place, message) }];
  }
  const part = isAboutKey || issue.type === 'never' ? 'key' : 'value';
  const place = placeIn(subject, path, part);
  const { message, hint } =
    issue.message === ''
      ? inWords(issue, nameOf(path, subject), nodeAt(subject.node, path))
      : splitMessage(issue.message);
  return [{ path, diagnostic: diagnosticAt(place, message, hint) }];
}

/** All unknown keys of a map: the library stops at the first. */
function unknownKeys(path: Path, subject: Subject): Problem[] {
  const map = nodeAt(subject.node, path);
  if (map?.kind !== 'map') return [];
  const { all, suggested } = knownKeys(subject.schema, path);
  const list = keysInWords(suggested);
  return [...map.entries]
    .filter(([key]) => !all.has(key))
    .map(([key, entry]) => {
      const hint = didYouMean(key, suggested) ?? list;
      const diagnostic = diagnosticAt(entry.key, `unknown key ${quoted(key)}`, hint);
      return { path: [...path, key], diagnostic };
    });
}

function placeIn({ node, key }: Subject, path: Path, part: 'key' | 'value'): Place {
  if (path.length > 0) return placeOf(node, path, part);
  const isEmpty = node.place.start === node.place.end;
  return part === 'key' || isEmpty ? key : node.place;
}

/** `ports`, `vifs[1]`; the node's own name, or `this`, for the node itself. */
function nameOf(path: Path, { node, key }: Subject): string {
  const from = path.findLastIndex((step) => typeof step === 'string');
  const name = path
    .slice(Math.max(from, 0))
    .map((step) => (typeof step === 'number' ? `[${step}]` : step))
    .join('');
  if (name === '') return key === node.place ? 'this' : key.source.text.slice(key.start, key.end);
  return name.startsWith('[') ? `item ${name}` : name;
}

function byPosition({ diagnostic: left }: Problem, { diagnostic: right }: Problem): number {
  const lines = (left.position?.line ?? 0) - (right.position?.line ?? 0);
  return lines || (left.position?.column ?? 0) - (right.position?.column ?? 0);
}

function keysInWords(keys: readonly string[]): string | null {
  if (keys.length === 0) return 'nothing is written here';
  return keys.length <= MOST_KEYS_LISTED ? `known here: ${keys.join(', ')}` : null;
}
