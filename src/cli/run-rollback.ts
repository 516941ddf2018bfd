import { exitCode, exitCodes } from '../engine/exit-code.ts';
import {
  generationsQuery,
  isWorthUndoing,
  type KeptRun,
  keptRuns,
  undoingTasks,
  untold,
} from '../engine/last-run.ts';
import type { HostedPlay } from '../engine/legs.ts';
import { bindSaved, savedStep } from '../engine/saved-tasks.ts';
import { answerTo, failureOf } from '../host/answer.ts';
import { query } from '../host/query.ts';
import type { PendingWindow } from '../host/window.ts';
import type { Host } from '../inventory/model.ts';
import { matchRuns } from '../records/list-runs.ts';
import { stateDirectory } from '../records/state-directory.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { carryOut } from './carry-out.ts';
import { chooseRun, type KeptRuns } from './chosen-run.ts';
import { decideWindows, isReported } from './decide-windows.ts';
import { compressNames } from './host-names.ts';
import { selectedHosts } from './load.ts';
import { sayProblems } from './problems.ts';
import { checkReportFile } from './report-file.ts';
import type { RollbackOptions } from './rollback.ts';
import { RollbackNotes } from './rollback-notes.ts';
import { type Surveyor, withSurveyor } from './survey-hosts.ts';
import { UsageError } from './usage-error.ts';

/** Does what `xpush rollback` is for, and gives the exit code. */
export async function runRollback({ run, ...options }: RollbackOptions): Promise<number> {
  const { forks, output, report, check } = options;
  if (report !== undefined) await checkReportFile(report);
  const { inventory, hosts, sources } = await selectedHosts(options);
  const found = await withSurveyor(options, inventory, hosts, async (surveyor) => {
    const kept = await look(surveyor, hosts);
    const meant = new Set(kept.waiting.filter(isOf(run)).map(({ host }) => host.name));
    if (meant.size === 0 || check) return kept;
    // those that could not be asked are asked again, and count as unreachable
    const asked = hosts.filter(({ name }) => meant.has(name) || kept.silent.has(name));
    const deciding = { decision: 'undo', run, forks, sources, output, report } as const;
    const exit = await decideWindows(surveyor, asked, inventory, deciding);
    const rest = [...kept.kept].flatMap(([name, runs]) =>
      !meant.has(name) && runs.some(({ id }) => id === run) ? [name] : [],
    );
    if (rest.length > 0) {
      const where = compressNames(rest).join(', ');
      process.stderr.write(`Run ${run} came to stay on ${where}: again undoes it there\n`);
    }
    return exit;
  });
  if (typeof found === 'number') return found;
  const { waiting } = found;
  if (waiting.some(isOf(run))) {
    if (isReported({ output, report })) {
      const where = compressNames(waiting.map(({ host }) => host.name)).join(', ');
      throw new UsageError(
        `a check reports nothing of what waits to be confirmed, on ${where}`,
        'without --output and --report: what it would undo; without --check: it is undone, and reported',
      );
    }
    process.stderr.write(waitingText(waiting.filter(isOf(run))));
    sayProblems(
      hosts.flatMap((host) => {
        const outcome = found.silent.get(host.name);
        return outcome === undefined ? [] : [{ host, outcome }];
      }),
    );
    const statuses = Array.from(found.silent.values(), ({ status }) => status);
    const { interrupted } = found;
    const pendingAsExit = options['exit-code'];
    return exitCode([...statuses, 'changed'], { interrupted, pendingAsExit });
  }
  const recorded = new Set(await matchRuns(stateDirectory(process.env), ''));
  const choice = chooseRun(found.kept, run, { recorded, nowMs: Date.now() });
  const { undone } = choice;
  const others = waiting.map(({ host }) => host.name);
  const notes =
    others.length === 0
      ? choice.notes
      : [
          ...choice.notes,
          `A change of another run waits to be confirmed on ${compressNames(others).join(', ')}: without --run, it is undone`,
        ];
  // those that could not be asked are asked again, so that they count as unreachable
  const isGuest = (name: string) => inventory.hosts.get(name)?.kind === 'domU';
  // guests are reached by way of what is undone on their dom0
  const plays = [true, false].map((guests) =>
    playOf(
      choice.id ?? '',
      new Map(undone.filter(([name]) => isGuest(name) === guests)),
      new Map([...found.silent].filter(([name]) => isGuest(name) === guests)),
    ),
  );
  if (undone.length === 0 && found.silent.size === 0) {
    for (const note of notes) process.stderr.write(`${escapeControls(note)}\n`);
    return exitCodes.done;
  }
  const left = new RollbackNotes();
  const exit = await carryOut(
    options,
    { inventory, plays, notes, sources },
    { isGoingBack: true, note: (event) => left.note(event) },
  );
  process.stderr.write(left.text);
  if (exit === exitCodes.rolledBack) process.stderr.write(stayed);
  return exit;
}

