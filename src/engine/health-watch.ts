import type { TcpOutcome } from '../connection/probe-tcp.ts';
import type { Section } from '../host/look-part.ts';
import { readHealth } from '../host/window-sections.ts';
import { type Health, type HealthPlan, isAnswer, lostHealth } from './health.ts';
import type { HostShell } from './host-shell.ts';
import type { LegOptions } from './leg-options.ts';
import { pingFrom } from './window-shell.ts';

const reachMs = 1_000;

/** What one place answers to comes at about the same time: the rest is waited for so much longer. */
const patienceFactor = 4;
const leastPatienceMs = 250;

/** What answered before a change, and whether it still does. */
export class HealthWatch {
  readonly #plan: HealthPlan;
  readonly #reach: LegOptions['reach'];
  #before: Health = { pings: new Map(), probes: [] };
  /** null: it did not say. */
  #canPing: boolean | null = null;

  constructor(plan: HealthPlan, reach: LegOptions['reach']) {
    this.#plan = plan;
    this.#reach = reach;
  }

  /** Before the change, from here: no longer than what answers takes, as far as that is known. */
  async begin(): Promise<void> {
    const outcomes: (TcpOutcome | null)[] = this.#plan.probes.map(() => null);
    const start = performance.now();
    let patience: NodeJS.Timeout | undefined;
    let isOver = false;
    await new Promise<void>((resolve) => {
      const all = this.#plan.probes.map(async ({ probe }, index) => {
        const [outcome = null] = await this.#reach([probe], reachMs);
        outcomes[index] = outcome;
        if (isOver || !isAnswer(outcome)) return; // who answers later keeps nobody waiting
        clearTimeout(patience);
        const waitMs = Math.max(leastPatienceMs, patienceFactor * (performance.now() - start));
        patience = setTimeout(resolve, waitMs);
      });
      void Promise.all(all).finally(resolve);
    });
    isOver = true;
    clearTimeout(patience);
    this.#before = { pings: new Map(), probes: [...outcomes] };
  }

  /** Before the change, from the host: only what it was asked for counts. */
  hear(section: Section): void {
    const answers = readHealth(new Map([['health', section]]));
    this.#canPing = answers.size > 0;
    const alive = [...this.#plan.pings.keys()].filter((address) => answers.get(address) === true);
    const pings = new Map(alive.map((address) => [address, true]));
    this.#before = { ...this.#before, pings };
  }

  /** Why nothing can be compared with before; null: something can. */
  get blind(): string | null {
    const { pings, probes } = this.#before;
    if (pings.size > 0 || probes.some(isAnswer)) return null;
    const { gap } = this.#plan;
    if (this.#canPing === false) return 'it has no ping';
    return gap ?? 'nothing else of it answered before';
  }

  /** What does not answer any more, one sentence each. */
  async lost(shell: HostShell): Promise<readonly string[]> {
    const alive = [...this.#before.pings.keys()];
    const [probes, pings] = await Promise.all([this.#probeAgain(), pingFrom(shell, alive)]);
    return lostHealth(this.#plan, this.#before, { pings, probes });
  }

  /** What was silent before is not tried again. */
  async #probeAgain(): Promise<Health['probes']> {
    const tried = this.#plan.probes.flatMap(({ probe }, index) =>
      isAnswer(this.#before.probes[index]) ? [{ probe, index }] : [],
    );
    if (tried.length === 0) return [];
    const found = await this.#reach(
      tried.map(({ probe }) => probe),
      reachMs,
    );
    const byIndex = new Map(tried.map(({ index }, place) => [index, found[place] ?? null]));
    return this.#plan.probes.map((_, index) => byIndex.get(index) ?? null);
  }
}
