import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { largestTextBytes } from '../source/decode-text.ts';
import { listed } from '../source/quoted.ts';

const TIME_LIMIT_MS = 30_000;
const LARGEST_COMPLAINT_BYTES = 4096;

/** What a program printed, or the end of a sentence that says why there is nothing. */
export type ProgramOutcome =
  | { readonly ok: true; readonly output: Uint8Array }
  | { readonly ok: false; readonly why: string; readonly hint: string | null };

/**
 * Runs an inventory program without arguments and without a shell, in its own directory, and
 * gives what it printed: at most 10 MB within a time limit. What it leaves running is killed.
 *
 * @param path absolute
 */
export function runProgram(path: string, timeLimitMs = TIME_LIMIT_MS): Promise<ProgramOutcome> {
  return new Promise((resolve) => {
    // Its own process group, so that its children go with it.
    const child = spawn(path, [], {
      cwd: dirname(path),
      detached: true,
      shell: false,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    let bytes = 0;
    let complaint = '';
    const end = (outcome: ProgramOutcome): void => {
      clearTimeout(timer);
      killGroup(child.pid);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => {
      end(failed(`did not end within ${timeLimitMs / 1000} seconds`, complaint));
    }, timeLimitMs);
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > largestTextBytes) end(failed('printed more than 10 MB', complaint));
      else output.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-LARGEST_COMPLAINT_BYTES);
    });
    child.on('error', (error) => {
      end(failed(`cannot be run: ${startFailure(error)}`, complaint));
    });
    child.on('close', (code, signal) => {
      if (code === 0) end({ ok: true, output: Buffer.concat(output) });
      else
        end(failed(signal === null ? `failed with exit ${code}` : `died of ${signal}`, complaint));
    });
  });
}

function failed(why: string, complaint: string): ProgramOutcome {
  const lines = complaint.trim().split('\n').slice(-3);
  const said = listed(lines, '/').trim();
  return { ok: false, why, hint: said === '' ? null : `it said: ${said}` };
}

function startFailure(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return 'the interpreter after its "#!" is not there';
  return code === 'EACCES' ? 'permission denied' : error.message;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
