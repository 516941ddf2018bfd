import { contentLimit } from './answers.ts';

/** A command that changes nothing. */
export interface OutputQuery extends OutputOptions {
  readonly kind: 'output';
  /** As executed; a shell line is `['/bin/sh', '-c', line]`. */
  readonly argv: readonly string[];
}

/** How it is run, and what its answer depends on. */
export interface OutputOptions {
  /** null: `/`. */
  readonly directory: string | null;
  /** Variables besides those that the login has. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whom it runs as, by su(1) from root; null: as the programs do. */
  readonly user: string | null;
  /** Text for its standard input, without a NUL; null: that is empty. */
  readonly stdin: string | null;
  readonly timeoutSeconds: number;
  /** More of its output is not read. */
  readonly limitBytes: number;
  /** Whether no change makes the answer another one (`dpkg --print-architecture`). */
  readonly isLasting: boolean;
  /**
   * What its answer depends on: paths, and other things by names that steps agree on (`service:nginx`). Only
   * changes of these, or of what is below or above one of them, make it another one. null: any change may.
   */
  readonly readsOnly: readonly string[] | null;
  /**
   * Whether it is a text of ours that starts nothing that could outlive it, and prints little: those are run in one
   * go, at a process each.
   */
  readonly isBrief: boolean;
}

const outputDefaults: OutputOptions = {
  ...{ directory: null, environment: {}, user: null, stdin: null },
  ...{ timeoutSeconds: 30, limitBytes: contentLimit, isLasting: false, readsOnly: null },
  isBrief: false,
};

/**
 * What a command prints that changes nothing. Defaults: nothing on standard input, 30 s, 256 KiB; any
 * change may make the answer another one.
 */
export function outputQuery(
  argv: readonly string[],
  options: Partial<OutputOptions> = {},
): OutputQuery {
  return { kind: 'output', argv, ...outputDefaults, ...options };
}

/** Equal for those that run the same command in the same way. */
export function outputKey({
  kind: _,
  isLasting,
  readsOnly,
  isBrief: __,
  ...run
}: OutputQuery): string {
  const { environment, ...others } = run;
  const variables = Object.entries(environment);
  const about = Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1));
  return `output:${JSON.stringify([isLasting ? [] : readsOnly, variables, about])}`;
}

/** What the answer depends on whose key this is; null: on everything. */
export function dependenciesOf(outputQueryKey: string): readonly string[] | null {
  // it was made above
  const [readsOnly] = JSON.parse(outputQueryKey.slice('output:'.length)) as [string[] | null];
  return readsOnly;
}
