import type { Host } from '../inventory/model.ts';
import { type Knowledge, nothingTold, type Told } from '../playbook/knowledge.ts';
import { namesSet, type Others } from '../playbook/others.ts';
import type { PlannedLeg } from './legs.ts';

/** What the tasks of a run have told, leg after leg. */
export class ToldByHosts {
  readonly #hosts = new Map<string, Knowledge>();
  /** Of tasks that one host does for all. */
  readonly #shared = new Map<string, Told>();
  #others: Others = { of: () => undefined, pending: new Set() };

  /** Plays begin: what those before have told, their hosts know of each other. */
  turn(legs: readonly PlannedLeg[]): void {
    const before = new Map(this.#hosts);
    const tasks = new Set(legs.flatMap((leg) => leg.tasks.map(({ task }) => task)));
    this.#others = {
      of: (host) => before.get(host),
      pending: new Set([...tasks].flatMap(namesSet)),
    };
  }

  /** What a host's next leg knows. */
  of({ name }: Host): Knowledge {
    const own = { ...(this.#hosts.get(name) ?? nothingTold), others: this.#others };
    if (this.#shared.size === 0) return own;
    return { ...own, variables: new Map([...own.variables, ...this.#shared]) };
  }

  /** Nothing more is done for the host. */
  forget({ name }: Host): void {
    this.#hosts.delete(name);
  }

  /** A leg has ended. Facts of the host that did it in place of another are not the other's. */
  keep({ host, at, tasks }: PlannedLeg, { others: _, ...known }: Knowledge): void {
    const { facts } = this.#hosts.get(host.name) ?? nothingTold;
    this.#hosts.set(host.name, at === undefined ? known : { ...known, facts });
    for (const { task } of tasks) {
      const { isOnce = false, register = null } = task.keywords ?? {};
      const told = register === null ? undefined : known.variables.get(register);
      if (isOnce && register !== null && told !== undefined) this.#shared.set(register, told);
    }
  }
}
