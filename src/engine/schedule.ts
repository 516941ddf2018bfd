import type { Host, Inventory } from '../inventory/model.ts';
import { FairQueue } from './fair-queue.ts';
import type { PlannedLeg } from './legs.ts';
import type { Sequence } from './sequences.ts';

/** A batch of a sequence, by their indexes. */
export interface BatchOf {
  readonly sequence: number;
  readonly batch: number;
}

interface LegState {
  readonly leg: PlannedLeg;
  readonly batch: number;
  readonly limits: readonly Limit[];
  readonly followers: LegState[];
  /** Legs that must be over before. */
  waitsFor: number;
}

/** No more legs at once than `most`; who comes too late waits here. */
interface Limit {
  readonly most: number;
  underWay: number;
  readonly waiting: LegState[];
}

interface BatchState {
  readonly legs: LegState[];
  left: number;
}

/**
 * Which legs may start, given which have ended: those whose predecessors are over and whose batch is
 * open, so many at once in all and in each group that the play limits. Pure: it starts nothing.
 * Legs of one dom0 and its guests take turns with those of others, so that many guests of one dom0
 * hold up nobody else. Costs the same for every leg, whatever their number.
 */
export class Schedule {
  readonly #forks: number;
  readonly #states = new Map<PlannedLeg, LegState>();
  readonly #batches: readonly (readonly BatchState[])[];
  /** Open batches of each sequence. */
  readonly #open: number[];
  readonly #ready = new FairQueue<LegState>();
  readonly #over: BatchOf[] = [];
  #running = 0;
  #left: number;
  #steps = 0;

  /** Legs come in an order in which each is behind those that it waits for. */
  constructor(
    legs: readonly PlannedLeg[],
    sequences: readonly Sequence[],
    inventory: Inventory,
    forks: number,
  ) {
    this.#forks = forks;
    this.#left = legs.length;
    this.#batches = sequences.map(({ batches }) => batches.map(() => ({ legs: [], left: 0 })));
    this.#open = sequences.map(() => 1);
    const batchOf = sequences.map(
      ({ batches }) => new Map(batches.flatMap((names, at) => names.map((name) => [name, at]))),
    );
    const limits = sequences.map((sequence) => limitsOf(sequence, inventory));
    for (const leg of legs) {
      const state: LegState = {
        ...{ leg, followers: [], waitsFor: leg.after.length },
        batch: batchOf[leg.sequence]?.get(leg.host.name) ?? 0,
        limits: limits[leg.sequence]?.(leg.host) ?? [],
      };
      this.#states.set(leg, state);
      const batch = this.#inBatch(state);
      batch.legs.push(state);
      batch.left += 1;
    }
    for (const state of this.#states.values()) {
      for (const before of state.leg.after) this.#states.get(before)?.followers.push(state);
    }
    for (const state of this.#states.values()) this.#queueIfReady(state);
  }

  /** Whether all legs are over. */
  get isOver(): boolean {
    return this.#left === 0;
  }

  /** What was done so far, for those who want to know that it grows with the legs only. */
  get steps(): number {
    return this.#steps;
  }

  /** The next leg that may start; it counts as started. null: none may now. */
  start(): PlannedLeg | null {
    while (this.#running < this.#forks) {
      const state = this.#ready.shift();
      this.#steps += 1;
      if (state === undefined) return null;
      const full = state.limits.find(({ most, underWay }) => underWay >= most);
      if (full !== undefined) {
        full.waiting.push(state);
        continue;
      }
      for (const limit of state.limits) limit.underWay += 1;
      this.#running += 1;
      return state.leg;
    }
    return null;
  }

  /** A leg that was started is over. */
  end(leg: PlannedLeg): void {
    const state = this.#states.get(leg);
    if (state === undefined) throw new Error('a leg that is not of this run ended');
    this.#running -= 1;
    this.#left -= 1;
    this.#steps += 1;
    for (const limit of state.limits) {
      limit.underWay -= 1;
      const next = limit.waiting.shift();
      if (next !== undefined) this.#ready.push(turnOf(next), next);
    }
    for (const follower of state.followers) {
      this.#steps += 1;
      follower.waitsFor -= 1;
      this.#queueIfReady(follower);
    }
    const batch = this.#inBatch(state);
    batch.left -= 1;
    if (batch.left === 0) this.#over.push({ sequence: leg.sequence, batch: state.batch });
  }

  /** The batches that came to their end since this was asked last, in that order. */
  takeOver(): readonly BatchOf[] {
    return this.#over.splice(0);
  }

  /** The batch that a leg is in. */
  batchOf(leg: PlannedLeg): BatchOf {
    return { sequence: leg.sequence, batch: this.#states.get(leg)?.batch ?? 0 };
  }

  /** Lets the next batch of a sequence begin. */
  openNext(sequence: number): void {
    const batch = this.#open[sequence] ?? 0;
    this.#open[sequence] = batch + 1;
    for (const state of this.#batches[sequence]?.[batch]?.legs ?? []) this.#queueIfReady(state);
  }

  #queueIfReady(state: LegState): void {
    this.#steps += 1;
    if (state.waitsFor > 0 || state.batch >= (this.#open[state.leg.sequence] ?? 0)) return;
    this.#ready.push(turnOf(state), state);
  }

  #inBatch({ leg, batch }: LegState): BatchState {
    const found = this.#batches[leg.sequence]?.[batch];
    if (found === undefined) throw new Error(`${leg.host.name} is in no batch`);
    return found;
  }
}

function turnOf({ leg: { host } }: LegState): string {
  return host.kind === 'domU' ? host.dom0 : host.name;
}

/** The limits that each host of a sequence is under. */
function limitsOf({ maxPer }: Sequence, inventory: Inventory): (host: Host) => readonly Limit[] {
  const groups = maxPer.flatMap(({ group, most }) => {
    if (group === 'dom0') return [];
    const members = new Set(inventory.groups.get(group)?.hosts);
    const limit: Limit = { most, underWay: 0, waiting: [] };
    return [{ members, limit }];
  });
  const ofDom0 = maxPer.find(({ group }) => group === 'dom0');
  const dom0s = new Map<string, Limit>();
  const guestsOf = (dom0: string, most: number): Limit => {
    const known = dom0s.get(dom0) ?? { most, underWay: 0, waiting: [] };
    dom0s.set(dom0, known);
    return known;
  };
  return (host) => [
    ...groups.flatMap(({ members, limit }) => (members.has(host.name) ? [limit] : [])),
    ...(host.kind === 'domU' && ofDom0 !== undefined ? [guestsOf(host.dom0, ofDom0.most)] : []),
  ];
}
