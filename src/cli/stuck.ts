import { setTimeout as sleep } from 'node:timers/promises';

const late = new Set<Promise<unknown>>();

/**
 * Whether the work ends in time. Work on files that does not - their server is gone - cannot be called
 * off; `endIfStuck` knows of it.
 */
export async function endsInTime(work: Promise<unknown>, patienceMs: number): Promise<boolean> {
  const timer = new AbortController();
  const { signal } = timer;
  try {
    const isInTime = await Promise.race([
      work.then(() => true),
      sleep(patienceMs, false, { signal }),
    ]);
    if (!isInTime) {
      late.add(work);
      void work.finally(() => late.delete(work)).catch(() => {});
    }
    return isInTime;
  } finally {
    timer.abort();
  }
}

/**
 * The end of a process that would not end: even `process.exit` waits for files that its threads are
 * at. To a shell it is exit code 137.
 */
export function endIfStuck(): void {
  if (late.size > 0) process.kill(process.pid, 'SIGKILL');
}
