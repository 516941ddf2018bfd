import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortedError } from './abort.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import type { Leash } from './leash.ts';
import { opensshFailure, opensshLabel, opensshLoss, opensshTimeout } from './openssh-failure.ts';
import { OpensshLog } from './openssh-log.ts';
import { opensshEnvironment, startError } from './openssh-program.ts';
import type { OpensshTarget } from './openssh-target.ts';
import type { ConnectionError } from './transport.ts';

/** What one `ssh` is started with. */
export interface MasterOptions {
  readonly target: OpensshTarget;
  /** Where its control socket will be; short, since such paths have 104 bytes at most. */
  readonly socket: string;
  /** The control socket of the hop before; null: no hop of ours. */
  readonly hopSocket: string | null;
  readonly leash: Leash;
  readonly signal: AbortSignal;
  /** Told of what was said by one that did not come in. */
  readonly onFailure?: (log: OpensshLog) => void;
}

/** How long a key may take that a person has to touch. */
const signTimeoutMs = 60_000;

/** How long an `ssh` may take to end by itself. */
const endMs = 1_000;
/** How long its last words may take that has ended. */
const lastWordsMs = 200;

/**
 * The user's `ssh`, which keeps one connection open and listens at a control socket. It is the leader
 * of a process group of its own, so that an interrupt from the terminal is not for it.
 */
export class OpensshMaster {
  readonly socket: string;
  readonly label: string;
  /** Resolves when it has ended and all of its words were read. */
  readonly ended: Promise<void>;
  readonly #options: MasterOptions;
  readonly #child: ChildProcess;
  readonly #log = new OpensshLog();
  #startError: ConnectionError | null = null;
  #hasEnded = false;

  private constructor(options: MasterOptions) {
    this.#options = options;
    this.socket = options.socket;
    this.label = opensshLabel(options.target);
    const { hopSocket, leash } = options;
    this.#child = spawn('ssh', masterArguments(options), {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      // A ProxyCommand of ours is no business of the user's shell.
      env: { ...opensshEnvironment(), ...(hopSocket === null ? {} : { SHELL: '/bin/sh' }) },
    });
    const { pid } = this.#child;
    if (pid !== undefined) leash.hold(pid);
    this.ended = new Promise((resolve) => {
      const finish = () => {
        if (this.#hasEnded) return;
        this.#hasEnded = true;
        this.#signal('SIGKILL');
        if (pid !== undefined) leash.letGo(pid);
        resolve();
      };
      this.#child.once('error', (error) => {
        this.#startError = startError(error);
        finish();
      });
      this.#child.once('close', finish);
      this.#child.once('exit', () => setTimeout(finish, lastWordsMs));
    });
  }

  /** Resolves when it has logged in. Rejects with `ConnectionError`; nothing of it is left then. */
  static async start(options: MasterOptions): Promise<OpensshMaster> {
    const master = new OpensshMaster(options);
    try {
      await master.#comeIn();
      return master;
    } catch (error) {
      await master.end();
      options.onFailure?.(master.#log);
      throw error;
    }
  }

  /** What it has said so far. */
  get log(): OpensshLog {
    return this.#log;
  }

  /** Why it has ended. */
  lossReason(): string {
    return opensshLoss(this.#options.target, this.#log);
  }

  /** Ends the connection. */
  async end(): Promise<void> {
    this.#signal('SIGTERM');
    const late = new AbortController();
    const isLate = sleep(endMs, true, { signal: late.signal }).catch(() => false);
    if (await Promise.race([this.ended.then(() => false), isLate])) this.#signal('SIGKILL');
    late.abort();
    await this.ended;
  }

  #comeIn(): Promise<void> {
    const { target, signal } = this.#options;
    return new Promise((resolve, reject) => {
      let deadline: Deadline | null = null;
      const finish = () => {
        deadline?.clear();
        signal.removeEventListener('abort', onAbort);
      };
      const fail = (error: ConnectionError) => {
        finish();
        reject(error);
      };
      const onAbort = () => fail(abortedError(this.label));
      if (signal.aborted) {
        onAbort();
        return;
      }
      signal.addEventListener('abort', onAbort, { once: true });
      deadline = startDeadline(target.connectTimeoutMs, () =>
        fail(opensshTimeout(target, this.#log)),
      );
      this.#child.stderr?.on('data', (chunk: Buffer) => {
        const wasSigning = this.#log.isSigning;
        if (this.#log.add(chunk)) deadline?.restart(target.connectTimeoutMs);
        if (this.#log.isSigning && !wasSigning) deadline?.restart(signTimeoutMs);
        // It is there once it listens, and it listens once it is logged in.
        if (!existsSync(this.socket)) return;
        finish();
        resolve();
      });
      void this.ended.then(() => fail(this.#startError ?? opensshFailure(target, this.#log)));
    });
  }

  /** For the whole group: a ProxyCommand is in it. */
  #signal(name: 'SIGTERM' | 'SIGKILL'): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch {
      // Nobody of it is left.
    }
  }
}

/** -a, -k and -x: nothing of the user's goes along, no agent, no Kerberos ticket, no display. */
function masterArguments({ target, socket, hopSocket }: MasterOptions): readonly string[] {
  const { connectTimeoutMs, keepaliveMs, keepaliveCount, name, args } = target;
  const options = [
    // Nobody is asked anything.
    'BatchMode=yes',
    'LogLevel=DEBUG1',
    // Here is a clock of its own, which says more; this one is for what it does not see.
    `ConnectTimeout=${Math.ceil(connectTimeoutMs / 1_000) + 1}`,
    `ServerAliveInterval=${Math.max(1, Math.round(keepaliveMs / 1_000))}`,
    `ServerAliveCountMax=${keepaliveCount}`,
    ...(hopSocket === null ? [] : [`ProxyCommand=${hopCommand(hopSocket)}`, 'ProxyUseFdpass=no']),
  ];
  return [
    ...['-M', '-S', socket.replaceAll('%', '%%'), '-N', '-T', '-n', '-a', '-x', '-k'],
    ...options.flatMap((option) => ['-o', option]),
    ...args,
    ...['--', name],
  ];
}

/** A connection onwards through the master of a hop; where that has ended, nobody is connected to in its place. */
function hopCommand(hopSocket: string): string {
  const path = hopSocket.replaceAll("'", `'\\''`).replaceAll('%', '%%');
  return `ssh -F none -S '${path}' -o ProxyCommand=false -W '[%h]:%p' -- hop`;
}
