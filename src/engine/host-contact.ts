import { setTimeout as pause } from 'node:timers/promises';
import { type Connection, ConnectionError, type FirstExec } from '../connection/transport.ts';
import type { Query } from '../host/query.ts';
import type { Host } from '../inventory/model.ts';
import { FirstLook } from './first-look.ts';
import { HostShell } from './host-shell.ts';
import { LostError } from './lost-error.ts';

/** The first pause before it is tried again to get in, and what it grows to; up to twice that by chance. */
const firstPauseMs = 150;
const longestPauseMs = 1_500;

/** What one attempt may take, the first one and the longest. */
const firstAttemptMs = 4_000;
const longestAttemptMs = 15_000;

/** How long a host's login shell may take; null: as is usual. */
export function firstWordMs({ ssh: { connectTimeoutSeconds } }: Pick<Host, 'ssh'>): number | null {
  return connectTimeoutSeconds === null ? null : connectTimeoutSeconds * 1000;
}

/** Makes a connection to a host; `first` may travel with the login. Rejects with `ConnectionError`. */
export type Connect = (signal: AbortSignal, first: FirstExec) => Promise<Connection>;

/** The way to one host: one connection at a time, made anew as often as it takes. */
export class HostContact {
  readonly #connect: Connect;
  readonly #leaving: AbortSignal;
  readonly #firstWordMs: number | null;
  #connection: Connection | null = null;
  #second: Connection | null = null;
  #shell: HostShell | null = null;
  #why = 'no answer';
  #isRefused = false;

  constructor(connect: Connect, leaving: AbortSignal, firstWordMs: number | null = null) {
    this.#connect = connect;
    this.#leaving = leaving;
    this.#firstWordMs = firstWordMs;
  }

  /** Why the host could not be reached when it was tried last. */
  get why(): string {
    return this.#why;
  }

  /** Whether it was a refusal, of the host or of the login. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /**
   * The shell that is there, or one over a new connection; `queries` are what it will be asked to look
   * at first, if anything. Rejects with `ConnectionError`, also when `signal` aborts.
   */
  async shell(signal: AbortSignal, queries: readonly Query[] = []): Promise<HostShell> {
    this.#leaving.throwIfAborted();
    if (this.#shell !== null) return this.#shell;
    const asked = new FirstLook(queries);
    const either = AbortSignal.any([signal, this.#leaving]);
    this.#connection ??= await this.#connect(either, asked.exec);
    this.#shell = await HostShell.open(this.#connection, this.#firstWordMs, asked);
    return this.#shell;
  }

  /**
   * One more shell, over a channel beside that of the shell that is there; over a connection of its own
   * where the host opens no second channel (MaxSessions 1). Rejects with `ConnectionError`.
   */
  async besides(signal: AbortSignal, first: FirstLook): Promise<HostShell> {
    if (this.#connection !== null && this.#second === null) {
      try {
        return await HostShell.open(this.#connection, this.#firstWordMs, first);
      } catch (error) {
        if (!(error instanceof ConnectionError) || error.reason !== 'channel') throw error;
      }
    }
    await this.#second?.close(); // it may take one channel only, too
    const either = AbortSignal.any([signal, this.#leaving]);
    this.#second = await this.#connect(either, first.exec);
    return await HostShell.open(this.#second, this.#firstWordMs, first);
  }

  /** Lets the shell that is there, if any, end by itself. */
  end(): void {
    this.#shell?.end();
  }

  /** Ends the connection; what runs on the host hears of it. */
  leave(): void {
    void this.#connection?.close();
    void this.#second?.close();
    this.#connection = null;
    this.#second = null;
    this.#shell = null;
  }

  /**
   * Gets in over a new connection, again and again until then (performance.now), and gives what
   * `ask` gets from it, whose first look is for `queries`; null: that came to nothing. Who does not let
   * us in at all - the host's key, the login - is asked once: more attempts would only have us locked out.
   */
  async comeBack<Answer>(
    until: number,
    ask: (shell: HostShell) => Promise<Answer>,
    queries: readonly Query[] = [],
  ): Promise<Answer | null> {
    let pauseMs = firstPauseMs;
    let attemptMs = firstAttemptMs;
    for (;;) {
      this.leave();
      const leftMs = until - performance.now();
      if (leftMs <= 0) return null;
      try {
        const attempt = AbortSignal.timeout(Math.ceil(Math.min(leftMs, attemptMs)));
        return await ask(await this.shell(attempt, queries));
      } catch (error) {
        this.#leaving.throwIfAborted();
        if (!(error instanceof ConnectionError || error instanceof LostError)) throw error;
        const isAborted = error instanceof ConnectionError && error.reason === 'aborted';
        this.#why = isAborted ? 'no answer' : error.message;
        this.#isRefused = isRefusal(error);
        if (this.#isRefused) return null;
      }
      const byChance = 1 + Math.random();
      await pause(Math.max(0, Math.min(pauseMs * byChance, until - performance.now())), undefined, {
        signal: this.#leaving,
      });
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      attemptMs = Math.min(2 * attemptMs, longestAttemptMs);
    }
  }
}

function isRefusal(error: ConnectionError | LostError): boolean {
  return (
    error instanceof ConnectionError &&
    ['host-key', 'authentication', 'become', 'config'].includes(error.reason)
  );
}
