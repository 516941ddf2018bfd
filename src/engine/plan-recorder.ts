import type { BoundStep, Plan } from '../steps/step.ts';
import { bindTask } from './bind-task.ts';
import type { HostStatus, RunEvent, TaskStatus } from './events.ts';
import type { HostedPlay } from './legs.ts';

/** A task of a host as a check has planned it. */
export interface RecordedTask {
  /** Indexes of the play and of its task. */
  readonly play: number;
  readonly task: number;
  readonly status: TaskStatus;
  /** Whether its changes are made in a confirm window. */
  readonly network: boolean;
  /** null: it was refused, or never planned. */
  readonly plan: Plan | null;
  readonly message: string | null;
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
  bound: BoundStep | null;
  plan: Plan | null;
}

/** Keeps what the tasks of a check have planned, besides what its events show. */
export class PlanRecorder {
  /** The same plays; what their tasks plan is kept. */
  readonly plays: readonly HostedPlay[];
  readonly #places = new Map<string, Place[]>();
  readonly #tasks = new Map<string, RecordedTask[]>();
  readonly #hosts = new Map<string, RecordedHost>();

  constructor(plays: readonly HostedPlay[]) {
    for (const [
      play,
      {
        play: { tasks },
        hosts,
      },
    ] of plays.entries()) {
      for (const host of hosts) {
        const places = tasks.map((_, task): Place => ({ play, task, bound: null, plan: null }));
        this.#places.set(host, [...(this.#places.get(host) ?? []), ...places]);
      }
    }
    this.plays = plays.map(({ play, hosts }, index) => ({
      play: {
        ...play,
        tasks: play.tasks.map((task, number) => ({
          ...task,
          step: {
            ...task.step,
            bind: (target) => this.#record(target.host.name, index, number, bindTask(task, target)),
          },
        })),
      },
      hosts,
    }));
  }

  /** Hosts that ended, in the order of their ends. */
  get hosts(): ReadonlyMap<string, RecordedHost> {
    return this.#hosts;
  }

  /** Tasks of a host end in the order of its plays. */
  note(event: RunEvent): void {
    if (event.event === 'task') {
      const tasks = this.#tasks.get(event.host) ?? [];
      const place = this.#places.get(event.host)?.[tasks.length];
      if (place === undefined) throw new Error(`more tasks of ${event.host} ended than there are`);
      const { play, task, plan, bound } = place;
      const { status, message } = event;
      tasks.push({ play, task, status, network: bound?.network ?? false, plan, message });
      this.#tasks.set(event.host, tasks);
    } else if (event.event === 'host_end') {
      const { host, status, error } = event;
      const tasks = this.#tasks.get(host) ?? [];
      this.#hosts.set(host, { status, error: error?.message ?? null, tasks });
    }
  }

  #record(host: string, play: number, task: number, bound: BoundStep): BoundStep {
    const place = this.#places.get(host)?.find((one) => one.play === play && one.task === task);
    if (place === undefined) throw new Error(`${host} has no such task`);
    place.bound = bound;
    return {
      ...bound,
      plan: (state) => {
        const plan = bound.plan(state);
        place.plan = 'refusal' in plan ? null : plan;
        return plan;
      },
    };
  }
}
