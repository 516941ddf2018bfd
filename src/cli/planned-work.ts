import { readFile, stat } from 'node:fs/promises';
import type { HostedPlay } from '../engine/legs.ts';
import { areTasksDone, plannedTask } from '../engine/planned-task.ts';
import { bindSaved, savedStep } from '../engine/saved-tasks.ts';
import type { Inventory } from '../inventory/model.ts';
import { ControllerReader } from '../playbook/controller-files.ts';
import type { PlayRollout } from '../playbook/model.ts';
import { readPlan } from '../records/plan-file.ts';
import type { SavedPlan } from '../records/plan-schema.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { largestTextBytes } from '../source/decode-text.ts';
import { SourceText } from '../source/source-text.ts';
import type { BoundStep } from '../steps/step.ts';
import { hostsWithin, readInventory } from './load.ts';
import type { Chosen, Work } from './load-work.ts';
import { reasonOf } from './out-file.ts';
import { notesOf } from './plan-notes.ts';
import { type SourceFile, sourceFile } from './sources.ts';
import { UsageError } from './usage-error.ts';

interface Wanted {
  /** The file of the plan. */
  readonly file: string;
  /** INVENTORY; absent: where the plan was made from. */
  readonly inventory: string | undefined;
}

/** A plan with the inventory that it was made from. */
export interface PlanOfFleet {
  readonly plan: SavedPlan;
  readonly inventory: Inventory;
  /** INVENTORY as given, else as the plan says. */
  readonly argument: string;
  readonly files: readonly SourceFile[];
}

/**
 * Reads a saved plan. Throws `UsageError` when the file is no plan as xpush wrote it, or the inventory
 * is another one than it was made from.
 */
export async function readSavedPlan(
  { file, inventory: given }: Wanted,
  store: SecretStore,
): Promise<PlanOfFleet> {
  const plan = await readPlanFile(file);
  const argument = given ?? plan.inventory.path;
  if (argument === null) {
    throw new UsageError(
      `${file} was made from an inventory on standard input`,
      `xpush apply INVENTORY --plan ${file}`,
    );
  }
  const files: SourceFile[] = [];
  const inventory = await readInventory(argument, store, (name, content) =>
    files.push(sourceFile(name, content)),
  );
  if (sumsOf(files) !== sumsOf(plan.inventory.files)) {
    throw new UsageError(
      `the inventory ${argument} is not as it was when ${file} was made`,
      'make a new plan, or name the inventory that it was made from',
    );
  }
  checkSources(plan);
  return { plan, inventory, argument, files };
}

/** What is sent must be what was planned; small files are in the plan themselves. */
function checkSources({ hosts }: SavedPlan): void {
  const reader = new ControllerReader();
  const planned = new Map<string, string>();
  for (const { tasks } of hosts) {
    for (const { exact } of tasks.flatMap(({ changes }) => changes)) {
      if (exact.kind === 'send') planned.set(exact.source.path, exact.source.sums);
    }
  }
  for (const [path, sums] of planned) {
    const problem = reader.changeOf(path, sums);
    if (problem !== null) throw new UsageError(problem, 'make a new plan');
  }
}

/** What a saved plan does on the chosen hosts. Throws `UsageError` for a pattern that none matches. */
export function plannedWork(
  { plan, inventory, argument, files }: PlanOfFleet,
  { limit, only }: Chosen,
): Work {
  const names = hostsWithin(inventory, limit).map(({ name }) => name);
  const within = new Set(names.filter((name) => only?.has(name) ?? true));
  const hosts = plan.hosts.filter(({ host }) => within.has(host));
  return {
    inventory,
    sources: { inventory: { argument, files }, playbooks: plan.playbooks },
    plays: playsOf(plan, hosts),
    notes: notesOf(hosts),
  };
}

async function readPlanFile(file: string): Promise<SavedPlan> {
  let bytes: Buffer;
  try {
    const { size } = await stat(file);
    if (size > largestTextBytes) throw new UsageError(`${file} is larger than 10 MB`);
    bytes = await readFile(file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${file}: ${reasonOf(error)}`);
  }
  const plan = readPlan(bytes, file);
  if ('problem' in plan) throw new UsageError(plan.problem, plan.hint);
  return plan;
}

type HostPlan = SavedPlan['hosts'][number];

/** The plays with the hosts that they do something on; each task knows what it does on which host. */
function playsOf(plan: SavedPlan, hosts: readonly HostPlan[]): readonly HostedPlay[] {
  const bound = new Map<string, Map<string, BoundStep>>();
  for (const { host, tasks } of hosts) {
    const planned = tasks.filter(({ status }) => status !== 'unknown');
    const steps = bindSaved(
      planned.map((task) =>
        plannedTask({
          step: stepAt(plan, task.at),
          network: task.network,
          changes: task.changes.map(({ exact }) => exact),
          ...{ upkeep: task.upkeep, pending: task.pending, message: task.message },
        }),
      ),
      areTasksDone,
    );
    for (const [index, { at }] of planned.entries()) {
      const step = steps[index];
      if (step !== undefined) bound.set(at, (bound.get(at) ?? new Map()).set(host, step));
    }
  }
  const source = new SourceText('plan', '');
  return plan.plays.map(({ name, rollout, tasks }, play) => {
    const ways = tasks.map((task, index) => ({
      ...task,
      on: bound.get(`${play + 1}.${index + 1}`),
    }));
    const done = ways.flatMap(({ on, ...task }) => (on === undefined ? [] : [{ ...task, on }]));
    return {
      play: {
        name,
        rollout: rolloutOf(rollout, source),
        tasks: done.map((task) => ({
          name: task.name,
          step: savedStep(task.step, task.on),
          params: {},
        })),
      },
      hosts: new Set(done.flatMap(({ on }) => [...on.keys()])),
    };
  });
}

function stepAt({ plays }: SavedPlan, at: string): string {
  const [play = 0, task = 0] = at.split('.').map(Number);
  return plays[play - 1]?.tasks[task - 1]?.step ?? '';
}

function rolloutOf(
  rollout: SavedPlan['plays'][number]['rollout'],
  source: SourceText,
): PlayRollout {
  return {
    serial: rollout.serial,
    maxFailPercentage: rollout.max_fail_percentage,
    anyErrorsFatal: rollout.any_errors_fatal,
    maxPer: rollout.max_per.map((one) => ({ ...one, place: { source, start: 0, end: 0 } })),
    pauseSeconds: rollout.pause,
  };
}

const sumsOf = (files: readonly SourceFile[]): string =>
  files.map(({ sha256 }) => sha256).join('\n');
