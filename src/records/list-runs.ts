import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnd, readHead, stateOf } from './read-run.ts';
import type { RunHead, RunSummary } from './run-head.ts';
import type { RunState } from './run-state.ts';
import { isRunId, runsDirectory } from './state-directory.ts';

/** A record, as far as a list shows it. */
export interface ListedRun {
  readonly id: string;
  /** null: it can't be read. */
  readonly head: RunHead | null;
  readonly end: RunSummary | null;
  readonly state: RunState;
}

/** The records, newest first; each is read when it is asked for. */
export async function* listRuns(directory: string): AsyncGenerator<ListedRun> {
  for (const id of await runIds(directory)) yield await readListed(directory, id);
}

/** Reads what a list shows of one record. */
export async function readListed(directory: string, id: string): Promise<ListedRun> {
  const path = join(runsDirectory(directory), id);
  const head = await readHead(path);
  const end = head === null ? null : await readEnd(path);
  return { id, head, end, state: head === null ? 'unknown' : stateOf(head, end) };
}

/** Names of all records, newest first. */
export async function runIds(directory: string): Promise<readonly string[]> {
  const names = await readdir(runsDirectory(directory)).catch(() => []);
  return names.filter(isRunId).toSorted().toReversed();
}

/**
 * Ids of the runs that a word means, newest first: `last`, an id, or any part of one, such as its
 * last six letters.
 */
export async function matchRuns(directory: string, word: string): Promise<readonly string[]> {
  const ids = await runIds(directory);
  return word === 'last' ? ids.slice(0, 1) : ids.filter((id) => id.includes(word));
}
