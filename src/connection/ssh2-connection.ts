import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { startDeadline } from './deadline.ts';
import type { BegunExec } from './first-flight.ts';
import { type SilenceWatch, watchSilence } from './silence.ts';
import { ChannelExec, type ChannelOwner } from './ssh2-exec.ts';
import { codeOf, hostPort, messageOf, printable, seconds } from './text.ts';
import { type Connection, ConnectionError, type Exec } from './transport.ts';

/** How long `close` waits for the other side before it cuts the line. */
const closeTimeoutMs = 1_000;

/** What may wait to be sent to a host that keeps asking and does not listen. */
const sendLimit = 64 * 1024 * 1024;

/** A server may exchange keys anew so often, once more for so many bytes, and so often a second. */
const exchanges = { atOnce: 16, bytesEach: 16_384, perSecond: 10 };

/** An authenticated ssh2 client as `Connection`. */
export class Ssh2Connection implements Connection, ChannelOwner {
  readonly #client: Client;
  readonly #socket: Duplex;
  readonly #label: string;
  readonly #answerTimeoutMs: number;
  readonly #running = new Set<ChannelExec>();
  readonly #closed: Promise<void>;
  #isOpen = true;
  readonly #watch: SilenceWatch;
  readonly #receiveLimit: number;
  readonly #since = performance.now();
  #exchanges = 0;
  #bytesReceived = 0;
  #lossReason: string | null = null;
  #begun: { readonly command: string; readonly exec: Promise<Exec> } | null = null;

  constructor(
    client: Client,
    options: {
      readonly socket: Duplex;
      readonly label: string;
      readonly answerTimeoutMs: number;
      readonly keepaliveMs: number;
      /** After so many keepalives without a sign of life the connection is lost; default 3. */
      readonly keepaliveCount?: number;
      /** Bytes that may come in all. */
      readonly receiveLimit: number;
      /** What was sent along with the login. */
      readonly begun?: BegunExec | null;
    },
  ) {
    this.#client = client;
    this.#socket = options.socket;
    this.#label = options.label;
    this.#answerTimeoutMs = options.answerTimeoutMs;
    this.#receiveLimit = options.receiveLimit;
    const silenceMs = options.keepaliveMs * (options.keepaliveCount ?? 3);
    this.#watch = watchSilence(silenceMs, () =>
      this.#cut(`${this.#label} has been silent for ${seconds(silenceMs)}`),
    );
    options.socket.on('data', (chunk: Buffer) => this.#onData(chunk.length));
    client.on('handshake', () => this.#onExchange());
    client.on('error', (error) => {
      this.#lossReason ??= this.#explain(error);
    });
    this.#closed = new Promise((resolve) => {
      client.on('close', () => {
        this.#isOpen = false;
        this.#watch.stop();
        for (const exec of this.#running) exec.finish(`${this.#label} closed the connection`);
        resolve();
      });
    });
    this.#begin(options.begun ?? null);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** For how long nothing has come from the other side. */
  get silentMs(): number {
    return this.#watch.silentMs();
  }

  bytesReceived(): number {
    return this.#bytesReceived;
  }

  lossReason(): string | null {
    return this.#lossReason;
  }

  async exec(command: string): Promise<Exec> {
    const begun = this.#begun;
    this.#begun = null;
    if (begun?.command === command) return begun.exec;
    // nobody reads it, so it may not go on
    void begun?.exec.then(({ stdin }) => stdin.end()).catch(() => {});
    return this.#ask(
      'a session',
      (answer) => this.#client.exec(command, answer),
      (channel) => this.#run(channel, null),
    );
  }

  /**
   * A TCP connection from the host to another one, for a hop, within `timeoutMs`.
   * Rejects with `ConnectionError`.
   */
  forward(host: string, port: number, timeoutMs: number): Promise<Duplex> {
    return this.#ask(
      `a connection to ${hostPort(host, port)}`,
      (answer) => this.#client.forwardOut('127.0.0.1', 0, host, port, answer),
      // as a socket does: else nobody would hear before the deadline that the other side has hung up
      (channel) => channel.once('end', () => channel.end()),
      timeoutMs,
    );
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#lossReason ??= 'the connection was closed from here';
    this.#client.end();
    const deadline = startDeadline(closeTimeoutMs, () => this.#destroy());
    await this.#closed;
    deadline.clear();
  }

  /** What arrived is not kept by anyone here, but reading it keeps other hosts waiting. */
  #onData(bytes: number): void {
    this.#watch.heard();
    this.#bytesReceived += bytes;
    if (this.#bytesReceived > this.#receiveLimit) {
      this.#cut(`${this.#label} sends without end`);
    } else if (this.#socket.writableLength > sendLimit) {
      this.#cut(`${this.#label} asks without end and takes no answer`);
    }
  }

  #onExchange(): void {
    this.#exchanges += 1;
    const { atOnce, bytesEach, perSecond } = exchanges;
    const elapsed = (performance.now() - this.#since) / 1_000;
    if (this.#exchanges > atOnce + this.#bytesReceived / bytesEach + elapsed * perSecond) {
      this.#cut(`${this.#label} exchanges keys without end`);
    }
  }

  /** Ends the connection at once. */
  #cut(reason: string): void {
    this.#lossReason ??= reason;
    this.#destroy();
  }

  /** A channel of a dead jump host would not close before it has been told to from there. */
  #destroy(): void {
    this.#socket.destroy();
    setImmediate(() => {
      if (this.#isOpen) this.#socket.emit('close');
    });
  }

  #begin(begun: BegunExec | null): void {
    if (begun === null) return;
    const { command, input } = begun.first;
    const exec = this.#ask(
      'a session',
      (answer) => begun.onAnswer(answer),
      (channel) => {
        const running = this.#run(channel, input);
        if (begun.rest.length > 0) running.stdin.write(begun.rest);
        return running;
      },
    );
    exec.catch(() => {}); // told to who asks for it
    this.#begun = { command, exec };
  }

  #run(channel: ClientChannel, given: string | null): Exec {
    const exec = new ChannelExec(channel, this, given);
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
    timeoutMs = this.#answerTimeoutMs,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const deadline = startDeadline(timeoutMs, () => {
        isLate = true;
        const time = seconds(timeoutMs);
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

  #explain(error: Error): string {
    return codeOf(error) === 'ECONNRESET'
      ? `${this.#label} reset the connection`
      : `the connection to ${this.#label} failed: ${printable(error.message)}`;
  }
}

/** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED (RFC 4254, 5.1). */
function isProhibited(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 1;
}
