import type { Data } from '../source/data.ts';
import { hidden } from '../source/secret.ts';
import { afterFailure, type Failures, isReached, noFailures } from './blocks.ts';
import { asMap, type Judgement } from './judge.ts';
import type { Handler, Keywords, Loop } from './keywords.ts';
import type { Others } from './others.ts';

/** Stands for the value of a variable that a task before has yet to give. */
export const untold: unique symbol = Symbol('untold');

/** The value of a variable, or that it is yet to come. */
export type Told = Data | typeof untold;

/** What the tasks before have told of one host, and what became of them. Immutable. */
export interface Knowledge {
  /** `facts`; null: nobody has looked yet. */
  readonly facts: Data | null;
  /** Registered results and what `set_fact` set, by name. */
  readonly variables: ReadonlyMap<string, Told>;
  /** Handlers that are to be run; `perhaps`: that depends on what nobody knows yet. */
  readonly notified: ReadonlyMap<Handler, 'surely' | 'perhaps'>;
  /** Those of which the host keeps a note, so that a later run knows of them. */
  readonly noted: ReadonlySet<Handler>;
  readonly failures: Failures;
  /** A task failed that no rescue was for: only what is always done is left. */
  readonly hasFailed: boolean;
  /** The task that failed last and that a rescue was for. Absent: there was none. */
  readonly rescued?: { readonly task: Data; readonly result: Told };
  /** What plays before have told of other hosts. Absent: nobody knows. */
  readonly others?: Others;
  /** Items of a loop that is not over, which have ended, by their places. Absent: no loop is begun. */
  readonly begun?: { readonly loop: Loop; readonly items: ReadonlyMap<number, Judgement> };
}

export const nothingTold: Knowledge = {
  facts: null,
  variables: new Map(),
  notified: new Map(),
  noted: new Set(),
  failures: noFailures,
  hasFailed: false,
};

/** How a task ended, as far as those behind it may know. */
export interface Ending {
  /** `untold`: it is not done yet, and nobody can tell how it will end. */
  readonly status: 'ok' | 'changed' | 'failed' | 'ignored' | 'skipped' | 'untold';
  /** What `register` keeps. */
  readonly result: Told;
  /** Variables that it sets. */
  readonly sets: Readonly<Record<string, Told>>;
}

/** What is known once a task has ended. */
export function afterEnding(
  known: Knowledge,
  keywords: Pick<Keywords, 'called' | 'register' | 'notify' | 'handler' | 'within' | 'isSilent'>,
  { status, result, sets }: Ending,
): Knowledge {
  const { register, notify, handler, within } = keywords;
  const set = Object.entries(sets);
  const isSaid = register !== null || notify.length > 0 || handler !== null || set.length > 0;
  if (!isSaid && status !== 'failed') return known;
  const variables = new Map([...known.variables, ...set]);
  if (register !== null) variables.set(register, result);
  const notified = new Map(known.notified);
  if (handler !== null && status !== 'skipped') notified.delete(handler);
  if (status === 'changed') for (const one of notify) notified.set(one, 'surely');
  if (status === 'untold') {
    for (const one of notify) notified.set(one, notified.get(one) ?? 'perhaps');
  }
  const noted = new Set([...known.noted, ...newlyNoted(known, notify, status)]);
  if (handler !== null && status !== 'failed') noted.delete(handler);
  const after = { ...known, variables, notified, noted };
  if (status !== 'failed') return after;
  const { failures, isCaught } = afterFailure(within, known.failures);
  if (!isCaught) return { ...after, failures, hasFailed: true };
  return {
    ...after,
    failures,
    rescued: { task: asMap(keywords.called), result: shown(result, keywords) },
  };
}

/** Rescues print what they rescue: of a task of which nothing is shown they know no more than that it failed. */
function shown(result: Told, { isSilent }: Pick<Keywords, 'isSilent'>): Told {
  return isSilent ? asMap({ changed: false, failed: true, msg: hidden }) : result;
}

/** The handlers that a note is left of with a task that may have changed something. */
export function newlyNoted(
  { noted }: Knowledge,
  notify: readonly Handler[],
  status: Ending['status'],
): readonly Handler[] {
  const mayHaveChanged = status === 'changed' || status === 'untold';
  return mayHaveChanged ? notify.filter((one) => !noted.has(one)) : [];
}

/** Why a task is not even looked at; null: it is its turn. */
export function whyPassedOver(
  known: Knowledge,
  { handler, within }: Pick<Keywords, 'handler' | 'within'>,
): string | null {
  if (handler !== null) return known.notified.has(handler) ? null : 'not notified';
  if (!isReached(within, known.failures)) {
    const isIdle = within.some(
      ({ block, part }) => part === 'rescue' && !known.failures.has(block),
    );
    return isIdle ? 'nothing to rescue' : 'an earlier task failed';
  }
  // of blocks that were begun
  const isAlways = within.some(({ block, part }) => part === 'always' && known.failures.has(block));
  return known.hasFailed && !isAlways ? 'an earlier task failed' : null;
}
