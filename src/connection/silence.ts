import { startDeadline } from './deadline.ts';

/** Watches a line that should never be silent for long. */
export interface SilenceWatch {
  /** Something arrived. */
  heard(): void;
  /** For how long nothing has arrived. */
  silentMs(): number;
  stop(): void;
}

/** A timer that comes this much late says that this process slept, not that the other side was silent. */
const sleptMs = 1_000;

/** Calls `expired` once nothing has arrived for `timeoutMs` in which this process was awake. */
export function watchSilence(timeoutMs: number, expired: () => void): SilenceWatch {
  let heardAt = performance.now();
  let dueAt = heardAt + timeoutMs;
  const check = () => {
    const now = performance.now();
    if (now - dueAt > sleptMs) heardAt = now;
    const leftMs = heardAt + timeoutMs - now;
    if (leftMs <= 0) {
      expired();
      return;
    }
    dueAt = now + leftMs;
    deadline.restart(leftMs);
  };
  const deadline = startDeadline(timeoutMs, check);
  return {
    heard: () => {
      heardAt = performance.now();
    },
    silentMs: () => performance.now() - heardAt,
    stop: deadline.clear,
  };
}
