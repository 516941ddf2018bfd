import type { Section } from '../host/look-part.ts';
import { readHealth } from '../host/window-sections.ts';
import { type Health, type HealthPlan, lostHealth } from './health.ts';
import type { HostShell } from './host-shell.ts';
import type { LegOptions } from './leg-options.ts';
import { pingFrom } from './window-shell.ts';

const reachMs = 1_000;

/** What answered before a change, and whether it still does. */
export class HealthWatch {
  readonly #plan: HealthPlan;
  readonly #reach: LegOptions['reach'];
  #before: Health = { pings: new Map(), probes: [] };

  constructor(plan: HealthPlan, reach: LegOptions['reach']) {
    this.#plan = plan;
    this.#reach = reach;
  }

  /** Before the change, from here. */
  async begin(): Promise<void> {
    this.#before = { pings: new Map(), probes: await this.#probe() };
  }

  /** Before the change, from the host: only what it was asked for counts. */
  hear(section: Section): void {
    const answers = readHealth(new Map([['health', section]]));
    const alive = [...this.#plan.pings.keys()].filter((address) => answers.get(address) === true);
    const pings = new Map(alive.map((address) => [address, true]));
    this.#before = { ...this.#before, pings };
  }

  /** What does not answer any more, one sentence each. */
  async lost(shell: HostShell): Promise<readonly string[]> {
    const alive = [...this.#before.pings.keys()];
    const [probes, pings] = await Promise.all([this.#probe(), pingFrom(shell, alive)]);
    return lostHealth(this.#plan, this.#before, { pings, probes });
  }

  async #probe(): Promise<Health['probes']> {
    const probes = this.#plan.probes.map(({ probe }) => probe);
    return probes.length === 0 ? [] : await this.#reach(probes, reachMs);
  }
}
