import type { Data } from '../source/data.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Expression } from '../template/template.ts';
import type { Keywords } from './keywords.ts';
import type { Told } from './knowledge.ts';
import type { Found, Scope } from './scope.ts';

/** What became of a task, or of one item of its loop, by itself. */
export interface Outcome {
  readonly isChanged: boolean;
  /** Why it failed; null: it did not. */
  readonly failure: string | null;
  /** What it tells, under Ansible's names where it has them: `rc`, `stdout`, `stat`, ... */
  readonly data: Readonly<Record<string, Data>>;
}

/** What `register` keeps. */
export type ResultMap = Readonly<Record<string, Data>>;

/** How a task ended by what its keywords make of the outcome. */
export interface Judgement {
  readonly result: ResultMap;
  /** `ignored`: it failed, and that counts for nothing. */
  readonly status: 'ok' | 'changed' | 'failed' | 'ignored' | 'skipped';
  /** Why it failed; null: it did not. */
  readonly failure: string | null;
  /** Whether `until` asks for it to be done again. */
  readonly isToRepeat: boolean;
  /** Of a loop: how each of its items ended. */
  readonly items?: readonly Judgement[];
}

/** What `register` keeps of a task that was not done. */
const skipResult: ResultMap = asMap({ changed: false, skipped: true, failed: false });

/** Of a task that was not done. */
export function skippedJudgement(result: ResultMap = skipResult): Judgement {
  return { status: 'skipped', failure: null, result, isToRepeat: false };
}

/** Of a task that failed before its keywords could have a say. */
export function failedJudgement(message: string): Judgement {
  const result = asMap({ changed: false, failed: true, msg: message });
  return { status: 'failed', failure: message, result, isToRepeat: false };
}

type Judging = Pick<
  Keywords,
  'register' | 'ignoresErrors' | 'changedWhen' | 'failedWhen' | 'until'
>;

/**
 * What the keywords of a task make of the outcome of its step.
 *
 * @param scope the one it was done in
 * @param isLast whether it is done no more: what `until` still asks for has failed then, as in Ansible
 */
export function judge(
  keywords: Judging,
  outcome: Outcome,
  scope: Scope,
  isLast = false,
): Judgement {
  const { register, ignoresErrors, changedWhen, failedWhen, until } = keywords;
  const raw = resultOf(outcome);
  const seen = register === null ? scope : scope.with(only(register, raw));
  const failed = asked(failedWhen, seen) ?? { type: 'value', value: outcome.failure !== null };
  const changed = asked(changedWhen, seen) ?? { type: 'value', value: outcome.isChanged };
  const wrong = whatIsWrong(failed) ?? whatIsWrong(changed);
  const isChanged = wrong === null && changed.type === 'value' && changed.value;
  const done = asked(until?.conditions ?? null, seen) ?? yes;
  const isToRepeat = done.type !== 'value' || !done.value;
  const { retries = 0 } = until ?? {};
  const inVain =
    isLast && isToRepeat && retries > 0
      ? (whatIsWrong(done) ?? `\`until\` is still not true after ${retries + 1} tries`)
      : null;
  const failure =
    wrong ??
    (failed.type === 'value' && failed.value ? (outcome.failure ?? 'failed_when is true') : inVain);
  const isFailed = failure !== null;
  const why = failure === null || Object.hasOwn(raw, 'msg') ? {} : { msg: failure };
  const result = { ...why, ...raw, changed: !isFailed && isChanged, failed: isFailed };
  return {
    status: isFailed ? (ignoresErrors ? 'ignored' : 'failed') : isChanged ? 'changed' : 'ok',
    failure,
    result: asMap(result),
    isToRepeat,
  };
}

const yes: Found<boolean> = { type: 'value', value: true };

/** Whether all of these hold; null: nothing is asked. */
export function asked(
  conditions: readonly Expression[] | null,
  scope: Scope,
): Found<boolean> | null {
  if (conditions === null) return null;
  for (const condition of conditions) {
    const found = scope.decide(condition);
    if (found.type !== 'value' || !found.value) return found;
  }
  return { type: 'value', value: true };
}

function resultOf({ isChanged, failure, data }: Outcome): ResultMap {
  const { stdout, stderr } = data;
  return {
    ...(failure === null ? {} : { msg: failure }),
    ...data,
    ...(typeof stdout === 'string' ? { stdout_lines: linesOf(stdout) } : {}),
    ...(typeof stderr === 'string' ? { stderr_lines: linesOf(stderr) } : {}),
    changed: isChanged,
    failed: failure !== null,
  };
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.split('\n');
}

function only(name: string, value: Told) {
  return { names: () => [name], get: (wanted: string) => (wanted === name ? value : undefined) };
}

function whatIsWrong(found: Found<boolean>): string | null {
  if (found.type === 'waits') return 'its condition takes a result that nobody has yet';
  return found.type === 'wrong' ? wordsOf(found.diagnostics) : null;
}

/** What is wrong, in a line, with its place. */
export function wordsOf(diagnostics: readonly Diagnostic[]): string {
  return diagnostics
    .map(({ position, message }) =>
      position === null
        ? message
        : `${position.file}:${position.line}:${position.column}: ${message}`,
    )
    .join('; ');
}

/** Without a prototype, as all maps of the user's. */
export function asMap(entries: ResultMap): ResultMap {
  return Object.assign(Object.create(null), entries);
}
