import { randomBytes } from 'node:crypto';
import type { Connection, Exec, Outcome } from '../connection/transport.ts';
import { ConnectionError } from '../connection/transport.ts';
import { type Act, compileAct } from '../host/act-program.ts';
import { compileLook, type Observation, readAnswers } from '../host/look-program.ts';
import type { Query } from '../host/query.ts';
import { ProtocolError, type SectionEvent, SectionReader } from '../host/sections.ts';
import { escapeControls } from '../source/escape-controls.ts';

/** How an act ended on the host. */
export interface ActResult {
  readonly status: number;
  /** What it printed, bytes as latin1 text. */
  readonly output: string;
}

/** The connection went away; what the last program did is unknown. */
export class LostError extends Error {
  override readonly name = 'LostError';
}

const lookDeadlineMs = 60_000;
const lookAttempts = 3;

/**
 * One `sh -s` on one host: first a look program, then, on the same input, whatever follows from it.
 * Methods reject with `ConnectionError` when the host gives no usable shell, and with `LostError`
 * when the connection ends under a program.
 */
export class HostShell {
  readonly #exec: Exec;
  readonly #nonce = randomBytes(16).toString('hex');
  readonly #reader = new SectionReader(this.#nonce);
  readonly #events: SectionEvent[] = [];
  #failure: Error | null = null;
  #wake: (() => void) | null = null;
  #outcome: Outcome | null = null;
  #errors = '';
  #hasLooked = false;
  #hasActed = false;

  private constructor(exec: Exec) {
    this.#exec = exec;
    exec.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    exec.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('latin1')).slice(0, 400);
    });
    exec.stdin.on('error', () => {}); // told by the outcome
    void exec.outcome.then((outcome) => {
      this.#outcome = outcome;
      this.#wake?.();
    });
  }

  static async open(connection: Connection): Promise<HostShell> {
    return new HostShell(await connection.exec('exec sh -s'));
  }

  /** Asks all of these in one message. */
  async look(queries: readonly Query[]): Promise<ReadonlyMap<string, Observation>> {
    for (let attempt = 1; attempt <= lookAttempts; attempt += 1) {
      this.#send(compileLook(queries, this.#nonce, !this.#hasLooked));
      this.#hasLooked = true;
      const answers = readAnswers(queries, await this.#sections(null, lookDeadlineMs));
      if (answers !== null) return answers;
    }
    throw new ConnectionError('channel', 'its files changed each time they were read');
  }

  /**
   * Makes these changes, and then asks these queries in the same message. Results by act id; those
   * of acts that were not begun are missing.
   */
  async act(
    acts: readonly Act[],
    thenLook: readonly Query[],
    onBegin: (id: string) => void,
  ): Promise<{
    readonly results: ReadonlyMap<string, ActResult>;
    /** null when there was nothing to ask, or the answers do not hold together: look again. */
    readonly answers: ReadonlyMap<string, Observation> | null;
  }> {
    this.#send(compileAct(acts, !this.#hasActed, thenLook));
    this.#hasActed = true;
    const sections = await this.#sections(onBegin, null);
    const results = new Map(
      [...sections].map(([id, { status, body }]) => [id, { status, output: body }]),
    );
    if (thenLook.length === 0) return { results, answers: null };
    return {
      results,
      answers: readAnswers(thenLook, await this.#sections(null, lookDeadlineMs)),
    };
  }

  /** Lets the shell end by itself: its input ends. */
  end(): void {
    this.#exec.stdin.end();
  }

  #send(program: string): void {
    this.#exec.stdin.write(program);
  }

  #receive(chunk: Buffer): void {
    try {
      this.#events.push(...this.#reader.read(chunk.toString('latin1')));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#failure = new ConnectionError(
        'channel',
        `it does not answer as a shell: ${error.message}`,
      );
    }
    this.#wake?.();
  }

  /** The sections of one program. */
  async #sections(
    onBegin: ((id: string) => void) | null,
    deadlineMs: number | null,
  ): Promise<Map<string, { status: number; body: string }>> {
    const sections = new Map<string, { status: number; body: string }>();
    const deadline = deadlineMs === null ? null : Date.now() + deadlineMs;
    for (;;) {
      const event = this.#events.shift();
      if (event === undefined) await this.#more(deadline);
      else if (event.type === 'done') return sections;
      else if (event.type === 'begin') onBegin?.(event.id);
      else sections.set(event.id, event);
    }
  }

  /** Waits for the next events; rejects when there can be none. */
  async #more(deadline: number | null): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#outcome !== null) throw this.#ended(this.#outcome);
    const leftMs = deadline === null ? null : deadline - Date.now();
    if (leftMs !== null && leftMs <= 0) {
      throw new ConnectionError('timeout', `no answer to the look program${this.#said()}`);
    }
    await new Promise<void>((resolve) => {
      const timer = leftMs === null ? null : setTimeout(resolve, leftMs);
      this.#wake = () => {
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  #ended(outcome: Outcome): Error {
    if (outcome.kind === 'lost') return new LostError(outcome.reason);
    if (this.#hasActed) return new LostError('the shell on the host ended early');
    const how = outcome.kind === 'exit' ? `status ${outcome.code}` : `signal ${outcome.signal}`;
    return new ConnectionError('channel', `the login shell gives no sh (${how})${this.#said()}`, {
      hint: 'xpush runs "exec sh -s" in the login shell: try ssh HOST "exec sh -s" by hand',
    });
  }

  /** The first of what it said instead, for people. */
  #said(): string {
    const text = (this.#reader.noise.trim() || this.#errors.trim()).slice(0, 200);
    return text === '' ? '' : `; it said: ${escapeControls(text).replaceAll('\n', ' | ')}`;
  }
}
