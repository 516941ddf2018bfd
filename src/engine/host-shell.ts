import { type Connection, ConnectionError, type Exec } from '../connection/transport.ts';
import { type Act, compileAct } from '../host/act-program.ts';
import { type Change, isCommand } from '../host/change.ts';
import { outputSeconds } from '../host/look-output.ts';
import { compileLook, type Observation, readAnswers, type Sections } from '../host/look-program.ts';
import { nothingKnown, type Program } from '../host/program.ts';
import type { Query } from '../host/query.ts';
import type { Holder, LockResult } from '../host/window.ts';
import { readLock } from '../host/window-sections.ts';
import type { ActResult } from './act-results.ts';
import { FirstLook } from './first-look.ts';
import type { Listener } from './listener.ts';
import { ForgedError, forgedText } from './lost-error.ts';
import { sendingMs } from './sending-time.ts';
import { ShellAnswers } from './shell-answers.ts';

/** Of a look, besides the commands that are run for it. */
const lookDeadlineMs = 60_000;
/** Until a shell that was just given a program says its first word of it, as long as it was not told otherwise. */
const usualFirstWordMs = 10_000;
const lookAttempts = 3;

/** How long a change other than a command of the user's may take: fsync on a busy disk, a lock of iptables. */
const changeDeadlineMs = 120_000;

/** How long a change may take; null: as long as it likes. */
function limitMs(change: Change): number | null {
  if (!isCommand(change)) return changeDeadlineMs;
  const { timeoutSeconds } = change;
  return timeoutSeconds === null ? null : timeoutSeconds * 1000 + changeDeadlineMs;
}

/**
 * One `sh -s` on one host: first a look program, then, on the same input, whatever follows from it.
 * Methods reject with `ConnectionError` when the host gives no usable shell, and with `LostError`
 * when the connection ends under a program.
 */
export class HostShell {
  readonly #exec: Exec;
  readonly #first: FirstLook;
  readonly #answers: ShellAnswers;
  /** Whether the first look was sent, and is yet to be taken. */
  #isAsked: boolean;
  #known = nothingKnown;
  readonly #firstWordMs: number;
  #isAnswering = false;

  private constructor(exec: Exec, first: FirstLook, firstWordMs: number) {
    this.#exec = exec;
    this.#firstWordMs = firstWordMs;
    this.#first = first;
    this.#answers = new ShellAnswers(exec, first.nonce);
    this.#isAsked = first.program !== null;
    this.#known = first.program?.known ?? nothingKnown;
    exec.stdin.on('error', () => {}); // told by the outcome
  }

  /**
   * @param firstWordMs how long a login shell may take to start the program; null: as is usual
   * @param first what to ask first, `look` is to follow; the connection may have been made with it
   */
  static async open(
    connection: Connection,
    firstWordMs: number | null = null,
    first = new FirstLook([]),
  ): Promise<HostShell> {
    const { command, input } = first.exec;
    const exec = await connection.exec(command);
    const shell = new HostShell(exec, first, firstWordMs ?? usualFirstWordMs);
    if (exec.given !== input && input !== '') exec.stdin.write(input);
    return shell;
  }

  /** Asks all of these in one message, unless it was asked on opening. */
  async look(queries: readonly Query[]): Promise<ReadonlyMap<string, Observation>> {
    for (let attempt = 1; attempt <= lookAttempts; attempt += 1) {
      const laterMs = sendingMs(this.#ask(queries));
      const answers = readAnswers(queries, await this.#lookSections(queries, laterMs));
      if (answers !== null) return answers;
    }
    throw new ConnectionError('channel', 'its files changed each time they were read');
  }

  /**
   * Makes these changes for a run, and then asks these queries in the same message. Results by act id;
   * those of acts that were not begun are missing.
   */
  async act(
    acts: readonly Act[],
    thenLook: readonly Query[],
    holder: Holder,
    onBegin: (id: string) => void,
  ): Promise<{
    /** null: the host said nothing of it. */
    readonly lock: LockResult | null;
    readonly results: ReadonlyMap<string, ActResult>;
    /** null when there was nothing to ask, or the answers do not hold together: look again. */
    readonly answers: ReadonlyMap<string, Observation> | null;
  }> {
    this.#answers.expectActs();
    const sentMs = sendingMs(this.#send(compileAct(acts, this.#known, thenLook, holder)));
    const limits = new Map(acts.map(({ id, change }) => [id, limitMs(change)]));
    const left = acts.map(({ id }) => id);
    const sections = await this.#answers.sections({
      patience: ({ open, since }) => {
        const limit = open === null ? undefined : limits.get(open);
        return limit === null ? null : since + sentMs + (limit ?? changeDeadlineMs);
      },
      onBegin: (id) => {
        if (id === 'lock' && left.length === acts.length) return;
        if (id !== left.shift()) throw new ForgedError(forgedText);
        onBegin(id);
      },
    });
    const results = new Map(
      [...sections].map(([id, { body: output, ...told }]) => [id, { ...told, output }]),
    );
    const lock = readLock(sections);
    if (thenLook.length === 0) return { lock, results, answers: null };
    return {
      lock,
      results,
      answers: readAnswers(thenLook, await this.#lookSections(thenLook, 0)),
    };
  }

  /**
   * Runs a program that is neither a look nor an act program, and gives its sections. From here on
   * what the host may have done counts: see `LostError`.
   */
  async run(compile: (known: Program['known']) => Program, listener: Listener): Promise<Sections> {
    this.#answers.expectActs();
    let laterMs = sendingMs(this.#send(compile(this.#known)));
    return await this.#answers.sections({
      ...listener,
      patience: (listening) => {
        const until = listener.patience(listening);
        return until === null ? null : until + laterMs;
      },
      onBegin: (id) => {
        laterMs = 0; // the host has all of it
        listener.onBegin?.(id);
      },
    });
  }

  /** For a program that reads its input itself. */
  get exec(): Pick<Exec, 'stdin' | 'outcome'> {
    return this.#exec;
  }

  /** Lets the shell end by itself: its input ends. */
  end(): void {
    this.#exec.stdin.end();
  }

  /** Sends what asks these, unless it was sent with the connection. */
  #ask(queries: readonly Query[]): Program {
    const { program, nonce } = this.#first;
    if (this.#isAsked && program !== null && this.#first.isOf(queries)) {
      this.#isAsked = false;
      return program;
    }
    return this.#send(compileLook(queries, nonce, this.#known));
  }

  #send(program: Program): Program {
    if (this.#isAsked) throw new Error('the first look was not taken');
    this.#answers.expectAnother();
    this.#known = program.known;
    this.#exec.stdin.write(program.text);
    return program;
  }

  #lookSections(queries: readonly Query[], laterMs: number): Promise<Sections> {
    const sent = performance.now();
    const deadlineMs = lookDeadlineMs + outputSeconds(queries) * 1000;
    const firstMs = Math.min(this.#firstWordMs + laterMs, lookDeadlineMs);
    return this.#answers.sections({
      patience: () => sent + (this.#isAnswering ? deadlineMs : firstMs),
      onBegin: () => {
        this.#isAnswering = true;
      },
    });
  }
}
