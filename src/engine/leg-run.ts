import { type Connection, ConnectionError } from '../connection/transport.ts';
import { type Act, staleStatus } from '../host/act-program.ts';
import { type Change, isOpaque } from '../host/change.ts';
import { HostState } from '../host/state.ts';
import type { Inventory } from '../inventory/model.ts';
import type { BoundStep, Plan } from '../steps/step.ts';
import type { ChangeRecord, RunEvent, TaskStatus } from './events.ts';
import { type ActResult, HostShell, LostError } from './host-shell.ts';
import type { Leg, LegTask } from './legs.ts';
import { commandLine, recordOf } from './records.ts';

/** How often a host that moved under the plan is observed and planned again. */
const mostReplans = 3;

export interface LegOptions {
  readonly inventory: Inventory;
  readonly check: boolean;
  readonly emit: (event: RunEvent) => void;
  /** Aborted: the operator asked to stop; nothing new is begun on the host. */
  readonly stopping: AbortSignal;
}

/** What became of a leg that was reached; `failed` and what to do about it, or whether it changed. */
export interface LegResult {
  readonly hasChanged: boolean;
  readonly failure: { readonly message: string; readonly hint: string | null } | null;
  /** The operator stopped it before its work was done. */
  readonly wasStopped: boolean;
}

/**
 * Observes, plans and acts for one host over connections that `connect` makes: one, unless it is
 * lost in the middle. Rejects with `ConnectionError` when the host cannot be reached or gives no
 * usable shell.
 */
export async function runLeg(
  leg: Leg,
  options: LegOptions,
  connect: () => Promise<Connection>,
): Promise<LegResult> {
  const run = new LegRun(leg, options);
  let connection = await connect();
  let shell: HostShell | null = null;
  try {
    for (let replans = 0; ; replans += 1) {
      try {
        shell ??= await HostShell.open(connection);
        if ((await run.observeAndGoOn(shell)) === 'done') return run.result();
        if (replans === mostReplans) return run.moved();
      } catch (error) {
        if (!(error instanceof LostError)) throw error;
        if (replans === mostReplans || !run.canResume) return run.lost(error);
        await connection.close();
        connection = await connect();
        shell = null;
      }
    }
  } finally {
    await connection.close();
  }
}

interface Pending {
  readonly item: LegTask;
  readonly bound: BoundStep;
}

interface Decided {
  readonly pending: Pending;
  readonly plan: Plan;
}

class LegRun {
  readonly #options: LegOptions;
  readonly #host: string;
  readonly #total: number;
  /** Tasks that have not ended yet. */
  #left: Pending[];
  /** Changes that were made for the first of `#left` before its plan was stale or the line cut. */
  #made: ChangeRecord[] = [];
  #hasChanged = false;
  #failure: LegResult['failure'] = null;
  #wasStopped = false;
  #hasActed = false;
  #isCommandUnderWay = false;

