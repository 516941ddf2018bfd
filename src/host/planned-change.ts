import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { answerTo } from './answer.ts';
import { type Change, isCommand, type Prediction } from './change.ts';
import { changeDocument, changeEntries } from './change-document.ts';
import { answersAfter, isAbout, plainDocument, plainEntries } from './command-document.ts';
import { listOf, path } from './document-words.ts';
import { entryFingerprint, treeSums } from './entry-words.ts';
import { fileFingerprint } from './file-state.ts';
import { normalParameter } from './names.ts';
import {
  type ChainsState,
  type Entry,
  type Listing,
  type NftState,
  type Query,
  query,
} from './query.ts';
import type { HostState } from './state.ts';
import { chainName, chainsStateDocument, nftStateDocument } from './state-document.ts';

/** What `before` was, as a sum: what a change was planned from is recognised, not kept. */
const plannedFrom = { planned_from: v.pipe(v.string(), v.regex(/^[\da-f]{32}$/)) } as const;

const entriesOf = <const Entries extends v.ObjectEntries>(entries: Entries) =>
  v.strictObject({ ...entries, ...plannedFrom });

const {
  write,
  send,
  remove,
  directory,
  parameter,
  routing,
  chains,
  nft,
  command,
  call,
  link,
  attributes,
  tree,
} = changeEntries;

const foundFile = v.strictObject({ path, exists: v.boolean() });

/** Whether a file was there on which it depends that a command runs (`creates`, `removes`). */
export type FoundFile = Readonly<v.InferOutput<typeof foundFile>>;

const without = <Entries extends { readonly before: v.GenericSchema }>({
  before: _,
  ...entries
}: Entries): Omit<Entries, 'before'> => entries;

/** Reads what `plannedDocument` wrote; as strict as `changeSchema`. */
export const plannedSchema = v.variant('kind', [
  entriesOf(without(write)),
  entriesOf(without(send)),
  entriesOf(without(remove)),
  entriesOf(directory),
  entriesOf(without(parameter)),
  entriesOf(without(routing)),
  entriesOf({ ...without(chains), listed: listOf(chainName) }),
  entriesOf(without(nft)),
  entriesOf(without(link)),
  entriesOf(without(attributes)),
  entriesOf(without(tree)),
  v.strictObject({ ...command, ...plainEntries, found: listOf(foundFile) }),
  entriesOf({ ...call, ...plainEntries, predicts: answersAfter, found: listOf(foundFile) }),
]);

/** A change that was planned from a state that only its sum is known of. */
export type PlannedChange = v.InferOutput<typeof plannedSchema>;

/** The same as plain data. */
export type PlannedDocument = v.InferInput<typeof plannedSchema>;

/**
 * A change without the state that it was planned from; `found`: what commands were. null for a
 * command that reads a secret: no document holds that.
 */
export function plannedDocument(
  change: Change,
  found: readonly FoundFile[] = [],
): PlannedDocument | null {
  const document = changeDocument(change);
  const planned_from = sumOf(change);
  if (document.kind === 'command' || document.kind === 'call') {
    if (!isCommand(change)) return null;
    const plain = plainDocument(change);
    if (plain === null) return null;
    const kept = { ...plain, found: found.map((one) => ({ ...one })) };
    if (document.kind === 'command') return { ...document, ...kept };
    const predicts = document.predicts?.map(({ before: _, ...after }) => after) ?? null;
    return { ...document, ...kept, predicts, planned_from };
  }
  if (document.kind === 'directory') return { ...document, planned_from };
  const { before, ...rest } = document;
  if (rest.kind === 'chains' && change.kind === 'chains') {
    return { ...rest, listed: [...change.before.listed], planned_from };
  }
  return rest.kind === 'chains' ? null : { ...rest, planned_from };
}

/** What must be known of a host to make a planned change there. */
export function plannedQueries(planned: PlannedChange): readonly Query[] {
  switch (planned.kind) {
    case 'write':
    case 'send':
    case 'remove':
    case 'directory':
      return [query.file(planned.path)];
    case 'parameter':
      return [query.parameter(planned.name)];
    case 'routing': {
      const { family } = planned;
      // what they are after the change depends on the interfaces too
      return [query.rules(family), query.routes(family), query.interfaces(), query.proxies()];
    }
    case 'chains':
      return [query.chains(planned.family, ...planned.listed)];
    case 'nft':
      return [query.nft(planned.listed)];
    case 'link':
    case 'attributes':
      return [query.entry(planned.path)];
    case 'tree':
      return [query.tree(planned.path)];
    case 'command':
      return planned.found.map((one) => query.file(one.path));
    case 'call':
      return [
        ...planned.found.map((one) => query.file(one.path)),
        ...(planned.predicts ?? []).map((one) => one.query),
      ];
  }
}

/** The change itself, on a host that is as it was planned from; null: it is not. */
export function plannedChange(planned: PlannedChange, now: HostState): Change | null {
  if (planned.kind === 'command') {
    const { found, ...change } = planned;
    return found.every((one) => isAsFound(one, now)) ? change : null;
  }
  if (planned.kind === 'call' && !planned.found.every((one) => isAsFound(one, now))) return null;
  const change = plannedOn(planned, now);
  return change !== null && sumOf(change) === planned.planned_from ? change : null;
}

