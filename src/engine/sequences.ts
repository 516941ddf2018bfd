import type { Host, Inventory } from '../inventory/model.ts';
import { nothingTold } from '../playbook/knowledge.ts';
import { type PlayRollout, type Share, usualRollout } from '../playbook/model.ts';
import { sizeOfShare } from '../playbook/shares.ts';
import { bindTask } from './bind-task.ts';
import { type FailureLimit, failureLimit } from './budget.ts';
import type { HostedPlay } from './legs.ts';

/** What the command line says of all rollouts; null: what the plays say. */
export interface RolloutOptions {
  /** Sizes of the batches. */
  readonly serial: readonly Share[] | null;
  readonly maxFail: FailureLimit | null;
}

/** The plays decide. */
export const usualOptions: RolloutOptions = { serial: null, maxFail: null };

/**
 * Plays that go through their hosts together, batch after batch: one play that says how, or all
 * plays in a row that leave it to us.
 */
export interface Sequence {
  /** Of its plays, for people. */
  readonly name: string;
  /** Host names; one batch at least, and none of them is empty. */
  readonly batches: readonly (readonly string[])[];
  /** null: nothing stops it. */
  readonly limit: FailureLimit | null;
  readonly pauseSeconds: number;
  readonly maxPer: PlayRollout['maxPer'];
}

/** The sequences of a run, and which of them each play is part of. */
export interface Sequences {
  readonly all: readonly Sequence[];
  /** Sequence of each play, by their indexes. */
  readonly ofPlay: readonly number[];
}

/** Network changes on more Xen hosts than these begin with one of them. */
const mostWithoutCanary = 5;

const canary: readonly Share[] = [{ hosts: 1 }, { percent: 100 }];

/**
 * How a run goes through its hosts. Where nobody says how, network changes on more than five Xen
 * hosts begin with one; a domU counts for its dom0 and goes with it, a plain host for itself.
 * A check changes nothing, so it has one batch and no limits.
 */
export function planSequences(
  plays: readonly HostedPlay[],
  inventory: Inventory,
  options: RolloutOptions & { readonly check: boolean },
): Sequences {
  const groups: { rollout: PlayRollout; plays: HostedPlay[] }[] = [];
  const ofPlay: number[] = [];
  for (const hosted of plays) {
    const rollout = options.check ? usualRollout : rolloutOf(hosted, options);
    const last = groups.at(-1);
    if (last !== undefined && isUsual(last.rollout) && isUsual(rollout)) last.plays.push(hosted);
    else groups.push({ rollout, plays: [hosted] });
    ofPlay.push(groups.length - 1);
  }
  const all = groups.map((group): Sequence => {
    const name = group.plays.map(({ play }) => play.name).join(' + ');
    const { pauseSeconds, maxPer } = group.rollout;
    return {
      name,
      batches: batchesOf(group.plays, group.rollout, inventory, options),
      limit: options.check ? null : (options.maxFail ?? failureLimit(group.rollout)),
      pauseSeconds,
      maxPer,
    };
  });
  return { all, ofPlay };
}

function rolloutOf({ play }: HostedPlay, { serial }: RolloutOptions): PlayRollout {
  const rollout = play.rollout ?? usualRollout;
  return serial === null ? rollout : { ...rollout, serial: null };
}

function isUsual(rollout: PlayRollout): boolean {
  return (
    rollout.serial === null &&
    rollout.maxFailPercentage === null &&
    !rollout.anyErrorsFatal &&
    rollout.maxPer.length === 0 &&
    rollout.pauseSeconds === 0
  );
}

function batchesOf(
  plays: readonly HostedPlay[],
  rollout: PlayRollout,
  inventory: Inventory,
  { serial, check }: RolloutOptions & { readonly check: boolean },
): readonly (readonly string[])[] {
  const working = plays.filter(({ play }) => play.tasks.length > 0);
  const names = new Set(working.flatMap(({ hosts }) => [...hosts]));
  const hosts = [...inventory.hosts.values()].filter(({ name }) => names.has(name));
  // A play's own sizes count hosts; whatever is ours keeps a dom0 and its guests together.
  const units = unitsOf(hosts, rollout.serial === null ? unitOf : ({ name }) => name);
  if (check) return cut([...units.values()], null);
  const exposed = exposedUnits(working, inventory);
  const needsCanary = exposed.size > mostWithoutCanary;
  const sizes = serial ?? rollout.serial ?? (needsCanary ? canary : null);
  const first = sizes === canary ? [...units.keys()].find((unit) => exposed.has(unit)) : undefined;
  const isFirst = (unit: string): boolean => unit === first;
  const inOrder = [...units].toSorted(([one], [other]) => +isFirst(other) - +isFirst(one));
  return cut(
    inOrder.map(([, names]) => names),
    sizes,
  );
}

/** What is changed together: a dom0 with its guests. */
function unitOf(host: Host): string {
  return host.kind === 'domU' ? host.dom0 : host.name;
}

function unitsOf(
  hosts: readonly Host[],
  keyOf: (host: Host) => string,
): ReadonlyMap<string, readonly string[]> {
  const units = new Map<string, string[]>();
  for (const host of hosts) {
    const key = keyOf(host);
    const unit = units.get(key);
    if (unit === undefined) units.set(key, [host.name]);
    else unit.push(host.name);
  }
  return units;
}

/** The units whose network may change. */
function exposedUnits(plays: readonly HostedPlay[], inventory: Inventory): ReadonlySet<string> {
  const exposed = new Set<string>();
  for (const hosted of plays) {
    if (!hasNetworkTasks(hosted, inventory)) continue;
    for (const name of hosted.hosts) {
      const host = inventory.hosts.get(name);
      if (host !== undefined) exposed.add(unitOf(host));
    }
  }
  return exposed;
}

/** Whether a task's changes may go into a confirm window; told by its first host. */
function hasNetworkTasks({ play, hosts }: HostedPlay, inventory: Inventory): boolean {
  const [name = ''] = hosts;
  const host = inventory.hosts.get(name);
  if (host === undefined) return false;
  return play.tasks.some((task) => {
    if (task.network === true) return true;
    if (!task.step.mayBeNetwork || !task.step.on.includes(host.kind)) return false;
    // who does without a window still has a canary
    const prepared = bindTask({ ...task, hasNoWindow: false }, { host, inventory })(nothingTold);
    return prepared.type === 'ready' ? prepared.bound.network : prepared.type === 'waits';
  });
}

/** Cuts units into batches of these sizes, the last one for all further batches; null: one batch. */
function cut(
  units: readonly (readonly string[])[],
  sizes: readonly Share[] | null,
): readonly (readonly string[])[] {
  const batches: string[][] = [];
  let begun = 0;
  while (begun < units.length) {
    const share = sizes?.[Math.min(batches.length, sizes.length - 1)];
    const size = share === undefined ? units.length : sizeOfShare(share, units.length);
    batches.push(units.slice(begun, begun + size).flat());
    begun += size;
  }
  return batches;
}
