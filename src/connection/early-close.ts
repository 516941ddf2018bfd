import { setTimeout as sleep } from 'node:timers/promises';
import { orAborted } from './abort.ts';
import { ConnectionError } from './transport.ts';

/** OpenSSH 9.8 says so to an address that it has locked out for a while (PerSourcePenalties). */
const penalty = /^Not allowed at this time/;

/** OpenSSH 8.5 and newer say so when they close one for MaxStartups. */
const full = /^Exceeded MaxStartups/;

/** The server went away before its banner: MaxStartups does that, so it is mostly worth another try. */
export class ClosedBeforeBannerError extends ConnectionError {
  /** False when the server has said that it would refuse again. */
  readonly isWorthRetrying: boolean;
  /** The server has said that it has no room at the moment; a ban says nothing. */
  readonly isFull: boolean;

  /** `said`: the first line that came instead of a banner, printable. */
  constructor(label: string, said = '', cause?: unknown) {
    const isPenalty = penalty.test(said);
    super(
      'network',
      `${label} closed the connection before the SSH banner${said === '' ? '' : `; it said: ${said}`}`,
      {
        hint: isPenalty
          ? 'the server has locked this address out for a while (PerSourcePenalties): wait, then try again'
          : 'the server may be limiting new connections (MaxStartups, fail2ban)',
        cause,
      },
    );
    this.isWorthRetrying = !isPenalty;
    this.isFull = full.test(said);
  }
}

const plainRetries = 3;
const firstPauseMs = 300;
const longestPauseMs = 2_400;

interface RetryMeans {
  readonly label: string;
  readonly signal: AbortSignal;
  /** How long one that is full is tried again. */
  readonly patienceMs: number;
}

/**
 * How one host is tried again that hangs up before its banner: three times at growing intervals, and one that
 * says that it is full for as long as `patienceMs` after the first try.
 */
export class EarlyCloseRetries {
  readonly #means: RetryMeans;
  readonly #began = performance.now();
  #made = 0;

  constructor(means: RetryMeans) {
    this.#means = means;
  }

  /** Waits until it is time for another try after this failure; throws the failure where there is none. */
  async next(failure: unknown): Promise<void> {
    const { label, signal, patienceMs } = this.#means;
    if (!(failure instanceof ClosedBeforeBannerError) || !failure.isWorthRetrying) throw failure;
    const isPatient = failure.isFull && performance.now() - this.#began < patienceMs;
    if (this.#made >= plainRetries && !isPatient) throw failure;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#made);
    this.#made += 1;
    await orAborted(sleep(pauseMs * (0.5 + Math.random())), signal, label);
  }
}