  constructor(leg: Leg, options: LegOptions) {
    this.#options = options;
    this.#host = leg.host.name;
    const target = { host: leg.host, inventory: options.inventory };
    this.#left = leg.tasks.map((item) => ({
      item,
      bound: item.task.step.bind(target, item.task.params),
    }));
    this.#total = this.#left.length;
  }

  /** Whether observing again after a lost connection can tell what was done. */
  get canResume(): boolean {
    return !this.#isCommandUnderWay;
  }

  result(): LegResult {
    return {
      hasChanged: this.#hasChanged,
      failure: this.#failure,
      wasStopped: this.#wasStopped,
    };
  }

  moved(): LegResult {
    return this.#giveUp(
      `the host changed under the plan ${mostReplans + 1} times`,
      'something else manages the same settings: stop it, or run again',
    );
  }

  /** Throws `ConnectionError` when the host was only looked at: then it is just unreachable. */
  lost({ message }: LostError): LegResult {
    if (!this.#hasActed) throw new ConnectionError('network', `the connection was lost: ${message}`);
    return this.#giveUp(
      `the connection was lost while changes were being made (${message}): what was done is unknown`,
      'run again with --check to see what is left to do',
    );
  }

  /** Observes all that is left, and plans and acts until everything is done or must be seen anew. */
  async observeAndGoOn(shell: HostShell): Promise<'done' | 'stale'> {
    this.#tell('look', null);
    let state: HostState | null = new HostState(await shell.look(this.#queries()));
    while (state !== null && this.#left.length > 0) {
      const { decided, refusal, isOpen } = this.#decide(state);
      if (this.#options.check) {
        this.#predict(decided, refusal, state);
        break;
      }
      if (this.#options.stopping.aborted && decided.some(({ plan }) => hasWork(plan))) {
        this.#wasStopped = true;
        break;
      }
      const acted = await this.#act(shell, decided, isOpen);
      if (acted === 'stale') return 'stale';
      if (acted === 'failed') break;
      if (refusal !== null) {
        this.#fail(refusal.message, refusal.hint, []);
        break;
      }
      state = acted;
    }
    shell.end();
    return 'done';
  }

  /** Plans as far as it can be foreseen: up to a refusal or an opaque change. */
  #decide(observed: HostState): {
    decided: Decided[];
    refusal: NonNullable<LegResult['failure']> | null;
    isOpen: boolean;
  } {
    let state = observed;
    const decided: Decided[] = [];
    for (const pending of this.#left) {
      const plan = pending.bound.plan(state);
      if ('refusal' in plan) {
        return { decided, refusal: { message: plan.refusal, hint: plan.hint }, isOpen: false };
      }
      decided.push({ pending, plan });
      const changes = allChanges(plan);
      if (changes.some(isOpaque)) return { decided, refusal: null, isOpen: true };
      state = changes.reduce((before: HostState, change) => before.after(change), state);
    }
    return { decided, refusal: null, isOpen: false };
  }

  /** Makes the changes of these tasks; gives the state to go on from, null when all is done. */
  async #act(
    shell: HostShell,
    decided: readonly Decided[],
    isOpen: boolean,
  ): Promise<HostState | null | 'stale' | 'failed'> {
    const acts = decided.flatMap(({ plan }, task) =>
      allChanges(plan).map((change, index): Act => ({ id: `${task}.${index}`, change })),
    );
    let results: ReadonlyMap<string, ActResult> = new Map();
    let state: HostState | null = null;
    if (acts.length > 0) {
      const rest = isOpen ? this.#left.slice(decided.length) : [];
      this.#hasActed = true;
      this.#isCommandUnderWay = isOpen;
      const acted = await shell.act(acts, queriesOf(rest), (id) => {
        const index = Number(id.split('.')[0]);
        const task = decided[index];
        if (task !== undefined) this.#tell('act', task.pending.item.task.name, index);
      });
      this.#isCommandUnderWay = false;
      results = acted.results;
      if (acted.answers !== null) state = new HostState(acted.answers);
    }
    for (const [index, one] of decided.entries()) {
      const ending = this.#settle(one, (change) => results.get(`${index}.${change}`));
      if (ending !== 'done') return ending;
    }
    if (isOpen && this.#left.length > 0 && state === null) return 'stale';
    return state;
  }

  /** Ends one task by what the host said of its changes. */
  #settle(
    { plan }: Decided,
    resultOf: (change: number) => ActResult | undefined,
  ): 'done' | 'stale' | 'failed' {
    const outputs: string[] = [];
    for (const [index, change] of allChanges(plan).entries()) {
      const result = resultOf(index);
      if (result === undefined) return 'stale'; // not begun: the one before it was stale
      if (result.status === staleStatus && !isOpaque(change)) return 'stale';
      if (result.status !== 0) {
        this.#fail(failureOf(change, result), null, [...this.#made]);
        return 'failed';
      }
      if (index < plan.changes.length) this.#made.push(recordOf(change));
      if (isOpaque(change)) outputs.push(text(result.output).trimEnd());
    }
    const message = [plan.message ?? '', ...outputs].filter((part) => part !== '').join('\n');
    this.#end(this.#made.length > 0 ? 'changed' : 'ok', this.#made, plan.pending, message);
    return 'done';
  }

  /** Check mode: the plan is the result, and nothing is sent. */
  #predict(
    decided: readonly Decided[],
    refusal: NonNullable<LegResult['failure']> | null,
    observed: HostState,
  ): void {
    let state = observed;
    for (const { plan } of decided) {
      const isUnknown = plan.changes.some(isOpaque);
      const status = isUnknown ? 'unknown' : plan.changes.length > 0 ? 'changed' : 'ok';
      const message = isUnknown ? 'would run; what it does is unknown until applied' : plan.message;
      this.#end(status, plan.changes.map(recordOf), plan.pending, message ?? '');
      state = allChanges(plan).reduce((before: HostState, change) => before.after(change), state);
    }
    if (refusal !== null) {
      this.#fail(refusal.message, refusal.hint, []);
      return;
    }
    // what follows an opaque change can't be told: it is planned from what is there now
    for (const { bound } of [...this.#left]) {
      const plan = bound.plan(state);
      const guess =
        'refusal' in plan
          ? `would fail: ${plan.refusal}`
          : `would make ${plan.changes.length} change${plan.changes.length === 1 ? '' : 's'}`;
      const changes = 'refusal' in plan ? [] : plan.changes.map(recordOf);
      this.#end('unknown', changes, [], `unknown until applied; as things stand, it ${guess}`);
      if (!('refusal' in plan)) {
        state = plan.changes.reduce((before: HostState, change) => before.after(change), state);
      }
    }
  }

  #end(
    status: TaskStatus,
    changes: readonly ChangeRecord[],
    pending: readonly string[] = [],
    message: string | null = null,
  ): void {
    const ended = this.#left.shift();
    if (ended === undefined) throw new Error('a task ended twice');
    this.#made = [];
    if (status === 'changed' || status === 'unknown' || changes.length > 0) this.#hasChanged = true;
    this.#options.emit({
      event: 'task',
      host: this.#host,
      play: ended.item.play.name,
      task: ended.item.task.name,
      step: ended.item.task.step.name,
      status,
      changes,
      pending,
      message: message === '' ? null : message,
    });
  }

  /** The first of the tasks that are left failed; the others are skipped. */
  #fail(message: string, hint: string | null, made: readonly ChangeRecord[]): void {
    const name = this.#left[0]?.item.task.name ?? '';
    this.#failure = { message: `${name}: ${message}`, hint };
    this.#end('failed', made, [], message);
    while (this.#left.length > 0) this.#end('skipped', [], [], 'an earlier task failed');
  }

  #giveUp(message: string, hint: string): LegResult {
    this.#fail(message, hint, [...this.#made]);
    return this.result();
  }

  #queries() {
    return queriesOf(this.#left);
  }

  /** `ahead`: tasks of the program under way that the host is done with. */
  #tell(doing: 'look' | 'act', task: string | null, ahead = 0): void {
    this.#options.emit({
      event: 'activity',
      host: this.#host,
      doing,
      task,
      done: this.#total - this.#left.length + ahead,
      total: this.#total,
    });
  }
}

function queriesOf(tasks: readonly Pending[]) {
  return tasks.flatMap(({ bound }) => bound.queries);
}

function allChanges(plan: Plan): readonly Change[] {
  return [...plan.changes, ...(plan.upkeep ?? [])];
}

function hasWork(plan: Plan): boolean {
  return allChanges(plan).length > 0;
}

function failureOf(change: Change, { status, output }: ActResult): string {
  const said = text(output).trim();
  if (change.kind !== 'command') return said === '' ? `failed with status ${status}` : said;
  const exit = `${commandLine(change)}: exit status ${status}`;
  return said === '' ? exit : `${exit}\n${said}`;
}

/** What a host printed, as text; bytes that are no UTF-8 stay visible as replacement characters. */
function text(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
