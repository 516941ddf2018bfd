import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortedError } from './abort.ts';
import { type LocalUser, localUser } from './local-user.ts';
import { codeOf, messageOf, printable } from './text.ts';
import {
  type Connection,
  ConnectionError,
  type Endpoint,
  type Exec,
  type Outcome,
  type Transport,
} from './transport.ts';

/** How often an ended command is looked at whose outputs are still held open by a child of it. */
const lingerCheckMs = 500;

const closedReason = 'the connection was closed from here';

/**
 * This machine itself as a host: each connection is as good as nothing, and each command a child
 * process, as a login of this user over SSH would run it.
 */
export class LocalTransport implements Transport {
  readonly #user: LocalUser;

  constructor(user: LocalUser = localUser()) {
    this.#user = user;
  }

  async connect(endpoint: Endpoint, signal: AbortSignal): Promise<Connection> {
    if (signal.aborted) throw abortedError(endpoint.name);
    const problem = this.refusal(endpoint);
    if (problem !== null) throw problem;
    return new LocalConnection(this.#user);
  }

  /** Why this machine cannot stand for the endpoint; null when it can. */
  refusal({ name, user }: Endpoint): ConnectionError | null {
    if (user === undefined || user === this.#user.name) return null;
    const message = `${name} is this machine (transport: local): nobody logs in as ${printable(user)}, xpush runs as ${this.#user.name}`;
    return new ConnectionError('config', message, {
      hint: `run xpush as ${printable(user)}, or give the host ssh: { user: ${this.#user.name} }`,
    });
  }

  async close(): Promise<void> {}
}

class LocalConnection implements Connection {
  readonly #user: LocalUser;
  readonly #running = new Set<LocalExec>();
  #isOpen = true;

  constructor(user: LocalUser) {
    this.#user = user;
  }

  async exec(command: string): Promise<Exec> {
    if (!this.#isOpen) throw new ConnectionError('network', closedReason);
    const exec = new LocalExec(await this.#start(command));
    this.#running.add(exec);
    void exec.outcome.then(() => this.#running.delete(exec));
    return exec;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    for (const exec of this.#running) exec.letGo();
  }

  #start(command: string): Promise<ChildProcess> {
    const { name, home } = this.#user;
    const isRoot = process.getuid?.() === 0;
    return new Promise((resolve, reject) => {
      const child = spawn('/bin/sh', ['-c', `umask 022; ${command}`], {
        cwd: existsSync(home) ? home : '/',
        env: {
          HOME: home,
          USER: name,
          LOGNAME: name,
          SHELL: '/bin/sh',
          PATH: isRoot
            ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
            : '/usr/local/bin:/usr/bin:/bin',
        },
        stdio: 'pipe',
        // As with SSH, an interrupt from the terminal is for xpush alone.
        detached: true,
      });
      child.once('spawn', () => resolve(child));
      child.once('error', (error) => {
        const why = codeOf(error) ?? messageOf(error);
        reject(new ConnectionError('channel', `cannot start /bin/sh on this machine: ${why}`));
      });
    });
  }
}

/** A child process as `Exec`. */
class LocalExec implements Exec {
  readonly stdin;
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly outcome: Promise<Outcome>;
  readonly #child: ChildProcess;
  #settle: (outcome: Outcome) => void = () => {};

  constructor(child: ChildProcess) {
    const { stdin, stdout, stderr } = child;
    if (stdin === null || stdout === null || stderr === null) throw new Error('no pipes');
    this.#child = child;
    this.stdin = stdin;
    stdout.pipe(this.stdout);
    stderr.pipe(this.stderr);
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    // A command that has ended reads no more; its outcome says so.
    stdin.on('error', () => {});
    child.on('exit', () => void this.#lookAfter());
    child.on('close', () => this.#finish());
  }

  /** What runs goes on, as after the end of an SSH connection; nobody listens to it any more. */
  letGo(): void {
    this.#settle({ kind: 'lost', reason: closedReason });
    this.stdin.destroy();
    this.#closeOutputs();
    this.#child.unref();
  }

  /** A child in the background may hold the outputs open for ever. */
  async #lookAfter(): Promise<void> {
    const { stdout, stderr } = this.#child;
    const all = [stdout, stderr, this.stdout, this.stderr];
    for (let before = -1; ; ) {
      const bytes = bytesOf(stdout) + bytesOf(stderr);
      const isUnread = all.some((stream) => (stream?.readableLength ?? 0) > 0);
      if (bytes === before && !isUnread) break;
      before = bytes;
      await sleep(lingerCheckMs, undefined, { ref: false });
    }
    this.#closeOutputs();
    this.#finish();
  }

  #closeOutputs(): void {
    const { stdout, stderr } = this.#child;
    stdout?.unpipe().destroy();
    stderr?.unpipe().destroy();
    this.stdout.end();
    this.stderr.end();
  }

  #finish(): void {
    const { exitCode: code, signalCode } = this.#child;
    this.stdin.destroy();
    this.#settle(
      code === null
        ? { kind: 'signal', signal: signalCode ?? 'unknown signal' }
        : { kind: 'exit', code },
    );
  }
}

function bytesOf(stream: Readable | null): number {
  return stream !== null && 'bytesRead' in stream && typeof stream.bytesRead === 'number'
    ? stream.bytesRead
    : 0;
}