function isAsFound({ path, exists }: FoundFile, now: HostState): boolean {
  const file = answerTo(now, query.file(path));
  return file !== null && (file.type !== 'absent') === exists;
}

/** The change on the host as it is, whatever it was planned from; null: there is no place for it. */
export function plannedOn(
  planned: Exclude<PlannedChange, { kind: 'command' }>,
  now: HostState,
): Change | null {
  switch (planned.kind) {
    case 'write':
    case 'send':
    case 'remove': {
      const { planned_from: _, ...change } = planned;
      const before = answerTo(now, query.file(planned.path));
      return before === null ? null : { ...change, before };
    }
    case 'directory': {
      const { planned_from: _, ...change } = planned;
      const before = answerTo(now, query.file(planned.path));
      return before?.type === 'absent' ? change : null;
    }
    case 'parameter': {
      const { planned_from: _, ...change } = planned;
      const before = answerTo(now, query.parameter(planned.name));
      return before === null ? null : { ...change, before };
    }
    case 'routing': {
      const { planned_from: _, ...change } = planned;
      const rules = answerTo(now, query.rules(planned.family));
      const routes = answerTo(now, query.routes(planned.family));
      return rules === null || routes === null ? null : { ...change, before: { rules, routes } };
    }
    case 'chains': {
      const { planned_from: _, listed, ...change } = planned;
      const before = answerTo(now, query.chains(planned.family, ...listed));
      return before === null ? null : { ...change, before };
    }
    case 'nft': {
      const { planned_from: _, ...change } = planned;
      const before = answerTo(now, query.nft(planned.listed));
      return before === null ? null : { ...change, before };
    }
    case 'link': {
      const { planned_from: _, ...change } = planned;
      const before = answerTo(now, query.entry(planned.path));
      const isInTheWay = before?.type === 'directory' || before?.type === 'other';
      return before === null || isInTheWay ? null : { ...change, before };
    }
    case 'attributes': {
      const { planned_from: _, ...change } = planned;
      const before = answerTo(now, query.entry(planned.path));
      return before === null || before.type === 'absent' ? null : { ...change, before };
    }
    case 'tree': {
      const { planned_from: _, ...change } = planned;
      const before = answerTo(now, query.tree(planned.path));
      return before?.type !== 'directory' || before.isCut ? null : { ...change, before };
    }
    case 'call': {
      const { planned_from: _, found: _found, predicts: after, ...change } = planned;
      const predicts = after?.flatMap((one) => predictionOn(one, now)) ?? null;
      return predicts?.length === after?.length ? { ...change, predicts } : null;
    }
  }
}

/** Nothing, where what it was is not known. */
function predictionOn(
  one: NonNullable<v.InferOutput<typeof answersAfter>>[number],
  now: HostState,
): readonly Prediction[] {
  if (isAbout(one, 'file')) {
    const before = answerTo(now, one.query);
    return before === null ? [] : [{ ...one, before }];
  }
  if (isAbout(one, 'entry')) {
    const before = answerTo(now, one.query);
    return before === null ? [] : [{ ...one, before }];
  }
  const before = answerTo(now, one.query);
  return before === null ? [] : [{ ...one, before }];
}

function sumOf(change: Change): string {
  return createHash('sha256').update(textOf(change)).digest('hex').slice(0, 32);
}

function textOf(change: Change): string {
  switch (change.kind) {
    case 'write':
    case 'send':
    case 'remove':
      return fileFingerprint(change.before);
    case 'link':
    case 'attributes':
      return entryText(change.before);
    case 'tree':
      return treeSums(change.before);
    case 'call':
      return JSON.stringify((change.predicts ?? []).map(({ before }) => answerText(before)));
    case 'directory':
    case 'command': // known by what was found instead
      return 'absent';
    case 'parameter':
      return normalParameter(change.before);
    case 'routing':
      return `${listingText(change.before.rules)}\n${listingText(change.before.routes)}`;
    case 'chains':
      return chainsText(change.before);
    case 'nft':
      return nftText(change.before);
  }
}

/** What an entry is recognised by. */
function entryText(entry: Entry): string {
  return JSON.stringify(entryFingerprint(entry));
}

/** What an answer that a call makes another one is recognised by. */
export function answerText(answer: Prediction['answer']): string {
  if ('mtimeSeconds' in answer) return entryText(answer);
  if ('type' in answer) return fileFingerprint(answer);
  const { status, stdout, isCut, isTimedOut } = answer;
  return JSON.stringify([status, stdout, isCut, isTimedOut]);
}

/** Where changes lie over what was listed, the host's own sums are not known. */
function listingText({ entries, fingerprint }: Listing<unknown>): string {
  return fingerprint ?? JSON.stringify(entries);
}

function chainsText(state: ChainsState): string {
  const { chains: rules, policies, problem } = chainsStateDocument(state);
  return state.fingerprint ?? JSON.stringify({ rules, policies, problem });
}

function nftText(state: NftState): string {
  const { bases, chains: own, problem } = nftStateDocument(state);
  return state.fingerprint ?? JSON.stringify({ bases, own, problem });
}
