import * as v from 'valibot';
import type { Change } from '../host/change.ts';
import { changeDocument, changeSchema } from '../host/change-document.ts';
import { contentLimit } from '../host/query.ts';
import type { RunIdentity } from '../host/run-identity.ts';
import { sums } from '../host/sums.ts';

/** Where hosts keep what undoes their last runs: `RUN-ID.N.json`, N from 1. */
export const generationsDirectory = '/var/lib/xpush/generations';

/** The step of tasks that undo a run; what they do is no generation of its own. */
export const undoStepName = 'rollback';

/** A task of a run that changes a host. */
export interface ChangingTask {
  readonly play: string;
  readonly task: string;
  readonly step: string;
  /** Whether its changes are made in a confirm window. */
  readonly network: boolean;
  /** Whether it does nothing that counts as a change. */
  readonly isUpkeep: boolean;
  /** All that it will do, upkeep too, in order. */
  readonly changes: readonly Change[];
}

/** What a host remembers of one window, or of one act program, of a run. */
export interface Generation {
  readonly run: RunIdentity;
  /** In the order in which they were done. */
  readonly tasks: readonly ChangingTask[];
  /** Why it cannot be undone; null when nothing is known against it. */
  readonly problem: string | null;
}

const schemaNumber = 1;

const name = v.pipe(v.string(), v.maxLength(1024));

const schema = v.strictObject({
  schema: v.literal(schemaNumber),
  run: v.strictObject({ id: v.pipe(name, v.nonEmpty()), by: name, since: name }),
  problem: v.nullable(name),
  tasks: v.pipe(
    v.array(
      v.strictObject({
        play: name,
        task: name,
        step: name,
        network: v.boolean(),
        isUpkeep: v.boolean(),
        changes: v.array(changeSchema),
      }),
    ),
    v.maxLength(10_000),
  ),
});

/**
 * The text that a host keeps to have this undone later (`xpush rollback`): each change with the
 * state that it was planned from, which is all that its inverse needs. null: there is nothing to
 * keep, since nothing changes, or since the tasks themselves undo a run.
 */
export function generationText(run: RunIdentity, tasks: readonly ChangingTask[]): string | null {
  const changing = tasks.filter(({ changes, step }) => changes.length > 0 && step !== undoStepName);
  if (changing.length === 0) return null;
  const kept = changing.map(({ changes, ...task }) => ({
    ...task,
    changes: changes.map(withoutSecret).map(changeDocument),
  }));
  const whole = textOf({ run, problem: null, tasks: kept });
  if (Buffer.byteLength(whole) <= contentLimit) return whole;
  const problem = `what it changed is more than a host keeps (${Buffer.byteLength(whole)} bytes, of at most ${contentLimit})`;
  return textOf({ run, problem, tasks: kept.map((task) => ({ ...task, changes: [] })) });
}

/** What tells whether a file with a secret is still as it was written, and not what is in it. */
function withoutSecret(change: Change): Change {
  if (change.kind !== 'write' || change.isSecret !== true) return change;
  const { effect, path, mode, content } = change;
  const before =
    change.before.type === 'file' && change.before.content !== null
      ? { ...change.before, content: null, sums: sums(change.before.content) }
      : change.before;
  const source = { path, size: content.length, sums: sums(content) };
  return { kind: 'send', effect, path, mode, before, source };
}

/** Reads what `generationText` wrote; null for any other text. Whoever has root on the host may have written it. */
export function readGeneration(text: string): Generation | null {
  try {
    const { success, output } = v.safeParse(schema, JSON.parse(text));
    return success ? output : null;
  } catch {
    return null;
  }
}

function textOf(generation: Omit<v.InferInput<typeof schema>, 'schema'>): string {
  const json = JSON.stringify({ schema: schemaNumber, ...generation }, null, 1);
  return `${json.replace(/[^\n -~]/g, escaped)}\n`; // programs are 7-bit
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
