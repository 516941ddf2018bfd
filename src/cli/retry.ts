import { resolve } from 'node:path';
import type { RunHead } from '../records/run-head.ts';
import { stateDirectory } from '../records/state-directory.ts';
import { readUnfinished, type UnfinishedRun } from '../records/unfinished.ts';
import { UsageError } from './usage-error.ts';

/** The hosts that an earlier run left behind. */
export interface Retry {
  readonly hosts: ReadonlySet<string>;
  /** The same, for the record of the run that takes them on, or some of them. */
  readonly left: NonNullable<RunHead['left']>;
  /** How they stand, in a line. */
  readonly note: string;
}

/**
 * What is left to do of a run: its id, or `last` for the newest one of this inventory. Throws
 * `UsageError` when there is no record of it, when it was of another inventory, and when nothing is
 * left.
 */
export async function readRetry(run: string, inventory: string): Promise<Retry> {
  const isOfInventory = ({ inventory: of, directory }: OfInventory): boolean =>
    of !== null && placeOf(of, directory) === placeOf(inventory, process.cwd());
  const unfinished = await readUnfinished(
    stateDirectory(process.env),
    run,
    // what was confirmed by hand is what an earlier run has done
    ({ command, inventory: of, directory }) =>
      command !== 'confirm' && isOfInventory({ inventory: of?.argument ?? null, directory }),
  );
  if (unfinished === null) {
    const what =
      run === 'last' ? `there is no run of ${inventory}` : `there is no record of a run ${run}`;
    throw new UsageError(`--retry: ${what}`, 'see xpush runs');
  }
  const { hosts } = unfinished;
  if (!isOfInventory(unfinished)) {
    const what = unfinished.inventory ?? 'hosts on the command line';
    throw new UsageError(
      `--retry: run ${unfinished.run} was of ${what}, not of ${inventory}`,
      'see xpush runs',
    );
  }
  if (unfinished.command !== 'apply') {
    throw new UsageError(
      `--retry: run ${unfinished.run} was xpush ${unfinished.command}, which apply cannot go on with`,
      'run apply without --retry, or name the run: see xpush runs',
    );
  }
  if (hosts.length === 0) {
    throw new UsageError(
      `--retry: run ${unfinished.run} left no host behind`,
      `nothing is left to do: without --retry, all hosts of ${inventory} are looked at`,
    );
  }
  return {
    hosts: new Set(hosts.map(({ name }) => name)),
    left: hosts.map(({ name, status }) => ({ name, status })),
    note: noteOf(unfinished),
  };
}

type OfInventory = Pick<UnfinishedRun, 'inventory' | 'directory'>;

/** `-` stands for itself: what it was is not known any more. */
function placeOf(inventory: string, directory: string): string {
  return inventory === '-' ? '-' : resolve(directory, inventory);
}

function noteOf({ run, hosts }: UnfinishedRun): string {
  const counts = new Map<string, number>();
  for (const { status } of hosts) counts.set(status, (counts.get(status) ?? 0) + 1);
  const standing = [...counts].map(([status, count]) => `${count} ${words[status] ?? status}`);
  const count = hosts.length === 1 ? 'the host' : `the ${hosts.length} hosts`;
  return `Going on with ${count} that run ${run} left behind: ${standing.join(', ')}.`;
}

const words: Readonly<Record<string, string>> = {
  running: 'in the middle',
  waiting: 'not begun',
  skipped: 'skipped',
  rolled_back: 'rolled back',
  needs_human: 'in need of a human',
  ok: 'not finished',
  changed: 'not finished',
};
