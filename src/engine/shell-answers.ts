import { startDeadline } from '../connection/deadline.ts';
import { ConnectionError, type Exec, type Outcome } from '../connection/transport.ts';
import type { Section } from '../host/look-part.ts';
import type { Sections } from '../host/look-program.ts';
import { ProtocolError, type SectionEvent, SectionReader } from '../host/sections.ts';
import { escapeControls } from '../source/escape-controls.ts';
import type { Listener } from './listener.ts';
import { ForgedError, LostError } from './lost-error.ts';

/** A deadline waits for what has arrived already; who sends without end gets this much more. */
const graceMs = 5_000;

/** Of all that one program prints. */
const answerLimit = 32 * 1024 * 1024;

/** What a shell says to the programs that it is given, one after the other. */
export class ShellAnswers {
  readonly #reader: SectionReader;
  readonly #events: SectionEvent[] = [];
  #failure: Error | null = null;
  #wake: (() => void) | null = null;
  #received = 0;
  #heard = performance.now();
  #outcome: Outcome | null = null;
  #errors = '';
  #hasActed = false;

  /** @param nonce what marks the lines of our programs */
  constructor({ stdout, stderr, outcome }: Exec, nonce: string) {
    this.#reader = new SectionReader(nonce);
    stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    stderr.on('data', (chunk: Buffer) => this.#receiveError(chunk));
    void outcome.then((ended) => {
      this.#outcome = ended;
      this.#wake?.();
    });
  }

  /** A program is sent that does more than look: from here on what the host may have done counts. */
  expectActs(): void {
    this.#hasActed = true;
  }

  /** Another program is sent, whose answer counts by itself. */
  expectAnother(): void {
    this.#received = 0;
    this.#heard = performance.now();
  }

  /**
   * The sections of one program. Rejects with `ConnectionError` when the shell is none, and with
   * `LostError` when the connection ends under it, or under one that may have acted.
   */
  async sections({ patience, onBegin, onEnd }: Listener): Promise<Sections> {
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
