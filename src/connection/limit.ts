/** At most so many pieces of work at once; the others wait in order. */
export class Limit {
  readonly #maximum: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Runs `work` when there is room. Throws what it throws. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#maximum) this.#running += 1;
    // Whoever ends hands its place over.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
