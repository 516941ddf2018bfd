import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { LineEvents, type TimedEvent } from './event-line.ts';
import { endSchema, headSchema, type RunHead, type RunSummary, recordFiles } from './run-head.ts';
import { isAlive } from './run-process.ts';
import type { RunState } from './run-state.ts';
import { isRunId, runsDirectory } from './state-directory.ts';

/** What is left of a run. */
export interface RunRecording {
  readonly head: RunHead;
  readonly events: readonly TimedEvent[];
  /** null: it left none. */
  readonly end: RunSummary | null;
  readonly state: RunState;
  /** What could not be read, a sentence each. */
  readonly remarks: readonly string[];
}

/** A larger record is none of ours: contents are bounded, and the rest is small. */
const mostBytes = 512 * 1024 * 1024;

/** Reads the record of a run as far as it goes; null: there is none, or its head can't be read. */
export async function readRun(directory: string, id: string): Promise<RunRecording | null> {
  if (!isRunId(id)) return null;
  const path = join(runsDirectory(directory), id);
  const head = await readHead(path);
  if (head === null) return null;
  const end = await readEnd(path);
  const { events, remarks } = await readEvents(join(path, recordFiles.events));
  return { head, events, end, state: stateOf(head, end), remarks };
}

/** The head of the record in a directory; null when it can't be read. */
export async function readHead(path: string): Promise<RunHead | null> {
  return parsed(headSchema, await textOf(join(path, recordFiles.head)));
}

export async function readEnd(path: string): Promise<RunSummary | null> {
  return parsed(endSchema, await textOf(join(path, recordFiles.end)));
}

export function stateOf(head: RunHead, end: RunSummary | null): RunState {
  if (end !== null) return 'ended';
  const alive = isAlive(head.process);
  if (alive === null) return 'unknown';
  return alive ? 'running' : 'killed';
}

async function readEvents(
  path: string,
): Promise<{ readonly events: TimedEvent[]; readonly remarks: readonly string[] }> {
  const events: TimedEvent[] = [];
  const problems = new Map<string, number[]>();
  const reader = new LineEvents();
  let number = 0;
  const file = await open(path).catch(() => null);
  if (file === null) return { events, remarks: ['its events are gone'] };
  try {
    const { size } = await file.stat();
    if (size > mostBytes) return { events, remarks: ['its events are too large to be read'] };
    for await (const text of file.readLines({ autoClose: false })) {
      number += 1;
      const read = reader.read(text);
      if (typeof read === 'string') problems.set(read, [...(problems.get(read) ?? []), number]);
      else if (read !== null) events.push(read);
    }
  } finally {
    await file.close();
  }
  return { events, remarks: [...problems].map(([why, lines]) => remark(why, lines, number)) };
}

function remark(why: string, lines: readonly number[], last: number): string {
  const [first = 0] = lines;
  if (lines.length === 1 && first === last) {
    return `the last line of its events is cut: ${why}`;
  }
  const many = lines.length > 1 ? ` and ${lines.length - 1} more` : '';
  return `line ${first}${many} of its events is passed over: ${why}`;
}

async function textOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

function parsed<Schema extends v.GenericSchema>(
  schema: Schema,
  text: string | null,
): v.InferOutput<Schema> | null {
  if (text === null) return null;
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}
