import type { Host } from '../inventory/model.ts';
import { batchStops } from './budget.ts';
import type { Progress } from './host-progress.ts';
import { provable } from './provable.ts';
import type { Sequence } from './sequences.ts';

/** Between two batches: whether the next one may begin, by what became of those before it. */
export class BatchGate {
  readonly #progress: Progress;
  readonly #prove: ((hosts: readonly Host[]) => Promise<boolean>) | null;
  readonly #tellBug: (bug: unknown) => void;
  /** Names of the hosts that were proven, or could not be. */
  readonly #proven = new Set<string>();

  /**
   * @param prove whether these hosts, which are done, are proven; null: nothing is to be proven
   * @param tellBug is given what `prove` threw, which it should not
   */
  constructor(
    progress: Progress,
    prove: ((hosts: readonly Host[]) => Promise<boolean>) | null,
    tellBug: (bug: unknown) => void,
  ) {
    this.#progress = progress;
    this.#prove = prove;
    this.#tellBug = tellBug;
  }

  /** Why none may begin after this batch, which is over; null: it may. Proves each host once. */
  async whyClosed(sequence: Sequence, batch: number): Promise<string | null> {
    return this.#whyTooBad(sequence, batch) ?? (await this.#whyNotProven(sequence, batch));
  }

  #whyTooBad({ limit, batches }: Sequence, batch: number): string | null {
    if (limit === null) return null;
    const statuses = (batches[batch] ?? []).flatMap(
      (name) => this.#progress.of(name)?.status ?? [],
    );
    return batchStops(limit, statuses, batch === 0);
  }

  async #whyNotProven({ batches }: Sequence, batch: number): Promise<string | null> {
    if (this.#prove === null) return null;
    const names = batches.slice(0, batch + 1).flat();
    const hosts = provable(names, this.#progress).filter(({ name }) => !this.#proven.has(name));
    for (const { name } of hosts) this.#proven.add(name);
    if (hosts.length === 0) return null;
    try {
      return (await this.#prove(hosts)) ? null : 'what was done is not proven';
    } catch (error) {
      this.#tellBug(error);
      return 'what was done could not be proven';
    }
  }
}
