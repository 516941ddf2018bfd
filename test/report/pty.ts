import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import { Terminal } from './terminal.ts';

export interface PtyOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string>>;
}

const PATIENCE_MS = 20_000;

/** A program on a pseudo-terminal of its own, by script(1). */
export class Pty implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly terminal: Terminal;
  /** Called whenever the program has written. */
  onWrite: () => void = () => {};
  text = '';

  constructor(argv: readonly string[], { columns, rows, env = {} }: PtyOptions) {
    this.terminal = new Terminal(columns, rows);
    const command = `stty rows ${rows} cols ${columns}; exec ${argv.map(quoted).join(' ')}`;
    this.#child = spawn('script', ['-qfec', command, '/dev/null'], {
      // Node takes CI for a terminal without colours
      env: {
        ...process.env,
        CI: undefined,
        TERM: 'xterm-256color',
        LANG: 'C.UTF-8',
        SHELL: '/bin/sh',
        ...env,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#ended = once(this.#child, 'close');
    const decoder = new StringDecoder();
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const text = decoder.write(chunk);
      this.text += text;
      this.terminal.write(text);
      this.onWrite();
    });
  }

  /** Types on the keyboard. */
  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** The exit status, once the program has ended. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  async until(isTrue: () => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!isTrue()) {
      if (performance.now() > deadline) throw new Error(`not in time: ${this.text.slice(-2000)}`);
      if (this.#child.exitCode !== null) throw new Error(`ended before it: ${this.text}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
