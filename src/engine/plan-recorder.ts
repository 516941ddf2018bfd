import { answerTo } from '../host/answer.ts';
import { type Change, isOpaque } from '../host/change.ts';
import type { FoundFile } from '../host/planned-change.ts';
import { query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { BoundStep, Plan } from '../steps/step.ts';
import type { HostStatus, RunEvent } from './events.ts';
import type { HostedPlay } from './legs.ts';
import { allChanges } from './plan-effects.ts';

/** A task of a host as a check has planned it. */
export interface RecordedTask {
  /** Indexes of the play and of its task. */
  readonly play: number;
  readonly task: number;
  /** Whether its changes are made in a confirm window. */
  readonly network: boolean;
  /** What it does for sure; null: that is unknown until others were applied, or it was refused. */
  readonly plan: Plan | null;
  /** What its commands depend on. */
  readonly found: readonly FoundFile[];
}

/** A host as a check has found it. */
export interface RecordedHost {
  readonly status: HostStatus;
  readonly error: string | null;
  readonly tasks: readonly RecordedTask[];
}

interface Place {
  readonly play: number;
  readonly task: number;
  network: boolean;
  plan: Plan | null;
  found: readonly FoundFile[];
  isSure: boolean;
}

/** Tells of each host that ended what its tasks have planned in a check, besides what its events show. */
export class PlanRecorder {
  /** The same plays; what their tasks plan is kept. */
  readonly plays: readonly HostedPlay[];
  readonly #places = new Map<string, Place[]>();
  readonly #tasks = new Map<string, RecordedTask[]>();
  readonly #tell: (name: string, host: RecordedHost) => void;

  /** @param tell is told of a host when it ended; nothing is kept of it then */
  constructor(plays: readonly HostedPlay[], tell: (name: string, host: RecordedHost) => void) {
    this.#tell = tell;
    for (const [
      play,
      {
        play: { tasks },
        hosts,
      },
    ] of plays.entries()) {
      for (const host of hosts) {
        const places = tasks.map(
          (_, task): Place => ({
            ...{ play, task, network: false },
            ...{ plan: null, found: [], isSure: false },
          }),
        );
        this.#places.set(host, [...(this.#places.get(host) ?? []), ...places]);
      }
    }
    this.plays = plays.map(({ play, hosts }, index) => ({
      play: {
        ...play,
        tasks: play.tasks.map((task, number) => ({
          ...task,
          wrap: (bound, { host }) => this.#record(host.name, index, number, bound),
        })),
      },
      hosts,
    }));
  }

  /** Tasks of a host end in the order of its plays. */
  note(event: RunEvent): void {
    if (event.event === 'task') {
      const places = this.#places.get(event.host);
      if (places === undefined) return; // the host has ended
      const tasks = this.#tasks.get(event.host) ?? [];
      const place = places[tasks.length];
      if (place === undefined) throw new Error(`more tasks of ${event.host} ended than there are`);
      const { play, task, network, found } = place;
      if (event.status === 'skipped') place.plan ??= idle;
      const plan = isKnown(place, tasks) ? place.plan : null;
      tasks.push({ play, task, network, plan, found });
      this.#tasks.set(event.host, tasks);
    } else if (event.event === 'host_end') {
      const { host, status, error } = event;
      const tasks = this.#tasks.get(host) ?? [];
      this.#places.delete(host);
      this.#tasks.delete(host);
      this.#tell(host, { status, error: error?.message ?? null, tasks });
    }
  }

  #record(host: string, play: number, task: number, bound: BoundStep): BoundStep {
    const places = this.#places.get(host);
    if (places === undefined) return bound; // the host has ended
    const place = places.find((one) => one.play === play && one.task === task);
    if (place === undefined) throw new Error(`${host} has no such task`);
    place.network = bound.network;
    // a leg binds all its tasks before it plans: those that ended by now are of earlier ones
    const ended = this.#tasks.get(host) ?? [];
    const before = ended.flatMap(({ plan }) => (plan === null ? [] : allChanges(plan)));
    return {
      ...bound,
      plan: (observed) => {
        const state = before.reduce((now: HostState, change) => now.after(change), observed);
        const plan = bound.plan(state);
        place.plan = 'changes' in plan ? plan : null;
        place.found = foundBy(bound, state);
        place.isSure = before.length === 0 || !allChanges(place.plan ?? idle).some(isForeseen);
        return plan;
      },
    };
  }
}

const idle: Plan = { changes: [] };

/** What follows an opaque change is known only if it is one, whatever the host is like. */
function isKnown({ plan, isSure, found }: Place, before: readonly RecordedTask[]): boolean {
  if (plan === null || !isSure || before.some((task) => task.plan === null)) return false;
  const isAfterOpaque = before.some((task) => task.plan?.changes.some(isOpaque) === true);
  return !isAfterOpaque || (allChanges(plan).every(isOpaque) && found.length === 0);
}

function foundBy({ queries }: BoundStep, state: HostState): readonly FoundFile[] {
  const paths = queries.flatMap((asked) => (asked.kind === 'file' ? [asked.path] : []));
  return paths.flatMap((path): FoundFile[] => {
    const file = answerTo(state, query.file(path));
    return path === '/' || file === null ? [] : [{ path, exists: file.type !== 'absent' }];
  });
}

/** How the host spells what an earlier leg makes of a listing cannot be told. */
function isForeseen(change: Change): boolean {
  switch (change.kind) {
    case 'routing':
      return change.before.rules.fingerprint === null || change.before.routes.fingerprint === null;
    case 'chains':
    case 'nft':
      return change.before.fingerprint === null;
    default:
      return false;
  }
}
