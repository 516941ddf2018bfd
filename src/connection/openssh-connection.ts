import type { Duplex } from 'node:stream';
import { startDeadline } from './deadline.ts';
import { ChannelRefusedError, MuxLink } from './mux-link.ts';
import type { OpensshMaster } from './openssh-master.ts';
import { ChannelExec, type ChannelOwner } from './ssh2-exec.ts';
import { hostPort, messageOf, seconds } from './text.ts';
import { type Connection, ConnectionError, type Exec } from './transport.ts';

/** A connection that an `ssh` keeps, as `Connection`. */
export class OpensshConnection implements Connection, ChannelOwner {
  readonly #master: OpensshMaster;
  readonly #answerTimeoutMs: number;
  #link: MuxLink | null = null;
  #isOpen = true;
  #lossReason: string | null = null;

  private constructor(master: OpensshMaster, answerTimeoutMs: number) {
    this.#master = master;
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  /** Over an `ssh` that is logged in. Rejects with `ConnectionError` and ends it when it has no proxy mode. */
  static async open(
    master: OpensshMaster,
    limits: {
      readonly answerTimeoutMs: number;
      /** Bytes that may come in all. */
      readonly receiveLimit: number;
    },
  ): Promise<OpensshConnection> {
    const connection = new OpensshConnection(master, limits.answerTimeoutMs);
    try {
      connection.#link = await MuxLink.open(master.socket, limits.receiveLimit, (problem) =>
        connection.#onCut(problem),
      );
    } catch (error) {
      await master.end();
      throw new ConnectionError('network', `${master.label}: ${messageOf(error)}`, {
        hint: 'the transport openssh needs OpenSSH 7.4 or newer on this machine',
        cause: error,
      });
    }
    return connection;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The control socket, for the hosts behind it. */
  get socket(): string {
    return this.#master.socket;
  }

  /** The `ssh` itself sees to it that a silent line ends. */
  get silentMs(): number {
    return 0;
  }

  bytesReceived(): number {
    return this.#link?.bytesReceived ?? 0;
  }

  lossReason(): string | null {
    return this.#lossReason;
  }

  exec(command: string): Promise<Exec> {
    return this.#ask('a session', this.#answerTimeoutMs, async (link) => {
      const channel = await link.openSession();
      const exec = new ChannelExec(channel, this);
      if (await channel.exec(command)) return exec;
      channel.close();
      throw new Error('it runs no command');
    });
  }

  /** A TCP connection from the host to another one, for a hop. Rejects with `ConnectionError`. */
  forward(host: string, port: number, timeoutMs: number): Promise<Duplex> {
    return this.#ask(`a connection to ${hostPort(host, port)}`, timeoutMs, (link) =>
      link.openForward(host, port),
    );
  }

  async close(): Promise<void> {
    this.#lossReason ??= 'the connection was closed from here';
    this.#isOpen = false;
    this.#link?.close();
    await this.#master.end();
  }

  /** The line to the `ssh` is gone: it says why, if it ends, too. */
  async #onCut(problem: string | null): Promise<void> {
    this.#isOpen = false;
    this.#lossReason ??= problem === null ? null : `${this.#master.label} ${problem}`;
    await this.#master.end();
    this.#lossReason ??= this.#master.lossReason();
  }

  async #ask<T>(
    what: string,
    timeoutMs: number,
    request: (link: MuxLink) => Promise<T>,
  ): Promise<T> {
    const { label } = this.#master;
    const link = this.#link;
    if (link === null || !this.#isOpen) throw await this.#gone();
    return new Promise((resolve, reject) => {
      const deadline = startDeadline(timeoutMs, () => {
        const time = seconds(timeoutMs);
        reject(new ConnectionError('timeout', `${label} did not open ${what} in ${time}`));
      });
      request(link).then(
        (answer) => {
          deadline.clear();
          resolve(answer);
        },
        async (error: unknown) => {
          deadline.clear();
          if (error instanceof ChannelRefusedError || this.#isOpen) {
            const why = messageOf(error);
            reject(new ConnectionError('channel', `${label} did not open ${what}: ${why}`));
          } else {
            reject(await this.#gone());
          }
        },
      );
    });
  }

  async #gone(): Promise<ConnectionError> {
    await this.#master.ended;
    return new ConnectionError('network', this.#lossReason ?? this.#master.lossReason());
  }
}
