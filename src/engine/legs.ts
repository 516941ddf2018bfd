import type { Host, Inventory } from '../inventory/model.ts';
import { delegateOf, delegateProblem } from '../playbook/delegate.ts';
import { noKeywords } from '../playbook/keywords.ts';
import type { Play, Task } from '../playbook/model.ts';
import type { BoundStep, Target } from '../steps/step.ts';

/** What a run needs of a task: where it is written does not matter any more. */
type RunTask = Pick<Task, 'name' | 'step' | 'params'> &
  Partial<Pick<Task, 'network' | 'hasNoWindow' | 'keywords' | 'place'>> & {
    /** Somebody who listens in on what it plans. */
    readonly wrap?: (bound: BoundStep, target: Target) => BoundStep;
  };

/** What a run needs of a play; without `rollout` it is as safe as by default. */
interface RunPlay extends Pick<Play, 'name'>, Partial<Pick<Play, 'rollout' | 'hostsPlace'>> {
  readonly tasks: readonly RunTask[];
}

/** A task of a play, for one host. */
export interface LegTask {
  readonly play: RunPlay;
  readonly task: RunTask;
  /** The host whose names it sees, where it is done on another one (`delegate_to`). */
  readonly subject?: Host;
  /** Why it cannot be done; absent: nothing is known to be in its way. */
  readonly problem?: string;
}

/** What is done to one host over one connection, without waiting for others in between. */
export interface Leg {
  readonly host: Host;
  readonly tasks: readonly LegTask[];
  /** Legs that must be over before this one begins. */
  readonly after: readonly Leg[];
}

/** A leg, and the sequence of batches that it is part of. */
export interface PlannedLeg extends Leg {
  /** Index of the sequence. */
  readonly sequence: number;
  readonly after: readonly PlannedLeg[];
  /** Where its tasks are done, when that is not its host (`delegate_to`). */
  readonly at?: Host;
}

/** A play with the hosts it is for. */
export interface HostedPlay {
  readonly play: RunPlay;
  readonly hosts: ReadonlySet<string>;
  /** Whether plays before it add to the fleet, so that it may come to have others. Absent: they do not. */
  readonly isOpen?: boolean;
}

/** How plays go through their hosts, by the indexes of the plays. */
export interface LegOrder {
  /** The sequence of batches that a play is part of. By default, all are of one. */
  readonly sequenceOf?: (play: number) => number;
  /** The host that does what is done once (`run_once`). By default, the first. */
  readonly firstOf?: (play: number) => string | null;
}

/**
 * The legs of all hosts, in inventory order. Hosts of one play wait for nobody, but for the other
 * side of their Xen pair: a domU's plays wait for its dom0's earlier plays, and a dom0's for its
 * domUs'. So a host needs one leg unless its own plays and the other side's alternate, its plays
 * are of several sequences of batches, or a task is done once for all hosts or on another host.
 */
export function planLegs(
  plays: readonly HostedPlay[],
  inventory: Inventory,
  order: LegOrder = {},
): PlannedLeg[] {
  const plan = new LegPlan(inventory);
  for (const [index, hosted] of plays.entries()) {
    if (hosted.play.tasks.length === 0) continue;
    plan.add(hosted, index, {
      sequence: order.sequenceOf?.(index) ?? 0,
      first: order.firstOf?.(index) ?? null,
    });
  }
  return plan.legs;
}

type OpenLeg = PlannedLeg & { tasks: LegTask[] };

/** The legs as play after play is laid out. */
class LegPlan {
  readonly #inventory: Inventory;
  readonly #legs = new Map<string, OpenLeg[]>();
  /** The leg that more tasks of a host may go to, and the last play in it. */
  readonly #open = new Map<string, { readonly leg: OpenLeg; last: number }>();
  readonly #lastPlay = new Map<string, number>();
  /** What hosts are to wait for besides their own legs and those of their Xen pair. */
  readonly #awaited = new Map<string, OpenLeg[]>();

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
  }

  get legs(): PlannedLeg[] {
    return [...this.#inventory.hosts.keys()].flatMap((name) => this.#legs.get(name) ?? []);
  }

  add(
    { play, hosts }: HostedPlay,
    index: number,
    { sequence, first }: { readonly sequence: number; readonly first: string | null },
  ): void {
    const names = [...hosts].filter((name) => this.#inventory.hosts.has(name));
    const one = first !== null && hosts.has(first) ? first : (names[0] ?? '');
    for (const part of partsOf(play)) {
      for (const name of part.isOnce ? names.filter((each) => each === one) : names) {
        for (const task of part.tasks) this.#addTask(name, { play, task }, index, sequence);
      }
      if (part.isOnce) this.#awaitOnce(one, names);
    }
    for (const name of hosts) this.#lastPlay.set(name, index);
  }

  #addTask(name: string, task: LegTask, play: number, sequence: number): void {
    const host = this.#inventory.hosts.get(name);
    if (host === undefined) return;
    const target = { host, inventory: this.#inventory };
    const problem = delegateProblem(task.task.keywords ?? noKeywords, target);
    const at = problem === null ? placeOf(task.task, host, this.#inventory) : null;
    const current = this.#open.get(name);
    const given: LegTask = {
      ...task,
      ...(at === null ? {} : { subject: host }),
      ...(problem === null ? {} : { problem: problem.message }),
    };
    if (
      current !== undefined &&
      current.leg.sequence === sequence &&
      (current.leg.at ?? null) === at &&
      !this.#mustWait(host, play, current.last)
    ) {
      current.leg.tasks.push(given);
      current.last = play;
      return;
    }
    const others = current === undefined || current.last !== play ? pairedHosts(host) : [];
    const after = [name, ...others].flatMap((other) => this.#legs.get(other)?.at(-1) ?? []);
    const awaited = this.#awaited.get(name) ?? [];
    this.#awaited.delete(name);
    const leg: OpenLeg = {
      ...{ host, tasks: [given], sequence },
      after: [...new Set([...after, ...awaited])],
      ...(at === null ? {} : { at }),
    };
    this.#open.set(name, { leg, last: play });
    this.#legs.set(name, [...(this.#legs.get(name) ?? []), leg]);
  }

  #mustWait(host: Host, play: number, last: number): boolean {
    if (this.#awaited.has(host.name)) return true;
    return pairedHosts(host).some((other) => {
      const before = this.#lastPlay.get(other);
      return before !== undefined && before < play && before > last;
    });
  }

  /** Nobody goes on before what is done once is done. */
  #awaitOnce(one: string, names: readonly string[]): void {
    const leg = this.#open.get(one)?.leg;
    if (leg === undefined) return;
    for (const name of names) this.#awaited.set(name, name === one ? [] : [leg]);
  }
}

/** The tasks of a play, cut where one is done once for all hosts. */
function partsOf({ tasks }: RunPlay) {
  const parts: { readonly isOnce: boolean; readonly tasks: RunTask[] }[] = [];
  for (const task of tasks) {
    const isOnce = task.keywords?.isOnce ?? false;
    const last = parts.at(-1);
    if (last === undefined || last.isOnce || isOnce) parts.push({ isOnce, tasks: [task] });
    else last.tasks.push(task);
  }
  return parts;
}

/** The other host that a task is done on; null: its own. */
function placeOf({ keywords }: RunTask, host: Host, inventory: Inventory): Host | null {
  const at = keywords === undefined ? null : delegateOf(keywords, { host, inventory });
  return at === null || at.name === host.name ? null : at;
}

function pairedHosts(host: Host): readonly string[] {
  if (host.kind === 'domU') return [host.dom0];
  return host.kind === 'dom0' ? host.domUs : [];
}
