import type { Host, Inventory } from '../inventory/model.ts';
import type { Play, Task } from '../playbook/model.ts';
import type { BoundStep, Target } from '../steps/step.ts';

/** What a run needs of a task: where it is written does not matter any more. */
type RunTask = Pick<Task, 'name' | 'step' | 'params'> &
  Partial<Pick<Task, 'network' | 'keywords'>> & {
    /** Somebody who listens in on what it plans. */
    readonly wrap?: (bound: BoundStep, target: Target) => BoundStep;
  };

/** What a run needs of a play; without `rollout` it is as safe as by default. */
interface RunPlay extends Pick<Play, 'name'>, Partial<Pick<Play, 'rollout'>> {
  readonly tasks: readonly RunTask[];
}

/** A task of a play, for one host. */
export interface LegTask {
  readonly play: RunPlay;
  readonly task: RunTask;
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
}

/** A play with the hosts it is for. */
export interface HostedPlay {
  readonly play: RunPlay;
  readonly hosts: ReadonlySet<string>;
}

/**
 * The legs of all hosts, in inventory order. Hosts of one play wait for nobody, but for the other
 * side of their Xen pair: a domU's plays wait for its dom0's earlier plays, and a dom0's for its
 * domUs'. So a host needs one leg unless its own plays and the other side's alternate, or its plays
 * are of several sequences of batches.
 *
 * @param sequenceOf the sequence of each play, by their indexes; by default, all are of one
 */
export function planLegs(
  plays: readonly HostedPlay[],
  inventory: Inventory,
  sequenceOf: (play: number) => number = () => 0,
): PlannedLeg[] {
  const open = new Map<string, { leg: PlannedLeg & { tasks: LegTask[] }; last: number }>();
  const legs = new Map<string, PlannedLeg[]>();
  const lastPlay = new Map<string, number>();
  for (const [index, { play, hosts }] of plays.entries()) {
    if (play.tasks.length === 0) continue;
    const sequence = sequenceOf(index);
    for (const name of hosts) {
      const host = inventory.hosts.get(name);
      if (host === undefined) continue;
      const others = pairedHosts(host);
      const current = open.get(name);
      const mustWait = others.some((other) => {
        const last = lastPlayBefore(other, index);
        return last !== null && (current === undefined || last > current.last);
      });
      const tasks = play.tasks.map((task) => ({ play, task }));
      if (current !== undefined && current.leg.sequence === sequence && !mustWait) {
        current.leg.tasks.push(...tasks);
        current.last = index;
        continue;
      }
      const after = [name, ...others].flatMap((other) => legs.get(other)?.at(-1) ?? []);
      const leg = { host, tasks, after, sequence };
      open.set(name, { leg, last: index });
      legs.set(name, [...(legs.get(name) ?? []), leg]);
    }
    for (const name of hosts) lastPlay.set(name, index);
  }
  return [...inventory.hosts.keys()].flatMap((name) => legs.get(name) ?? []);

  function lastPlayBefore(name: string, index: number): number | null {
    const last = lastPlay.get(name);
    return last === undefined || last >= index ? null : last;
  }
}

function pairedHosts(host: Host): readonly string[] {
  if (host.kind === 'domU') return [host.dom0];
  return host.kind === 'dom0' ? host.domUs : [];
}
