import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process carries out a run; process ids alone come again. */
export interface RunProcess {
  readonly controller: string;
  /** '' where the kernel does not say. */
  readonly boot: string;
  readonly pid: number;
  /** In clock ticks since the boot, field 22 of /proc/PID/stat (proc(5)); '' where it is not known. */
  readonly started: string;
}

/** This process. */
export function thisProcess(): RunProcess {
  const { pid } = process;
  return { controller: hostname(), boot: bootId(), pid, started: startOf(pid) };
}

/** Whether it still lives; null: that can't be told from here. */
export function isAlive({ controller, boot, pid, started }: RunProcess): boolean | null {
  if (controller !== hostname()) return null;
  if (boot !== bootId()) return false;
  if (started !== '') return startOf(pid) === started;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function bootId(): string {
  return firstLine('/proc/sys/kernel/random/boot_id');
}

/** The name of the program, in brackets, may hold anything: fields are counted after it. */
function startOf(pid: number): string {
  const stat = firstLine(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function firstLine(path: string): string {
  try {
    return readFileSync(path, 'latin1').split('\n')[0] ?? '';
  } catch {
    return '';
  }
}
