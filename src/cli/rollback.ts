import * as v from 'valibot';
import { exitCodes } from '../engine/exit-code.ts';
import {
  generationsQuery,
  isWorthUndoing,
  type KeptRun,
  keptRuns,
  undoingTasks,
} from '../engine/last-run.ts';
import type { HostedPlay } from '../engine/legs.ts';
import { bindSaved, savedStep } from '../engine/saved-tasks.ts';
import { answerTo } from '../host/answer.ts';
import { query } from '../host/query.ts';
import type { Host } from '../inventory/model.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { carryOut, runEntries, runOptions } from './carry-out.ts';
import { defineCommand, text } from './command.ts';
import { decideWindows, isReported } from './decide-windows.ts';
import { compressNames } from './host-names.ts';
import { inventoryPositional, limitOption } from './host-options.ts';
import { selectedHosts } from './load.ts';
import { checkReportFile } from './report-file.ts';
import { RollbackNotes } from './rollback-notes.ts';
import { secretEntries, secretOptions } from './secrets.ts';
import { type Surveyor, withSurveyor } from './survey-hosts.ts';
import { UsageError } from './usage-error.ts';

export const rollback = defineCommand({
  usage: 'rollback <inventory>',
  summary: 'Undo what waits to be confirmed, else the last run',
  positionals: {
    inventory: inventoryPositional,
  },
  options: {
    limit: limitOption,
    run: { ...text, describe: 'Undo this run; default: the last one that hosts remember' },
    ...secretOptions,
    ...runOptions,
  },
  examples: [
    ['xpush rollback fleet.yaml -C -D', 'what undoing the last run would change'],
    ['xpush rollback fleet.yaml', 'undo it; again for the run before'],
    ['xpush rollback fleet.yaml -l xen07', 'on one host'],
  ],
  schema: v.object({
    inventory: v.string(),
    limit: v.optional(v.string()),
    run: v.optional(v.pipe(v.string(), v.nonEmpty('the id of a run'))),
    ...secretEntries,
    ...runEntries,
  }),

  run: async ({ run, ...options }) => {
    const { forks, output, report, check } = options;
    if (report !== undefined) await checkReportFile(report);
    const { inventory, hosts, sources } = await selectedHosts(options);
    const found = await withSurveyor(options, inventory, hosts, async (surveyor) => {
      const kept = await look(surveyor, hosts);
      const { waiting } = kept;
      if (waiting.length === 0 || check) return kept;
      const deciding = { decision: 'undo', forks, sources, output, report } as const;
      return decideWindows(surveyor, waiting, inventory, deciding);
    });
    if (typeof found === 'number') return found;
    if (found.waiting.length > 0) {
      if (isReported({ output, report })) {
        throw new UsageError(
          `a check reports nothing of what waits to be confirmed, on ${names(found.waiting)}`,
          'without --output and --report: what it would undo; without --check: it is undone, and reported',
        );
      }
      process.stderr.write(`Would undo what waits to be confirmed on ${names(found.waiting)}\n`);
      return options['exit-code'] ? exitCodes.pendingChanges : exitCodes.done;
    }
    const last = run ?? lastOf(found.kept);
    const undone = [...found.kept].flatMap(([name, runs]) => {
      const one = runs.find(({ id }) => id === last);
      return one === undefined ? [] : [[name, one] as const];
    });
    const notes = notesOf(last, run !== undefined, undone, found.kept);
    // those that could not be asked are asked again, so that they count as unreachable
    const isGuest = (name: string) => inventory.hosts.get(name)?.kind === 'domU';
    // guests are reached by way of what is undone on their dom0
    const plays = [true, false].map((guests) =>
      playOf(
        last ?? '',
        new Map(undone.filter(([name]) => isGuest(name) === guests)),
        new Set(found.silent.filter((name) => isGuest(name) === guests)),
      ),
    );
    if (undone.length === 0 && found.silent.length === 0) {
      for (const note of notes) process.stderr.write(`${escapeControls(note)}\n`);
      return exitCodes.done;
    }
    const left = new RollbackNotes();
    const exit = await carryOut(
      options,
      { inventory, plays, notes, sources },
      { note: (event) => left.note(event) },
    );
    process.stderr.write(left.text);
    if (exit === exitCodes.rolledBack) process.stderr.write(stayed);
    return exit;
  },
});

const stayed =
  'Where it did not come to stay, all is as before this rollback. To go back all the same: --no-confirm\n';

interface Found {
  /** By host: what it could undo. */
  readonly kept: ReadonlyMap<string, readonly KeptRun[]>;
  /** Hosts that could not be asked. */
  readonly silent: readonly string[];
  /** Hosts where changes wait to be confirmed: these are undone first, and nothing else then. */
  readonly waiting: readonly Host[];
}

const names = (hosts: readonly Host[]): string =>
  compressNames(hosts.map(({ name }) => name)).join(', ');

async function look(surveyor: Surveyor, hosts: readonly Host[]): Promise<Found> {
  const surveyed = await surveyor.look(hosts, () => [generationsQuery, query.windows()]);
  const kept = new Map<string, readonly KeptRun[]>();
  const silent: string[] = [];
  const waiting: Host[] = [];
  for (const host of hosts) {
    const { name } = host;
    const one = surveyed.get(name);
    if (one === undefined || 'unreachable' in one) {
      silent.push(name);
      continue;
    }
    kept.set(name, keptRuns(one.answers).filter(isWorthUndoing));
    if ((answerTo(one.answers, query.windows())?.pending ?? null) !== null) waiting.push(host);
  }
  return { kept, silent, waiting };
}

function lastOf(kept: Found['kept']): string | null {
  const ids = [...kept.values()].flatMap((runs) => runs.map(({ id }) => id));
  return ids.sort().at(-1) ?? null;
}

function notesOf(
  last: string | null,
  isNamed: boolean,
  undone: readonly (readonly [string, KeptRun])[],
  kept: Found['kept'],
): readonly string[] {
  const [first] = undone;
  if (first !== undefined) {
    const [, { id, by, since }] = first;
    const changed = new Set(undone.map(([name]) => name));
    const others = [...kept].flatMap(([name, runs]) =>
      runs.length > 0 && !changed.has(name) ? [name] : [],
    );
    const left = `Left alone, as that run did not change them: ${compressNames(others).join(', ')}`;
    const said = `Undoing run ${id} of ${by}, begun ${since}`;
    return others.length === 0 ? [said] : [said, left];
  }
  return [
    isNamed
      ? `Nothing to undo: no host remembers run ${last}`
      : 'Nothing to undo: no host remembers a run',
  ];
}

/** One play; a host has its own tasks in it, by their numbers. */
function playOf(
  id: string,
  undone: ReadonlyMap<string, KeptRun>,
  silent: ReadonlySet<string>,
): HostedPlay {
  const tasks = new Map([...undone].map(([name, run]) => [name, undoingTasks(run)]));
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
    hosts: new Set([...undone.keys(), ...silent]),
  };
}
