import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from './lab-error.ts';

/** One process of this machine, told apart from a later one with the same number. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks from boot to its start: field 22 of /proc/PID/stat, proc(5). */
  readonly startTime: string;
}

const POLL_MS = 4;

/** The process with this number. Throws `LabError` when there is none. */
export function identifyProcess(pid: number): ProcessId {
  const startTime = readStartTime(pid);
  if (startTime === null) throw new LabError(`process ${pid} is gone`);
  return { pid, startTime };
}

/** Whether it runs; a zombie doesn't. */
export function isAlive(id: ProcessId): boolean {
  return readStartTime(id.pid) === id.startTime;
}

/** Ends it with SIGKILL and waits until the kernel has cleared it and what hung off it away. */
export async function killAndWait(id: ProcessId, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  if (isAlive(id)) sendKill(id.pid);
  while (isAlive(id)) {
    if (performance.now() > deadline) throw new LabError(`process ${id.pid} doesn't end`);
    await delay(POLL_MS);
  }
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

function readStartTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it may hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
