import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { startDeadline } from './deadline.ts';
import { keepaliveTimeoutMs } from './ssh2-client.ts';
import { ChannelExec, type ChannelOwner } from './ssh2-exec.ts';
import { codeOf, hostPort, messageOf, printable, seconds } from './text.ts';
import { type Connection, ConnectionError, type Exec } from './transport.ts';

/** How long `close` waits for the other side before it cuts the line. */
const closeTimeoutMs = 1_000;

/** An authenticated ssh2 client as `Connection`. */
export class Ssh2Connection implements Connection, ChannelOwner {
  readonly #client: Client;
  readonly #socket: Duplex;
  readonly #label: string;
  readonly #answerTimeoutMs: number;
  readonly #running = new Set<ChannelExec>();
  readonly #closed: Promise<void>;
  #isOpen = true;
  #bytesReceived = 0;
  #lossReason: string | null = null;

  constructor(
    client: Client,
    options: {
      readonly socket: Duplex;
      readonly label: string;
      readonly answerTimeoutMs: number;
    },
  ) {
    this.#client = client;
    this.#socket = options.socket;
    this.#label = options.label;
    this.#answerTimeoutMs = options.answerTimeoutMs;
    options.socket.on('data', (chunk: Buffer) => {
      this.#bytesReceived += chunk.length;
    });
    client.on('error', (error) => {
      this.#lossReason ??= this.#explain(error);
    });
    this.#closed = new Promise((resolve) => {
      client.on('close', () => {
        this.#isOpen = false;
        for (const exec of this.#running) exec.finish(`${this.#label} closed the connection`);
        resolve();
      });
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  bytesReceived(): number {
    return this.#bytesReceived;
  }

  lossReason(): string | null {
    return this.#lossReason;
  }

  exec(command: string): Promise<Exec> {
    return this.#ask(
      'a session',
      (answer) => this.#client.exec(command, answer),
      (channel) => this.#run(channel),
    );
  }

  /** A TCP connection from the host to another one, for a hop. Rejects with `ConnectionError`. */
  forward(host: string, port: number): Promise<Duplex> {
    return this.#ask(
      `a connection to ${hostPort(host, port)}`,
      (answer) => this.#client.forwardOut('127.0.0.1', 0, host, port, answer),
      (channel) => channel,
    );
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#lossReason ??= 'the connection was closed from here';
    this.#client.end();
    const deadline = startDeadline(closeTimeoutMs, () => this.#socket.destroy());
    await this.#closed;
    deadline.clear();
  }

  #run(channel: ClientChannel): Exec {
    const exec = new ChannelExec(channel, this);
    this.#running.add(exec);
    void exec.outcome.then(() => this.#running.delete(exec));
    return exec;
  }

  /**
   * Asks the server for a channel; ssh2 throws when the client is gone, and may never answer.
   * `use` runs at once, since the answer's packet may bring the command's end along.
   */
  #ask<T>(
    what: string,
    request: (answer: (error: Error | undefined, channel: ClientChannel) => void) => void,
    use: (channel: ClientChannel) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const deadline = startDeadline(this.#answerTimeoutMs, () => {
        isLate = true;
        const time = seconds(this.#answerTimeoutMs);
        reject(new ConnectionError('timeout', `${this.#label} did not open ${what} in ${time}`));
      });
      const refuse = (error: unknown) => {
        deadline.clear();
        reject(this.#refusal(what, error));
      };
      try {
        request((error, channel) => {
          if (error) {
            refuse(error);
          } else if (isLate) {
            channel.close();
          } else {
            deadline.clear();
            resolve(use(channel));
          }
        });
      } catch (error) {
        refuse(error);
      }
    });
  }

  #refusal(what: string, error: unknown): ConnectionError {
    if (!this.#isOpen || messageOf(error) === 'Not connected') {
      const reason = this.#lossReason ?? `${this.#label} closed the connection`;
      return new ConnectionError('network', reason, { cause: error });
    }
    const text = isProhibited(error)
      ? 'administratively prohibited'
      : printable(messageOf(error)).replace(/^\(SSH\) Channel open failure: /, '');
    return new ConnectionError('channel', `${this.#label} did not open ${what}: ${text}`, {
      cause: error,
    });
  }

  #explain(error: Error & { readonly level?: string }): string {
    if (error.level === 'client-timeout') {
      return `${this.#label} has been silent for ${seconds(keepaliveTimeoutMs)}`;
    }
    return codeOf(error) === 'ECONNRESET'
      ? `${this.#label} reset the connection`
      : `the connection to ${this.#label} failed: ${printable(error.message)}`;
  }
}

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED (RFC 4254, 5.1). */
function isProhibited(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 1;
}
