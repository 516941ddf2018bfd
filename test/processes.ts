import { readdirSync } from 'node:fs';

/** Numbers of all processes of this machine. */
export function allProcesses(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** What `read` finds in a process's directory of /proc, or nothing when the process has ended meanwhile. */
export function ofProcess(pid: number, read: (directory: string) => string): string {
  try {
    return read(`/proc/${pid}`);
  } catch {
    return ''; // ENOENT, or ESRCH when it ends between open and read
  }
}
