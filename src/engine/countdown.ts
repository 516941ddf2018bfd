import { secondsUntil } from './window-clock.ts';

/** A host that is away for so long is worth a word, and then now and then another one. */
const firstMs = 4_000;
const againMs = 15_000;

/** As long as a host is away, says for how long it is waited for at most. */
export class Countdown {
  readonly #until: () => number;
  readonly #say: (secondsLeft: number) => void;
  #timer: NodeJS.Timeout | null = null;

  /** @param until as of performance.now; it may come to be known better meanwhile */
  constructor(until: () => number, say: (secondsLeft: number) => void) {
    this.#until = until;
    this.#say = say;
  }

  /** It is away; once more changes nothing. */
  start(): void {
    this.#timer ??= setTimeout(() => this.#tell(), firstMs);
  }

  /** It is there. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #tell(): void {
    const seconds = secondsUntil(this.#until());
    if (seconds > 0) this.#say(seconds);
    this.#timer = setTimeout(() => this.#tell(), againMs);
  }
}
