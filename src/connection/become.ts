import type { Readable } from 'node:stream';
import { abortedError } from './abort.ts';
import type { RaisedCommand } from './become-command.ts';
import { BecomeDialogue } from './become-dialogue.ts';
import {
  type BecomeAttempt,
  becomeRefusal,
  heldBackError,
  noPasswordError,
  silentError,
  unfitPasswordError,
  wrongPasswordError,
} from './become-failure.ts';
import { startDeadline } from './deadline.ts';
import type { PasswordResult, PasswordTurn } from './password.ts';
import { type Become, ConnectionError, type Exec, type HiddenText } from './transport.ts';

/** What `raise` needs. */
export interface RaiseOptions {
  readonly become: Become;
  readonly words: RaisedCommand;
  /** Of the host, in messages. */
  readonly label: string;
  /** null: the OpenSSH configuration says. */
  readonly loginUser: string | null;
  /** For each of the host's answers; PAM waits for seconds after a wrong password. */
  readonly answerTimeoutMs: number;
  readonly signal: AbortSignal;
  /** Of the password; null: it must not be sent any more. */
  readonly takeTurn: (password: HiddenText) => Promise<PasswordTurn | null>;
}

/**
 * Takes a command that was started by `words.command` to where another user's shell has begun it. The
 * password is sent once, when the method asks for it and the login shell cannot hear it; nothing else is.
 * Rejects with `ConnectionError`; the input is closed then.
 */
export async function raise(exec: Exec, options: RaiseOptions): Promise<Exec> {
  return await new Promise((resolve, reject) => new Raising(exec, options, resolve, reject));
}

class Raising {
  readonly #exec: Exec;
  readonly #options: RaiseOptions;
  readonly #dialogue: BecomeDialogue;
  readonly #resolve: (exec: Exec) => void;
  readonly #reject: (error: ConnectionError) => void;
  readonly #deadline;
  readonly #onStdout: () => void;
  readonly #onStderr: () => void;
  readonly #onAbort: () => void;
  #turn: PasswordTurn | null = null;
  #wasSent = false;
  #isOver = false;

  constructor(
    exec: Exec,
    options: RaiseOptions,
    resolve: (exec: Exec) => void,
    reject: (error: ConnectionError) => void,
  ) {
    this.#exec = exec;
    this.#options = options;
    this.#dialogue = new BecomeDialogue(options.words);
    this.#resolve = resolve;
    this.#reject = reject;
    const { answerTimeoutMs, signal, label } = options;
    this.#deadline = startDeadline(answerTimeoutMs, () =>
      this.#fail(silentError(this.#attempt(''), answerTimeoutMs)),
    );
    this.#onStdout = () => this.#read(exec.stdout, 'stdout');
    this.#onStderr = () => this.#read(exec.stderr, 'stderr');
    this.#onAbort = () => this.#fail(abortedError(label));
    exec.stdin.on('error', () => {}); // told by the outcome
    exec.stdout.on('readable', this.#onStdout);
    exec.stderr.on('readable', this.#onStderr);
    void exec.outcome.then((outcome) => {
      // what was said last may not have been read
      this.#onStderr();
      this.#onStdout();
      if (outcome.kind === 'lost') this.#fail(new ConnectionError('network', outcome.reason));
      else {
        const ending =
          outcome.kind === 'exit' ? `status ${outcome.code}` : `signal ${outcome.signal}`;
        const { error, password } = becomeRefusal(this.#attempt(ending));
        this.#fail(error, password);
      }
    });
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  #read(stream: Readable, from: 'stdout' | 'stderr'): void {
    while (!this.#isOver) {
      const chunk: unknown = stream.read();
      if (!(chunk instanceof Buffer)) return;
      this.#hear(from, chunk);
    }
  }

  #hear(from: 'stdout' | 'stderr', chunk: Buffer): void {
    const step = this.#dialogue.hear(from, chunk);
    switch (step.kind) {
      case 'wait':
        return;
      case 'asked':
        void this.#answer();
        return;
      case 'asked again':
        this.#fail(wrongPasswordError(this.#attempt('')), 'refused');
        return;
      case 'flooded':
        this.#fail(becomeRefusal(this.#attempt('it says more than 1 MiB')).error);
        return;
      case 'raised':
        this.#end();
        this.#turn?.end('accepted');
        if (step.rest.length > 0) this.#exec.stdout.unshift(step.rest);
        this.#resolve(this.#exec);
    }
  }

  async #answer(): Promise<void> {
    const { become, takeTurn, answerTimeoutMs } = this.#options;
    const { password } = become;
    if (password === undefined) {
      this.#fail(noPasswordError(this.#attempt('')));
      return;
    }
    if (/[\n\r\0]/.test(password.reveal())) {
      this.#fail(unfitPasswordError());
      return;
    }
    // other hosts are waited for, not this one
    this.#deadline.clear();
    const turn = await takeTurn(password);
    if (turn === null) {
      this.#fail(heldBackError(this.#attempt('')));
      return;
    }
    if (this.#isOver) {
      turn.end('unknown');
      return;
    }
    this.#turn = turn;
    this.#deadline.restart(answerTimeoutMs);
    this.#wasSent = true;
    this.#exec.stdin.write(`${password.reveal()}\n`);
  }

  #attempt(ending: string): BecomeAttempt {
    const { become, loginUser } = this.#options;
    const { text: said, hasBegun, isMissing } = this.#dialogue;
    return { become, loginUser, said, hasBegun, isMissing, ending, wasSent: this.#wasSent };
  }

  #fail(error: ConnectionError, password: PasswordResult = 'unknown'): void {
    if (this.#isOver) return;
    this.#end();
    this.#turn?.end(password);
    this.#exec.stdin.end();
    // or its outcome never settles
    this.#exec.stdout.resume();
    this.#exec.stderr.resume();
    this.#reject(error);
  }

  #end(): void {
    this.#isOver = true;
    this.#deadline.clear();
    this.#exec.stdout.off('readable', this.#onStdout);
    this.#exec.stderr.off('readable', this.#onStderr);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
  }
}
