import type { Host } from '../inventory/model.ts';

interface Turns {
  readonly most: number;
  taken: number;
  readonly waiting: (() => void)[];
}

/**
 * Whose turn it is to open a confirm window: no more domUs of one dom0 at once than so many, since
 * what one of them breaks may look like another's fault. Other hosts never wait.
 */
export class WindowTurns {
  readonly #turns = new Map<string, Turns>();

  /**
   * Resolves when it is the host's turn; what it gives ends the turn, once.
   *
   * @param most domUs of one dom0 at once; whoever is the first of a dom0 decides
   */
  async enter(host: Host, most: number): Promise<() => void> {
    if (host.kind !== 'domU') return () => {};
    const turns = this.#turns.get(host.dom0) ?? { most, taken: 0, waiting: [] };
    this.#turns.set(host.dom0, turns);
    if (turns.taken < turns.most) turns.taken += 1;
    else await new Promise<void>((resolve) => turns.waiting.push(resolve));
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      // The turn is handed on, so that nobody gets in between.
      const next = turns.waiting.shift();
      if (next === undefined) turns.taken -= 1;
      else next();
    };
  }
}
