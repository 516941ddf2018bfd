import { setTimeout as pause } from 'node:timers/promises';
import { type Connection, ConnectionError } from '../connection/transport.ts';
import { type Act, staleStatus } from '../host/act-program.ts';
import { type Change, isOpaque } from '../host/change.ts';
import { HostState } from '../host/state.ts';
import type { Plan } from '../steps/step.ts';
import type { ChangeRecord } from './events.ts';
import { type ActResult, HostShell, LostError } from './host-shell.ts';
import type { LegOptions, LegResult } from './leg-options.ts';
import { allChanges, planSegment, predict, type Segment } from './leg-plan.ts';
import { LegTasks } from './leg-tasks.ts';
import type { Leg } from './legs.ts';
import { commandLine, recordOf } from './records.ts';

/** How often a host that moved under the plan is observed and planned again. */
const mostReplans = 3;

/** Whoever else changes the host gets this long to finish; twice that the next time, and up to twice that by chance. */
const firstPauseMs = 50;

/**
 * Observes, plans and acts for one host over connections that `connect` makes: one, unless it is
 * lost in the middle. Rejects with `ConnectionError` when the host cannot be reached or gives no
 * usable shell.
 */
export async function runLeg(
  leg: Leg,
  options: LegOptions,
  connect: (signal: AbortSignal) => Promise<Connection>,
): Promise<LegResult> {
  const run = new LegRun(leg, options);
  let connection: Connection | null = null;
  let shell: HostShell | null = null;
  try {
    for (let replans = 0; ; replans += 1) {
      try {
        connection ??= await run.connect(connect);
        shell ??= await HostShell.open(connection);
        if ((await run.observeAndGoOn(shell)) === 'done') return run.result();
        if (replans === mostReplans) return run.moved();
        await pause(firstPauseMs * 2 ** replans * (1 + Math.random()));
      } catch (error) {
        if (error instanceof ConnectionError && run.hasActed) return run.lost(error);
        if (!(error instanceof LostError)) throw error;
        if (replans === mostReplans || !run.canResume) return run.lost(error);
        await connection?.close();
        connection = null;
        shell = null;
      }
    }
  } finally {
    await connection?.close();
  }
}

class LegRun {
  readonly #options: LegOptions;
  readonly #tasks: LegTasks;
  /** Changes made for the first open task before its plan turned out stale. */
  #made: ChangeRecord[] = [];
  #wasStopped = false;
  #hasActed = false;
  #isCommandUnderWay = false;

  constructor(leg: Leg, options: LegOptions) {
    this.#options = options;
    this.#tasks = new LegTasks(leg, options.inventory, options.emit);
  }

  /** Whether something that changes the host was sent. */
  get hasActed(): boolean {
    return this.#hasActed;
  }

  /** Whether observing again after a lost connection can tell what was done. */
  get canResume(): boolean {
    return !this.#isCommandUnderWay;
  }

  /** An interrupt ends the attempt: nothing has been begun yet. */
  connect(connect: (signal: AbortSignal) => Promise<Connection>): Promise<Connection> {
    const { stopping, leaving } = this.#options;
    this.#tasks.tell('connect', null);
    return connect(AbortSignal.any([stopping, leaving]));
  }

  result(): LegResult {
    const { hasChanged, failure } = this.#tasks;
    const result = { hasChanged, undoesItselfWithinSeconds: null };
    if (failure !== null) return { ...result, status: 'failed', error: failure };
    if (this.#wasStopped) {
      const error = { message: 'interrupted before its changes', hint: null };
      return { ...result, status: 'skipped', error };
    }
    return { ...result, status: hasChanged ? 'changed' : 'ok', error: null };
  }

