import { startDeadline } from '../connection/deadline.ts';
import type { Outcome } from '../connection/transport.ts';
import { type Connection, ConnectionError, type Exec } from '../connection/transport.ts';
import { type Act, compileAct } from '../host/act-program.ts';
import { type Change, isCommand } from '../host/change.ts';
import { outputSeconds } from '../host/look-output.ts';
import type { Section } from '../host/look-part.ts';
import { compileLook, type Observation, readAnswers, type Sections } from '../host/look-program.ts';
import { nothingKnown, type Program } from '../host/program.ts';
import type { Query } from '../host/query.ts';
import { ProtocolError, type SectionEvent, SectionReader } from '../host/sections.ts';
import type { Holder, LockResult } from '../host/window.ts';
import { readLock } from '../host/window-sections.ts';
import { escapeControls } from '../source/escape-controls.ts';
import type { ActResult } from './act-results.ts';
import { FirstLook } from './first-look.ts';
import type { Listener } from './listener.ts';
import { ForgedError, forgedText, LostError } from './lost-error.ts';
import { sendingMs } from './sending-time.ts';

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

/** A deadline waits for what has arrived already; who sends without end gets this much more. */
const graceMs = 5_000;

/** Of all that one program prints. */
const answerLimit = 32 * 1024 * 1024;

/**
 * One `sh -s` on one host: first a look program, then, on the same input, whatever follows from it.
 * Methods reject with `ConnectionError` when the host gives no usable shell, and with `LostError`
 * when the connection ends under a program.
 */
export class HostShell {
  readonly #exec: Exec;
  readonly #first: FirstLook;
  readonly #reader: SectionReader;
  readonly #events: SectionEvent[] = [];
  #failure: Error | null = null;
  #wake: (() => void) | null = null;
  #received = 0;
  #heard = performance.now();
  /** Whether the first look was sent, and is yet to be taken. */
  #isAsked: boolean;
  #outcome: Outcome | null = null;
  #errors = '';
  #known = nothingKnown;
  #hasActed = false;
  readonly #firstWordMs: number;
  #isAnswering = false;

  private constructor(exec: Exec, first: FirstLook, firstWordMs: number) {
    this.#exec = exec;
    this.#firstWordMs = firstWordMs;
    this.#first = first;
    this.#reader = new SectionReader(first.nonce);
    this.#isAsked = first.program !== null;
    this.#known = first.program?.known ?? nothingKnown;
    exec.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    exec.stderr.on('data', (chunk: Buffer) => this.#receiveError(chunk));
    exec.stdin.on('error', () => {}); // told by the outcome
    void exec.outcome.then((outcome) => {
      this.#outcome = outcome;
      this.#wake?.();
    });
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
    this.#hasActed = true;
    const sentMs = sendingMs(this.#send(compileAct(acts, this.#known, thenLook, holder)));
    const limits = new Map(acts.map(({ id, change }) => [id, limitMs(change)]));
    const left = acts.map(({ id }) => id);
    const sections = await this.#sections({
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
    this.#hasActed = true;
    let laterMs = sendingMs(this.#send(compile(this.#known)));
    return await this.#sections({
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
    this.#received = 0;
    this.#heard = performance.now();
    this.#known = program.known;
    this.#exec.stdin.write(program.text);
    return program;
  }

  #receive(chunk: Buffer): void {
    this.#heard = performance.now();
    this.#take(chunk, () => {
      for (const event of this.#reader.read(chunk.toString('latin1'))) this.#events.push(event);
    });
  }

  #receiveError(chunk: Buffer): void {
    this.#take(chunk, () => {
      if (this.#errors.length < 400) this.#errors += chunk.toString('latin1', 0, 400);
    });
  }

  #take(chunk: Buffer, read: () => void): void {
    if (this.#failure !== null) return;
    this.#received += chunk.length;
    try {
      read();
      if (this.#received > answerLimit) throw new ProtocolError('it sent more than 32 MiB');
    } catch (error) {
      this.#failure = this.#refusal(error);
      this.#events.splice(0);
    }
    this.#wake?.();
  }

  /** Anything else is a bug of ours, and whoever waits for the host gets it. */
  #refusal(error: unknown): Error {
    if (!(error instanceof ProtocolError)) {
      return error instanceof Error ? error : new Error(String(error));
    }
    return this.#hasActed
      ? new ForgedError(error.message)
      : new ConnectionError('channel', `it does not answer as a shell: ${error.message}`);
  }

  #lookSections(queries: readonly Query[], laterMs: number): Promise<Sections> {
    const sent = performance.now();
    const deadlineMs = lookDeadlineMs + outputSeconds(queries) * 1000;
    const firstMs = Math.min(this.#firstWordMs + laterMs, lookDeadlineMs);
    return this.#sections({
      patience: () => sent + (this.#isAnswering ? deadlineMs : firstMs),
      onBegin: () => {
        this.#isAnswering = true;
      },
    });
  }

  /** The sections of one program. */
  async #sections({ patience, onBegin, onEnd }: Listener): Promise<Sections> {
    const sections = new Map<string, Section>();
    let open: string | null = null;
    let since = performance.now();
    for (;;) {
      const event = this.#events.shift();
      if (event === undefined) {
        await this.#more(patience({ open, since, heard: this.#heard }));
        continue;
      }
      if (event.type === 'done') return sections;
      if (event.type === 'begin') onBegin?.(event.id);
      else {
        sections.set(event.id, event);
        onEnd?.(event.id, event);
      }
      open = event.type === 'begin' ? event.id : null;
      since = performance.now();
    }
  }

  /** Waits for the next events until then; rejects when there can be none. */
  async #more(until: number | null): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#outcome !== null) throw this.#ended(this.#outcome);
    const leftMs = until === null ? null : until - performance.now();
    if (leftMs !== null && leftMs < -graceMs) throw this.#lateError();
    await new Promise<void>((resolve, reject) => {
      const deadline =
        leftMs === null
          ? null
          : startDeadline(Math.max(0, leftMs), () => reject(this.#lateError()));
      this.#wake = () => {
        deadline?.clear();
        resolve();
      };
    });
    this.#wake = null;
  }

  #lateError(): Error {
    return this.#hasActed
      ? new LostError('the host does not answer any more')
      : new ConnectionError('timeout', `no answer to the look program${this.#said()}`, {
          hint: 'its login shell may read the standard input or wait for something; if it is just slow, set connect_timeout',
        });
  }

  #ended(outcome: Outcome): Error {
    if (outcome.kind === 'lost') return new LostError(outcome.reason);
    if (this.#hasActed) return new LostError('the shell on the host ended early');
    const how = outcome.kind === 'exit' ? `status ${outcome.code}` : `signal ${outcome.signal}`;
    return new ConnectionError('channel', `the login shell gives no sh (${how})${this.#said()}`, {
      hint: 'xpush runs "exec /bin/sh -s" in the login shell: try ssh HOST "exec /bin/sh -s" by hand',
    });
  }

  /** The first of what it said instead, for people. */
  #said(): string {
    const text = (this.#reader.noise.trim() || this.#errors.trim()).slice(0, 200);
    return text === '' ? '' : `; it said: ${escapeControls(text).replaceAll('\n', ' | ')}`;
  }
}
