import { spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { configError } from './openssh-config-lines.ts';
import { messageOf, seconds } from './text.ts';

/** How long the command of a `Match exec` may take; ssh itself would wait for ever. */
const execTimeoutMs = 30_000;
const mostAtOnce = 8;

/**
 * What this machine says to an OpenSSH configuration: each command is run and each name looked up
 * once a run, whatever the number of hosts.
 */
export class LocalAnswers {
  readonly #commands = new Map<string, Promise<boolean>>();
  readonly #names = new Map<string, Promise<string | null>>();
  readonly #waiting: (() => void)[] = [];
  readonly #timeoutMs: number;
  #running = 0;

  constructor(timeoutMs = execTimeoutMs) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Whether a command of the user's shell exits with 0 (ssh_config(5), Match exec). It gets no input and its
   * output goes nowhere. Throws `ConnectionError` (`config`) when it can't be run, or does not end.
   */
  exec(command: string, at: string): Promise<boolean> {
    return remember(this.#commands, command, () =>
      this.#whenFree(() => runShell(command, at, this.#timeoutMs)),
    );
  }

  /** The first address of a name, or null; `family` is 0 for any. */
  address(name: string, family: 0 | 4 | 6): Promise<string | null> {
    return remember(this.#names, `${family} ${name}`, () =>
      lookup(name, { family }).then(
        ({ address }) => address,
        () => null,
      ),
    );
  }

  async #whenFree<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running === mostAtOnce) {
      // Who leaves gives his place.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

/** The shell that ssh runs commands of its configuration in. */
export function userShell(): string {
  const { SHELL: shell } = process.env;
  return shell === undefined || shell === '' ? '/bin/sh' : shell;
}

async function runShell(command: string, at: string, timeoutMs: number): Promise<boolean> {
  // A group of its own, so that what it started ends with it.
  const child = spawn(userShell(), ['-c', command], { stdio: 'ignore', detached: true });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child.pid);
  }, timeoutMs);
  try {
    const [code]: readonly unknown[] = await once(child, 'exit');
    if (isLate) {
      throw configError(at, `"${command}" of Match exec did not end in ${seconds(timeoutMs)}`);
    }
    if (code === null) throw configError(at, `"${command}" of Match exec was killed`);
    return code === 0;
  } catch (error) {
    if (child.pid !== undefined) throw error;
    throw configError(at, `"${command}" of Match exec cannot be run: ${messageOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

function remember<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>) {
  const cached = cache.get(key);
  if (cached !== undefined) return cached;
  const made = make();
  made.catch(() => {});
  cache.set(key, made);
  return made;
}
