import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from './events.ts';
import type { Sequence } from './sequences.ts';

export type BatchStatus = 'start' | 'done' | 'stopped';

/** What is told of batches. */
export class BatchNews {
  readonly #emit: (event: RunEvent) => void;

  constructor(emit: (event: RunEvent) => void) {
    this.#emit = emit;
  }

  /** One batch alone is no news, unless it stops. */
  tell(
    { name, batches }: Sequence,
    batch: number,
    status: BatchStatus,
    message: string | null,
  ): void {
    if (batches.length < 2 && status !== 'stopped') return;
    this.#emit({
      ...{ event: 'batch', play: name, batch: batch + 1, batches: batches.length },
      ...{ total: batches.flat().length, hosts: batches[batch] ?? [], status, message },
    });
  }

  /** Waits before the batch behind this one, as its play says, and tells so. */
  async pause(
    { pauseSeconds, batches }: Sequence,
    batch: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (pauseSeconds === 0 || signal.aborted) return;
    const text = `Pausing ${pauseSeconds} s before batch ${batch + 2} of ${batches.length}.`;
    this.#emit({ event: 'message', level: 'info', host: null, text });
    await sleep(pauseSeconds * 1000, undefined, { signal }).catch(() => {});
  }
}
