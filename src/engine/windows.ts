import { ConnectionError } from '../connection/transport.ts';
import { HostState } from '../host/state.ts';
import type { WindowPlan } from '../host/window.ts';
import { actsOf, endsOf, generationOf, type Results, taskOf } from './act-results.ts';
import { isMissing, seenResults, wrongText } from './confirmed-results.ts';
import { guestsOf, type HealthPlan, healthPlan } from './health.ts';
import type { HostContact } from './host-contact.ts';
import { LostError } from './host-shell.ts';
import type { LegOptions } from './leg-options.ts';
import { allChanges, foresee, type PlannedTask } from './leg-plan.ts';
import type { LegTasks } from './leg-tasks.ts';
import type { Leg } from './legs.ts';
import { proberTo } from './prober.ts';
import { recordOf } from './records.ts';
import type { WindowEnd } from './window-end.ts';
import { WindowRun } from './window-run.ts';
import { refusalText, windowEnding } from './window-words.ts';

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
   */
  async carryOut(
    tasks: readonly PlannedTask[],
    controller: string | null,
  ): Promise<'ended' | 'stale' | 'stopped'> {
    const health = await this.#healthPlan(controller);
    const release = await this.#enter();
    if (release === null) return 'stopped';
    const plan = this.#planOf(tasks, [...health.pings.keys()], controller);
    const window = new WindowRun(
      this.#contact,
      { plan, health },
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
        this.#settleConfirmed(tasks, await this.#confirmedResults(tasks, results));
        return 'ended';
      default: {
        if (end.type === 'undone' && isStale(tasks, results)) return 'stale';
        this.#hasBegun = true;
        this.#settleUnconfirmed(tasks, end, results);
        return 'ended';
      }
    }
  }

  #settleConfirmed(tasks: readonly PlannedTask[], results: Results): void {
    for (const [place, task] of tasks.entries()) {
      const { plan } = task;
      const ends = endsOf(task, place, results);
      const wrong = ends.find(({ end }) => end.type !== 'done');
      const changes = plan.changes.map(recordOf);
      if (wrong !== undefined) {
        const message = wrongText(wrong.change, wrong.end);
        this.#tasks.failInPlace({ message, hint: 'run again' }, changes);
        continue;
      }
      const said = ends.map(({ end }) => (end.type === 'done' ? end.said : ''));
      this.#tasks.end({
        status: changes.length > 0 ? 'changed' : 'ok',
        changes,
        pending: plan.pending ?? [],
        message: [plan.message ?? '', ...said].filter((part) => part !== '').join('\n'),
      });
    }
    const { ending } = this.#tasks;
    if (ending !== null) this.#tasks.giveUp(ending, 'an earlier task failed');
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
      const left = foresee(tasks, new HostState(await shell.look(queries)));
      return new Map([...results, ...seenResults(tasks, left.tasks, results)]);
    } catch (error) {
      if (!(error instanceof LostError || error instanceof ConnectionError)) throw error;
      return results;
    }
  }

  #settleUnconfirmed(
    tasks: readonly PlannedTask[],
    end: Parameters<typeof windowEnding>[0],
    results: Results,
  ): void {
    const failed =
      end.type === 'refused' ? refusedTask(tasks, end.message) : failureIn(tasks, results);
    const name = failed === null ? '' : (tasks[failed.place]?.task.name ?? '');
    const ending = windowEnding(
      end,
      failed === null ? null : `${name}: ${failed.message}`,
      this.#tasks.hasChanged,
      {
        isGoingBack: this.#options.confirm.isGoingBack === true,
        target: `${this.#options.inventoryWord ?? 'INVENTORY'} -l ${this.#leg.host.name}`,
      },
    );
    const isUnknown = isUnknownEnd(end.type);
    let hasWork = false;
    for (const [place, { plan }] of tasks.entries()) {
      hasWork ||= allChanges(plan).length > 0;
      const isChanging = plan.changes.length > 0;
      if (failed !== null && place > failed.place) break;
      if (!hasWork) {
        this.#tasks.end({ status: 'ok', changes: [], message: plan.message ?? null });
      } else if (place === failed?.place) {
        const changes = isUnknown ? plan.changes.map(recordOf) : [];
        this.#tasks.end({ status: 'failed', changes, message: failed.message });
      } else if (isUnknown && isChanging) {
        const changes = plan.changes.map(recordOf);
        this.#tasks.end({ status: 'failed', changes, message: 'what is left of it is unknown' });
      } else {
        const message = end.type === 'undone' ? 'undone with its confirm window' : null;
        this.#tasks.end({
          status: 'skipped',
          changes: [],
          message: message ?? ending.error.message,
        });
      }
    }
    this.#tasks.giveUp(ending, failed === null ? afterWords[end.type] : 'an earlier task failed');
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

/** Why tasks behind a window are skipped. */
const afterWords = {
  busy: 'the host is busy with another run',
  refused: 'an earlier task failed',
  undone: 'its host undid its change',
  incomplete: 'its host needs a human',
  kept: 'its host needs a human',
  unheard: 'its host needs a human',
} as const;

/** Whoever has to do something first, is the one who could not. */
function refusedTask(tasks: readonly PlannedTask[], message: string) {
  const place = tasks.findIndex(({ plan }) => allChanges(plan).length > 0);
  return place < 0 ? null : { place, message: refusalText(message) };
}

/** Whether what is left of the changes is not known. */
function isUnknownEnd(type: WindowEnd['type']): boolean {
  return type === 'incomplete' || type === 'unheard' || type === 'kept';
}

function isStale(tasks: readonly PlannedTask[], results: Results): boolean {
  return tasks.some((task, place) =>
    endsOf(task, place, results).some(({ end }) => end.type === 'stale'),
  );
}

function failureIn(
  tasks: readonly PlannedTask[],
  results: Results,
): { readonly place: number; readonly message: string } | null {
  for (const [place, task] of tasks.entries()) {
    for (const { end } of endsOf(task, place, results)) {
      if (end.type === 'failed') return { place, message: end.message };
    }
  }
  return null;
}
