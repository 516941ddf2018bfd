/** First come, first served among the items of a key; the keys take turns. */
export class FairQueue<T> {
  readonly #queues = new Map<string, T[]>();

  push(key: string, item: T): void {
    const queue = this.#queues.get(key);
    if (queue === undefined) this.#queues.set(key, [item]);
    else queue.push(item);
  }

  /** The next item; undefined: there is none. */
  shift(): T | undefined {
    for (const [key, queue] of this.#queues) {
      const item = queue.shift();
      // Last in the map is last in turn.
      this.#queues.delete(key);
      if (queue.length > 0) this.#queues.set(key, queue);
      return item;
    }
    return undefined;
  }
}
