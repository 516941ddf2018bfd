import { spawn } from 'node:child_process';

/** Somebody may have to touch a key or answer a prompt of an agent. */
const timeLimitMs = 60_000;
const largestOutputBytes = 65_536;

/** What a program printed, or the end of a sentence that says why there is nothing. */
export type Printed =
  | { readonly ok: true; readonly output: Buffer }
  | { readonly ok: false; readonly why: string };

/**
 * Runs a program for the secret that it prints: no shell, no input, a minute, 64 KiB. What it says
 * on standard error goes nowhere, as it may hold the secret. What it leaves running is killed.
 */
export function runForSecret(
  argv: readonly string[],
  options: { readonly directory?: string; readonly limitMs?: number } = {},
): Promise<Printed> {
  const limitMs = options.limitMs ?? timeLimitMs;
  const [program = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      ...(options.directory === undefined ? {} : { cwd: options.directory }),
      detached: true, // its own process group, so that its children go with it
      shell: false,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (printed: Printed): void => {
      clearTimeout(timer);
      killGroup(child.pid);
      child.stdout.destroy();
      resolve(printed);
    };
    const timer = setTimeout(
      () => end({ ok: false, why: `did not end within ${limitMs / 1000} seconds` }),
      limitMs,
    );
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > largestOutputBytes) end({ ok: false, why: 'printed more than 64 KiB' });
      else chunks.push(chunk);
    });
    child.on('error', (error) => {
      const code = 'code' in error ? String(error.code) : error.name;
      end({ ok: false, why: code === 'ENOENT' ? 'is not installed' : `cannot be run (${code})` });
    });
    child.on('close', (status, signal) => {
      if (status === 0) end({ ok: true, output: Buffer.concat(chunks) });
      else
        end({
          ok: false,
          why: signal === null ? `failed with exit ${status}` : `died of ${signal}`,
        });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
