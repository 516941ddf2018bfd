import type { WindowPlan } from '../host/window.ts';

/** How long after its deadline an armed host is waited for. */
const graceMs = 10_000;

/**
 * By when a host decides by itself. What it says of that counts as far as it can be true: no host
 * has more time than it was given, so nobody waits longer, whatever it says. Times are as of
 * performance.now.
 */
export class WindowClock {
  readonly #applyMs: number;
  readonly #confirmMs: number;
  /** Not before the window is sent. */
  #deadline = Number.POSITIVE_INFINITY;
  #latest = Number.POSITIVE_INFINITY;

  constructor({ applySeconds, confirmSeconds }: WindowPlan) {
    this.#applyMs = applySeconds * 1000;
    this.#confirmMs = confirmSeconds * 1000;
  }

  /** When the host decides by itself at the latest. */
  get deadline(): number {
    return this.#deadline;
  }

  /** When nothing is to be expected of it any more. */
  get giveUpAt(): number {
    return this.#deadline + graceMs;
  }

  get secondsLeft(): number {
    return secondsUntil(this.#deadline);
  }

  /** The host is armed, or may be from now on. */
  arm(): void {
    this.#latest = performance.now() + this.#applyMs + this.#confirmMs;
    this.#deadline = this.#latest;
  }

  /** @param secondsLeft of the time that it has in this state, as the host says */
  hear(state: 'armed' | 'applied', secondsLeft: number): void {
    const said = secondsLeft * 1000;
    const leftMs =
      state === 'applied'
        ? Math.min(said, this.#confirmMs)
        : Math.min(said, this.#applyMs) + this.#confirmMs;
    this.#deadline = Math.min(performance.now() + leftMs, this.#latest);
  }
}

/** Whole seconds until then (performance.now). */
export function secondsUntil(time: number): number {
  return Math.max(0, Math.ceil((time - performance.now()) / 1000));
}
