import { setTimeout as sleep } from 'node:timers/promises';
import { orAborted } from './abort.ts';
import { ClosedBeforeBannerError } from './early-close.ts';

const mostAtOnce = 8;
/** A handshake that takes longer gives its place up, so that dead hosts do not hold up the others. */
const placeMs = 1_000;
const firstPauseMs = 300;
const longestPauseMs = 5_000;

/**
 * The handshakes on the way through one jump host: eight at once, half as many after a server has
 * refused one, and then none at all for a moment, which doubles with each refusal. All hosts behind
 * the jump host share this, since what refuses may stand before all of them.
 */
export class HandshakeGate {
  readonly #waiting: (() => void)[] = [];
  #limit = mostAtOnce;
  #running = 0;
  #refusals = 0;
  #pausedUntil = 0;

  /** Does `work`, a handshake, when there is room. Throws what it throws, and when `signal` aborts. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal, label: string): Promise<T> {
    const place = this.#place();
    try {
      await orAborted(place, signal, label);
    } catch (error) {
      void place.then(() => this.#leave());
      throw error;
    }
    let hasLeft = false;
    const leave = () => {
      clearTimeout(timer);
      if (!hasLeft) this.#leave();
      hasLeft = true;
    };
    const timer = setTimeout(leave, placeMs);
    try {
      await this.#pause(signal, label);
      const result = await work();
      this.#succeeded();
      return result;
    } catch (error) {
      if (error instanceof ClosedBeforeBannerError) this.#refused();
      throw error;
    } finally {
      leave();
    }
  }

  async #place(): Promise<void> {
    if (this.#running < this.#limit) {
      this.#running += 1;
      return;
    }
    // Whoever leaves counts it in.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    this.#running -= 1;
    while (this.#running < this.#limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running += 1;
      next();
    }
  }

  async #pause(signal: AbortSignal, label: string): Promise<void> {
    for (;;) {
      const leftMs = this.#pausedUntil - performance.now();
      if (leftMs <= 0) return;
      await orAborted(sleep(leftMs * (1 + Math.random() / 2)), signal, label);
    }
  }

  #succeeded(): void {
    this.#refusals = 0;
    this.#limit = Math.min(mostAtOnce, this.#limit + 1);
  }

  /** Those that were begun before the pause are refused together: that counts once. */
  #refused(): void {
    const now = performance.now();
    if (now < this.#pausedUntil) return;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    this.#pausedUntil = now + Math.min(longestPauseMs, firstPauseMs * 2 ** this.#refusals);
    this.#refusals += 1;
  }
}
