import { ConnectionError } from '../connection/transport.ts';
import { HostState } from '../host/state.ts';
import type { WindowPlan } from '../host/window.ts';
import { actsOf, endsOf, generationOf, type Results, taskOf } from './act-results.ts';
import { isMissing, seenResults } from './confirmed-results.ts';
import type { PlannedTask } from './foreseen.ts';
import { guestsOf, type HealthPlan, healthPlan } from './health.ts';
import type { HostContact } from './host-contact.ts';
import type { LegOptions } from './leg-options.ts';
import { foresee } from './leg-plan.ts';
import type { LegTasks } from './leg-tasks.ts';
import type { Leg } from './legs.ts';
import { LostError } from './lost-error.ts';
import { proberTo } from './prober.ts';
import type { WindowEnd } from './window-end.ts';
import { endConfirmed, endUnconfirmed } from './window-results.ts';
import { WindowRun } from './window-run.ts';

/** How long all changes of a window together may take. */
const applySeconds = 60;

/** Changes that are made together, and stay only if the host can be reached as before. */
export class Windows {
  readonly #leg: Leg;
  readonly #options: LegOptions;
  readonly #contact: HostContact;
  readonly #tasks: LegTasks;
  #hasBegun = false;
  #isBlind = false;
  #open: WindowRun | null = null;

  constructor(leg: Leg, options: LegOptions, contact: HostContact, tasks: LegTasks) {
    this.#leg = leg;
    this.#options = options;
    this.#contact = contact;
    this.#tasks = tasks;
  }

  /** Whether one was opened. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Until the host undoes by itself what is not decided; null: there is nothing. */
  get secondsLeft(): number | null {
    return this.#open?.facts.secondsLeft ?? null;
  }

  /**
   * Carries out the first open tasks. They have ended, and perhaps the leg with them; `stale`: the
   * open tasks must be planned anew; `stopped`: the operator stopped it before it was armed. Throws
   * `LostError` when the line was lost before it was armed.
   *
   * @param controller the controller's address as the host sees it; null: it cannot tell
   * @param goesOn whether other tasks may change the host afterwards
   */
  async carryOut(
    tasks: readonly PlannedTask[],
    controller: string | null,
    goesOn: boolean,
  ): Promise<'ended' | 'stale' | 'stopped'> {
    const health = await this.#healthPlan(controller);
    const release = await this.#enter();
    if (release === null) return 'stopped';
    const plan = this.#planOf(tasks, [...health.pings.keys()], controller);
    const window = new WindowRun(
      this.#contact,
      { plan, health, goesOn },
      {
        ...this.#options,
        onBegin: (id) => this.#tell('act', tasks, taskOf(id)),
        tell: (doing) => this.#tell(doing, tasks, tasks.length - 1),
        warn: (text) => this.#tasks.note('warning', text),
        onBlind: (why) => this.#tellBlind(why),
      },
    );
    this.#open = window;
    try {
      const end = await window.finish(await this.#contact.shell(this.#options.stopping));
      const { notes, results } = window.facts;
      for (const note of notes) this.#tasks.note('warning', note);
      return await this.#settle(tasks, end, results);
    } finally {
      this.#open = null;
      release();
    }
  }

  async #settle(
    tasks: readonly PlannedTask[],
    end: WindowEnd,
    results: Results,
  ): Promise<'ended' | 'stale' | 'stopped'> {
    switch (end.type) {
      case 'lost':
        throw new LostError(end.why);
      case 'stale':
      case 'stopped':
        return end.type;
      case 'confirmed':
        this.#hasBegun = true;
        endConfirmed(this.#tasks, tasks, await this.#confirmedResults(tasks, results));
        return 'ended';
      default: {
        if (end.type === 'undone' && isStale(tasks, results)) return 'stale';
        this.#hasBegun = true;
        endUnconfirmed(this.#tasks, tasks, end, results, {
          target: `${this.#options.inventoryWord ?? 'INVENTORY'} -l ${this.#leg.host.name}`,
        });
        return 'ended';
      }
    }
  }

  /**
   * With what the next look tells where the host's own words were lost: what is not to be done any more
   * was done.
   */
  async #confirmedResults(tasks: readonly PlannedTask[], results: Results): Promise<Results> {
    if (!tasks.some((task, place) => endsOf(task, place, results).some(isMissing))) return results;
    try {
      const shell = await this.#contact.shell(this.#options.leaving);
      const queries = tasks.flatMap(({ bound }) => bound.queries);
      const seen = new HostState(await shell.look(queries));
      const left = foresee(tasks, seen, this.#tasks.known);
      return new Map([...results, ...seenResults(tasks, left.tasks, results)]);
    } catch (error) {
      if (!(error instanceof LostError || error instanceof ConnectionError)) throw error;
      return results;
    }
  }

  async #healthPlan(controller: string | null): Promise<HealthPlan> {
    const { inventory, confirm } = this.#options;
    const { host } = this.#leg;
    if (confirm.isGoingBack === true) return healthPlan(host, inventory, null);
    const addresses = guestsOf(host, inventory).flatMap(({ vifs }) =>
      vifs.flatMap(({ ips }) => ips),
    );
    return healthPlan(host, inventory, await proberTo(addresses, inventory, controller));
  }

  /** Once is enough: nobody can change it in the run. */
  #tellBlind(why: string): void {
    if (this.#isBlind) return;
    this.#isBlind = true;
    this.#tasks.note(
      'info',
      `only its own SSH is checked before its network changes are kept: ${why}`,
    );
  }

  #planOf(
    tasks: readonly PlannedTask[],
    pings: readonly string[],
    controller: string | null,
  ): WindowPlan {
    const { identity, confirm, nextNumber } = this.#options;
    const { safety } = this.#leg.host;
    const id = `${identity.id}.${nextNumber()}`;
    return {
      ...{ id, identity, applySeconds, controller, pings },
      acts: actsOf(tasks),
      confirmSeconds: confirm.timeoutSeconds ?? safety.confirmTimeoutSeconds,
      onRollbackFailure: safety.onRollbackFailure,
      allowNoBootHook: safety.allowNoBootHook,
      generation: generationOf(this.#leg, this.#options, id, tasks),
    };
  }

  /** Waits for the host's turn; null: the operator stopped it meanwhile. */
  async #enter(): Promise<(() => void) | null> {
    const { enterWindow, stopping } = this.#options;
    const entered = enterWindow();
    let stop = (): void => {};
    const stopped = new Promise<null>((resolve) => {
      stop = () => resolve(null);
      stopping.addEventListener('abort', stop, { once: true });
      if (stopping.aborted) stop();
    });
    const release = await Promise.race([stopped, entered]);
    stopping.removeEventListener('abort', stop);
    if (release === null) void entered.then((late) => late());
    return release;
  }

  #tell(
    doing: Parameters<LegTasks['tell']>[0],
    tasks: readonly PlannedTask[],
    ahead: number,
  ): void {
    this.#tasks.tell(doing, tasks[ahead]?.task.name ?? null, ahead);
  }
}

function isStale(tasks: readonly PlannedTask[], results: Results): boolean {
  return tasks.some((task, place) =>
    endsOf(task, place, results).some(({ end }) => end.type === 'stale'),
  );
}
