import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { Duplex, type Readable, type Writable } from 'node:stream';
import { userShell } from './local-answers.ts';
import { printable } from './text.ts';
import { ConnectionError } from './transport.ts';

/** How long a command that leaves may take to say why, and one that is told to go may stay. */
const leaveTimeoutMs = 1_000;
/** Of what it says on its standard error the end is kept: there is the reason. */
const keptWords = 500;

/**
 * The line to a host that a ProxyCommand makes: what is written goes to its standard input, what is read comes from
 * its standard output. Its whole process group ends with the line, by SIGHUP as with ssh.
 */
export class ProxyLine extends Duplex {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #gone: Promise<void>;
  #words = '';
  #problem: string | null = null;
  #isOver = false;
  #exitCode: number | null = null;

  readonly #place: string;

  /** Runs `exec COMMAND` in the user's shell, as ssh does. `place` is where it is written, for messages. */
  constructor(command: string, place = 'the OpenSSH configuration') {
    super({ allowHalfOpen: false });
    this.#place = place;
    this.#child = spawn(userShell(), ['-c', `exec ${command}`], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const { stdin, stdout, stderr } = this.#child;
    stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stdout.on('end', () => this.push(null));
    stderr.setEncoding('latin1').on('data', (text: string) => {
      this.#words = `${this.#words}${text}`.slice(-keptWords);
    });
    // That nobody listens any more shows in the other direction as well.
    stdin.on('error', () => {});
    this.#gone = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#problem = `cannot be run: ${printable(error.message)}`;
        this.push(null);
        resolve();
      });
      this.#child.on('exit', (code) => {
        this.#isOver = true;
        this.#exitCode = code;
      });
      this.#child.on('close', () => resolve());
    });
  }

  /** Why the line failed, if it was the command's doing; else `error` as it is. Never rejects. */
  async explain(error: unknown): Promise<unknown> {
    const isLine =
      error instanceof ConnectionError && ['network', 'timeout'].includes(error.reason);
    if (!isLine) return error;
    const timer = new Promise<void>((resolve) => setTimeout(resolve, leaveTimeoutMs).unref());
    await Promise.race([this.#gone, timer]);
    const said = this.#words.trim();
    const what =
      this.#problem ??
      (this.#exitCode !== null && this.#exitCode !== 0
        ? `ended with exit code ${this.#exitCode}`
        : null);
    if (what === null && said === '') return error;
    const words = [what ?? '', said === '' ? '' : `said: ${printable(said, keptWords)}`];
    return new ConnectionError(
      error.reason,
      `${error.message}; its ProxyCommand ${words.filter((text) => text !== '').join(' and ')}`,
      { cause: error, hint: `the ProxyCommand is from ${this.#place}: run it by hand` },
    );
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    this.#signal('SIGHUP');
    const timer = setTimeout(() => this.#signal('SIGKILL'), leaveTimeoutMs).unref();
    void this.#gone.then(() => clearTimeout(timer));
    done(error);
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#isOver) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It is gone.
    }
  }
}
