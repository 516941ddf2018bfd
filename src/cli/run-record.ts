import type { RunIdentity } from '../host/run-identity.ts';
import { pruneRuns } from '../records/prune-runs.ts';
import type { RunHead } from '../records/run-head.ts';
import { thisProcess } from '../records/run-process.ts';
import { openRunRecord, type RunWriter } from '../records/run-writer.ts';
import { stateDirectory } from '../records/state-directory.ts';
import { shownArguments } from './shown-arguments.ts';
import type { Sources } from './sources.ts';
import { endsInTime } from './stuck.ts';
import { version } from './version.ts';

interface Begun {
  readonly identity: RunIdentity;
  readonly check: boolean;
  /** null: the hosts were named on the command line. */
  readonly sources: Sources | null;
  /** Names of the options that the environment may have given. */
  readonly options: readonly string[];
  /** Hosts that the run which it goes on with left behind. */
  readonly left: RunHead['left'];
}

/** A run waits so long for its record. */
const patienceMs = 5_000;

/** The record of this process's run. */
export interface OwnRecord extends Pick<RunWriter, 'note' | 'hasFailed'> {
  /** Resolves soon, whatever the file system does, with what is wrong with its end, or null. */
  close(): Promise<string | null>;
}

/** Begins the record of a run of this process; `warn` is told when it can't be written. */
export function beginRecord(
  { identity, check, sources, options, left }: Begun,
  warn: (text: string) => void,
): OwnRecord {
  const directory = stateDirectory(process.env);
  const argv = process.argv.slice(2);
  const writer = openRunRecord(
    directory,
    {
      schema: 1,
      xpush: version(),
      run: identity,
      command: argv[0] ?? '',
      arguments: [...shownArguments(argv)],
      environment: environmentOf(options),
      directory: process.cwd(),
      check,
      inventory: sources && {
        argument: sources.inventory.argument,
        files: [...sources.inventory.files],
      },
      playbooks: [...(sources?.playbooks ?? [])],
      process: thisProcess(),
      ...(left === undefined ? {} : { left }),
    },
    warn,
  );
  return {
    note: writer.note,
    get hasFailed() {
      return writer.hasFailed;
    },
    close: async () => {
      if (!(await endsInTime(writer.close(), patienceMs))) {
        if (writer.hasFailed) return null; // it was said
        return `the record of this run has no end: ${directory} does not answer`;
      }
      // Older ones may stay until the next run.
      const stopping = AbortSignal.timeout(patienceMs);
      await endsInTime(pruneRuns(directory, Date.now(), stopping), 2 * patienceMs);
      return null;
    },
  };
}

/** `XPUSH_FORKS` and such, which are options too. */
function environmentOf(options: readonly string[]): Record<string, string> {
  const given = options.flatMap((option): [string, string][] => {
    const name = `XPUSH_${option.toUpperCase().replaceAll('-', '_')}`;
    const value = process.env[name];
    if (value === undefined || value === '') return [];
    const [shown = ''] = shownArguments([`--${option}=${value}`]);
    return [[name, shown.slice(`--${option}=`.length)]];
  });
  return Object.fromEntries(given);
}
