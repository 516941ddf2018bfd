/** A timer that can be moved. */
export interface Deadline {
  /** Starts over with this much time. */
  restart(timeoutMs: number): void;
  clear(): void;
}

/**
 * Calls `expired` when time is up. After a blocked event loop, timers run before the answers that
 * arrived meanwhile are read; so time counts as up only when one more turn brought nothing.
 */
export function startDeadline(timeoutMs: number, expired: () => void): Deadline {
  let timer: NodeJS.Timeout | undefined;
  let lastTurn: NodeJS.Immediate | undefined;
  const clear = () => {
    clearTimeout(timer);
    clearImmediate(lastTurn);
  };
  const restart = (nextMs: number) => {
    clear();
    timer = setTimeout(() => {
      lastTurn = setImmediate(() => {
        lastTurn = setImmediate(expired);
      });
    }, nextMs);
  };
  restart(timeoutMs);
  return { restart, clear };
}