  /** The host changed under every plan. */
  moved(): LegResult {
    return this.#giveUp(
      `the host changed under the plan ${mostReplans + 1} times`,
      'something else manages the same settings: stop it, or run again',
    );
  }

  /** Throws `ConnectionError` when the host was only looked at: then it is just unreachable. */
  lost({ message }: LostError | ConnectionError): LegResult {
    if (!this.#hasActed) {
      throw new ConnectionError('network', `the connection was lost: ${message}`);
    }
    return this.#giveUp(
      `the connection was lost while changes were being made (${message}): what was done is unknown`,
      'run again with --check to see what is left to do',
    );
  }

  /** Observes for all open tasks, and plans and acts until they end or must be seen anew. */
  async observeAndGoOn(shell: HostShell): Promise<'done' | 'stale'> {
    const tasks = this.#tasks;
    tasks.tell('look', null);
    let state: HostState | null = new HostState(await shell.look(tasks.queries()));
    if (this.#options.check) {
      predict(tasks, state);
      state = null;
    }
    while (state !== null && tasks.open.length > 0) {
      const segment = planSegment(tasks.open, state);
      const hasWork = segment.plans.some((plan) => allChanges(plan).length > 0);
      if (hasWork && this.#options.stopping.aborted && !this.#hasActed) {
        this.#wasStopped = true;
        break;
      }
      const next = await this.#act(shell, segment);
      if (next === 'stale') return 'stale';
      if (next === 'failed') break;
      if (segment.refusal !== null) tasks.fail(segment.refusal, []);
      state = next;
    }
    shell.end();
    return 'done';
  }

  /** Makes the changes of a segment; gives the state to go on from, null when all tasks ended. */
  async #act(
    shell: HostShell,
    { plans, isOpen }: Segment,
  ): Promise<HostState | null | 'stale' | 'failed'> {
    const acts = plans.flatMap((plan, task) =>
      allChanges(plan).map((change, index): Act => ({ id: `${task}.${index}`, change })),
    );
    const { results, answers } = await this.#send(shell, acts, isOpen ? plans.length : null);
    for (const [task, plan] of plans.entries()) {
      const ending = this.#settle(plan, (index) => results.get(`${task}.${index}`));
      if (ending !== 'done') return ending;
    }
    if (!isOpen || this.#tasks.open.length === 0) return null;
    return answers === null ? 'stale' : new HostState(answers);
  }

  /** One message: the changes, then what the tasks from `lookFrom` on ask (null: nothing). */
  async #send(shell: HostShell, acts: readonly Act[], lookFrom: number | null) {
    if (acts.length === 0) return { results: new Map<string, ActResult>(), answers: null };
    const { open } = this.#tasks;
    this.#hasActed = true;
    this.#isCommandUnderWay = acts.some(({ change }) => isOpaque(change));
    const thenLook = lookFrom === null ? [] : this.#tasks.queries(lookFrom);
    const acted = await shell.act(acts, thenLook, (id) => {
      const ahead = Number(id.split('.')[0]);
      this.#tasks.tell('act', open[ahead]?.task.name ?? null, ahead);
    });
    this.#isCommandUnderWay = false;
    return acted;
  }

  /** Ends the first open task by what the host said of its changes. */
  #settle(
    plan: Plan,
    resultOf: (index: number) => ActResult | undefined,
  ): 'done' | 'stale' | 'failed' {
    const said = [plan.message ?? ''];
    for (const [index, change] of allChanges(plan).entries()) {
      const result = resultOf(index);
      if (result === undefined) return 'stale'; // not begun: the one before it was stale
      if (result.status === staleStatus && !isOpaque(change)) return 'stale';
      if (result.status !== 0) {
        this.#tasks.fail({ message: failureOf(change, result), hint: null }, this.#takeMade());
        return 'failed';
      }
      if (index < plan.changes.length) this.#made.push(recordOf(change));
      said.push(asText(result.output).trimEnd());
    }
    const changes = this.#takeMade();
    this.#tasks.end({
      status: changes.length > 0 ? 'changed' : 'ok',
      changes,
      pending: plan.pending ?? [],
      message: said.filter((part) => part !== '').join('\n'),
    });
    return 'done';
  }

  #giveUp(message: string, hint: string): LegResult {
    this.#tasks.fail({ message, hint }, this.#takeMade());
    return this.result();
  }

  #takeMade(): readonly ChangeRecord[] {
    return this.#made.splice(0);
  }
}

function failureOf(change: Change, { status, output }: ActResult): string {
  const said = asText(output).trim();
  if (change.kind !== 'command') return said === '' ? `failed with status ${status}` : said;
  const exit = `${commandLine(change)}: exit status ${status}`;
  return said === '' ? exit : `${exit}\n${said}`;
}

/** The runtime sends no more of a command's output; who else sends more is no runtime of ours. */
const longestOutput = 65_536;

/** What a host printed, as text; bytes that are no UTF-8 stay visible as replacement characters. */
function asText(bytes: string): string {
  return Buffer.from(bytes.slice(0, longestOutput), 'latin1').toString('utf8');
}
