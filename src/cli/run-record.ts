import type { RunIdentity } from '../host/run-identity.ts';
import { pruneRuns } from '../records/prune-runs.ts';
import type { RunHead } from '../records/run-head.ts';
import { thisProcess } from '../records/run-process.ts';
import { openRunRecord, type RunWriter } from '../records/run-writer.ts';
import { stateDirectory } from '../records/state-directory.ts';
import { shownArguments } from './shown-arguments.ts';
import type { Sources } from './sources.ts';
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

/** Begins the record of a run of this process; `warn` is told when it can't be written. */
export function beginRecord(
  { identity, check, sources, options, left }: Begun,
  warn: (text: string) => void,
): RunWriter {
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
      await writer.close();
      await pruneRuns(directory, Date.now());
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