const stayed =
  'Where it did not come to stay, all is as before this rollback. To go back all the same: --no-confirm\n';

interface Found {
  /** By host: what it could undo. */
  readonly kept: KeptRuns;
  /** Hosts that could not be asked, and why. */
  readonly silent: ReadonlyMap<string, Silent>;
  /** Hosts with a window that is not over: these are undone first, and nothing else then. */
  readonly waiting: readonly Waiting[];
  readonly interrupted: boolean;
}

type Silent =
  | { readonly status: 'unreachable'; readonly message: string; readonly hint: string | null }
  /** It answers, but not that. */
  | { readonly status: 'failed'; readonly message: string }
  | { readonly status: 'skipped' };

interface Waiting {
  readonly host: Host;
  readonly window: PendingWindow;
  /** It could not undo it. */
  readonly isStuck: boolean;
}

const isOf =
  (run: string | undefined) =>
  ({ window }: Waiting): boolean =>
    run === undefined || window.run === run;

/** What a rollback would do about windows. */
function waitingText(waiting: readonly Waiting[]): string {
  const words = new Map<string, string[]>();
  for (const { host, window, isStuck } of waiting) {
    const what = isStuck ? 'Would try again to undo what could not be undone' : wouldBe(window);
    words.set(what, [...(words.get(what) ?? []), host.name]);
  }
  const lines = Array.from(
    words,
    ([what, names]) => `${what} on ${compressNames(names).join(', ')}\n`,
  );
  return lines.join('');
}

function wouldBe({ state }: PendingWindow): string {
  switch (state) {
    case 'armed':
      return 'Would undo what is being changed';
    case 'applied':
      return 'Would undo what waits to be confirmed';
    case 'rolling':
      return 'Undoes its change already: nothing to do';
    case 'confirmed':
      return 'Confirmed already, and being put in place for the next boot: would not be undone';
  }
}

async function look(surveyor: Surveyor, hosts: readonly Host[]): Promise<Found> {
  const surveyed = await surveyor.look(hosts, () => [generationsQuery, query.windows()]);
  const kept = new Map<string, readonly KeptRun[]>();
  const silent = new Map<string, Silent>();
  const waiting: Waiting[] = [];
  for (const host of hosts) {
    const { name } = host;
    const one = surveyed.get(name);
    if (one === undefined) {
      silent.set(name, { status: 'skipped' });
    } else if ('unreachable' in one) {
      silent.set(name, { status: 'unreachable', message: one.unreachable, hint: one.hint });
    } else {
      const failure = failureOf(one.answers, generationsQuery);
      if (failure !== null) silent.set(name, { status: 'failed', message: failure });
      else kept.set(name, keptRuns(one.answers).filter(isWorthUndoing));
      const windows = answerTo(one.answers, query.windows());
      const window = windows?.pending ?? null;
      const last = windows?.last ?? null;
      const isStuck = last?.outcome === 'incomplete' && last.id === window?.id;
      if (window !== null) waiting.push({ host, window, isStuck });
    }
  }
  return { kept, silent, waiting, interrupted: surveyor.stopping.aborted };
}

/** One play; a host has its own tasks in it, by their numbers. */
function playOf(
  id: string,
  undone: ReadonlyMap<string, KeptRun>,
  silent: ReadonlyMap<string, Silent>,
): HostedPlay {
  const failing = [...silent].flatMap(([name, one]) =>
    one.status === 'failed' ? [[name, [untold(one.message)]] as const] : [],
  );
  const tasks = new Map([
    ...[...undone].map(([name, run]) => [name, undoingTasks(run)] as const),
    ...failing,
  ]);
  const bound = new Map([...tasks].map(([name, all]) => [name, bindSaved(all)]));
  const most = Math.max(1, ...[...tasks.values()].map(({ length }) => length));
  return {
    play: {
      name: `Undo run ${id}`,
      tasks: Array.from({ length: most }, (_, index) => {
        const names = [...tasks.values()].flatMap((all) => all[index]?.name ?? []);
        const on = [...bound].flatMap(([name, all]) => {
          const one = all[index];
          return one === undefined ? [] : [[name, one] as const];
        });
        return {
          name: new Set(names).size === 1 ? (names[0] ?? '') : `Undo (${index + 1})`,
          step: savedStep('rollback', new Map(on)),
          params: {},
        };
      }),
    },
    hosts: new Set([...undone.keys(), ...silent.keys()]),
  };
}
