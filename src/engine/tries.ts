import type { Judgement } from '../playbook/judge.ts';
import type { Keywords, Loop, Until } from '../playbook/keywords.ts';
import type { Knowledge } from '../playbook/knowledge.ts';
import type { Plan } from '../steps/step.ts';

/** That a task is done once more. */
interface Again {
  readonly afterSeconds: number;
  /** The items of its loop that have ended. Absent: it is done whole. */
  readonly begun?: Knowledge['begun'];
}

/** How often a task was done, or each item of its loop, and whether it is done again. */
export class Tries {
  /** In vain, by item. */
  readonly #repeats = new Map<number, number>();
  /** Since when it waits, on the clock of performance.now; null: it does not. */
  #waitingSince: number | null = null;

  /**
   * null: it has ended.
   *
   * @param begun how many of its items came to their turn; of the others nothing is known
   */
  again(
    { isToRepeat, items = [] }: Judgement,
    { failure, patience, isCutShort = false }: Plan,
    { until, loop }: Pick<Keywords, 'until' | 'loop'>,
    begun = items.length,
  ): Again | null {
    if (failure !== undefined && patience !== undefined) return this.#wait(patience);
    if (loop !== null && (until !== null || isCutShort)) {
      return this.#goOnWithItems(loop, items.slice(0, begun), until, isCutShort);
    }
    const isAgain = isToRepeat && until !== null && this.#mayRepeat(0, until);
    return isAgain ? { afterSeconds: until.delaySeconds } : null;
  }

  #wait({ forSeconds, delaySeconds }: NonNullable<Plan['patience']>): Again | null {
    this.#waitingSince ??= performance.now();
    const leftMs = this.#waitingSince + forSeconds * 1000 - performance.now();
    return leftMs > 0 ? { afterSeconds: Math.min(delaySeconds, leftMs / 1000) } : null;
  }

  #mayRepeat(item: number, { retries }: Until): boolean {
    const before = this.#repeats.get(item) ?? 0;
    this.#repeats.set(item, before + 1);
    return before < retries;
  }

  /** Those that have ended well are kept, and the others done again, or for the first time. */
  #goOnWithItems(
    loop: Loop,
    items: readonly Judgement[],
    until: Until | null,
    isCutShort: boolean,
  ): Again | null {
    const again = items.flatMap(({ isToRepeat }, index) => (isToRepeat ? [index] : []));
    const isOver = again.length === 0 && !isCutShort;
    const isInVain =
      until !== null && again.map((item) => this.#mayRepeat(item, until)).includes(false);
    const hasFailed = items.some(({ status, isToRepeat }) => status === 'failed' && !isToRepeat);
    if (isOver || isInVain || hasFailed) return null;
    const ended = items.flatMap((one, index) => (one.isToRepeat ? [] : [[index, one] as const]));
    const afterSeconds = again.length === 0 ? 0 : (until?.delaySeconds ?? 0);
    return { afterSeconds, begun: { loop, items: new Map(ended) } };
  }
}
