import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ctrl-C at a prompt, before anything was begun. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** What the operator wants: `stopping` after the first interrupt, `leaving` after the second. */
export interface Interrupts extends Disposable {
  readonly stopping: AbortSignal;
  readonly leaving: AbortSignal;
}

/**
 * Listens to SIGINT and SIGTERM until disposed. A lost terminal (SIGHUP) does not abort a run: its
 * hosts would be left in the middle.
 */
export function listenForInterrupts(onInterrupt: (count: number) => void): Interrupts {
  const stopping = new AbortController();
  const leaving = new AbortController();
  let count = 0;
  const interrupt = () => {
    count += 1;
    (count === 1 ? stopping : leaving).abort();
    onInterrupt(count);
  };
  const ignore = () => {};
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', ignore);
  return {
    stopping: stopping.signal,
    leaving: leaving.signal,
    [Symbol.dispose]: () => {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt).off('SIGHUP', ignore);
    },
  };
}

/** The last words of a run that is left may take so long. */
const farewellMs = 1_000;

/** Resolves when the operator has left and is still here: a reader that stands still holds the output up. */
export async function leftInVain(leaving: AbortSignal): Promise<void> {
  if (!leaving.aborted) await once(leaving, 'abort');
  await sleep(farewellMs, undefined, { ref: false });
}

/** Ends the process, with 130 to a shell. Even `process.exit` waits for a write to a stopped terminal. */
export function dieOfInterrupt(): void {
  process.removeAllListeners('SIGINT');
  process.kill(process.pid, 'SIGINT');
}
