import type { CommandOutput, Entry, FileState } from './answers.ts';
import type { CommandSpec, Sensitive } from './command-text.ts';
import type { Effect } from './entry-change.ts';
import type { OutputQuery, QueryOf } from './query.ts';

/** How a command that changes something is run. */
interface CommandRun extends CommandSpec {
  /** Text for its standard input; null: that is empty. */
  readonly stdin: string | Sensitive | null;
  /** It is stopped after that, with all that came of it; null: never. */
  readonly timeoutSeconds: number | null;
  /** Statuses that mean that all went well. */
  readonly okStatuses: readonly number[];
}

/** A command of the user's: what it does can't be predicted, so what follows is observed again. */
export interface RunCommand extends CommandRun {
  readonly kind: 'command';
  readonly effect: 'both';
  readonly umask: number | null;
  /** Files that it may change, which an undone window puts back. */
  readonly files: readonly string[];
}

/** A command of ours. */
export interface CallCommand extends CommandRun {
  readonly kind: 'call';
  readonly effect: Effect;
  /** What it changes, in words: `service nginx`. */
  readonly subject: string;
  /** How that is before and after, as displays show it: `stopped`, `running`. */
  readonly before: string;
  readonly after: string;
  /** What the host answers once it has run; null: that can't be told (opaque). */
  readonly predicts: readonly Prediction[] | null;
  /**
   * What it changes besides: paths, and things by the names that `OutputOptions.readsOnly` has. null: it
   * may change whatever the output of a command depends on, but no file.
   */
  readonly touches: readonly string[] | null;
  /** Whether it starts nothing that could outlive it, and prints little: that is run at less expense. */
  readonly isBrief: boolean;
}

/** What an answer becomes. */
export type Prediction =
  | Predicted<OutputQuery, CommandOutput>
  | Predicted<QueryOf<'file'>, FileState>
  | Predicted<QueryOf<'entry'>, Entry>;

interface Predicted<Asked, Known> {
  readonly query: Asked;
  /** What was planned from. */
  readonly before: Known;
  readonly answer: Known;
}

const defaults: Omit<CommandRun, 'argv' | 'timeoutSeconds'> = {
  ...{ directory: null, environment: {}, user: null, stdin: null },
  okStatuses: [0],
};

/** Opaque: runs a command of the user's. Defaults: as the programs run, however long it takes. */
export function runCommand(
  argv: readonly string[],
  directory: string | null,
  options: Partial<Omit<RunCommand, 'kind' | 'effect' | 'argv' | 'directory'>> = {},
): RunCommand {
  return {
    ...{ kind: 'command', effect: 'both', argv, ...defaults, directory },
    ...{ umask: null, timeoutSeconds: null, files: [] },
    ...options,
  };
}

/** Runs a command of ours. Defaults: as the programs run, within 120 s; it changes what it predicts. */
export function callCommand(
  argv: readonly string[],
  options: Pick<CallCommand, 'effect' | 'subject' | 'before' | 'after' | 'predicts'> &
    Partial<Omit<CallCommand, 'kind' | 'argv'>>,
): CallCommand {
  return {
    kind: 'call',
    argv,
    ...defaults,
    timeoutSeconds: 120,
    touches: null,
    isBrief: false,
    ...options,
  };
}
