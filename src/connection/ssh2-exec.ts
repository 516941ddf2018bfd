import { type Duplex, type Readable, Writable } from 'node:stream';
import { printable } from './text.ts';
import type { Exec, Outcome } from './transport.ts';

/** How often an ended command is looked at whose outputs are still held open by a child of it. */
const lingerCheckMs = 500;
/** So many looks without a byte: a lost packet or a key exchange may hold up the last of an output. */
const quietChecks = 4;
/** After this many looks the outputs are closed even if a child still writes to them. */
const lingerChecks = 40;

/**
 * A channel that a command runs on: its input and output. Emits `exit` with a code, or with null and a
 * signal's name, and `close` when nothing more comes.
 */
export interface SessionChannel extends Duplex {
  readonly stderr: Readable;
  close(): void;
}

/** What a running command must know of its connection. */
export interface ChannelOwner {
  /** Bytes received so far on the whole connection. */
  bytesReceived(): number;
  /** Why the connection ended; null while it is up or when nobody said. */
  lossReason(): string | null;
}

/** A session channel as `Exec`: settles when the command has ended and its output has arrived. */
export class ChannelExec implements Exec {
  readonly stdin: Writable;
  readonly given?: string;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly outcome: Promise<Outcome>;
  readonly #channel: SessionChannel;
  readonly #owner: ChannelOwner;
  #ended: Outcome | null = null;
  #linger: NodeJS.Timeout | undefined;
  #settle: (outcome: Outcome) => void = () => {};

  /** @param given what it was given to read before this; null: nothing */
  constructor(channel: SessionChannel, owner: ChannelOwner, given: string | null = null) {
    this.#channel = channel;
    this.#owner = owner;
    this.stdin = new ChannelInput(channel);
    if (given !== null) this.given = given;
    this.stdout = channel;
    this.stderr = channel.stderr;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    channel.on('error', () => {});
    channel.stderr.on('error', () => {});
    channel.on('exit', (code: number | null, signal?: string) => this.#onExit(code, signal));
    channel.on('close', () => this.finish('the server closed the channel without an exit status'));
  }

  /** Nothing more will come: the command's outcome is what is known by now. */
  finish(lossReason: string): void {
    clearTimeout(this.#linger);
    this.stdin.destroy();
    this.#settle(this.#ended ?? { kind: 'lost', reason: this.#owner.lossReason() ?? lossReason });
  }

  #onExit(code: number | null, signal = 'unknown signal'): void {
    this.#ended =
      code === null ? { kind: 'signal', signal: printable(signal, 20) } : { kind: 'exit', code };
    this.#awaitClose(this.#owner.bytesReceived(), lingerChecks);
  }

  /**
   * A child in the background that holds the outputs keeps the channel open for ever: when its
   * reader has everything and nothing more comes, the command counts as over.
   */
  #awaitClose(bytesBefore: number, checksLeft: number, quietLeft = quietChecks): void {
    this.#linger = setTimeout(() => {
      const bytes = this.#owner.bytesReceived();
      const isUnread = this.stdout.readableLength + this.stderr.readableLength > 0;
      if (isUnread) {
        this.#awaitClose(bytes, checksLeft);
      } else if (bytes !== bytesBefore && checksLeft > 0) {
        this.#awaitClose(bytes, checksLeft - 1);
      } else if (bytes === bytesBefore && quietLeft > 1) {
        this.#awaitClose(bytes, checksLeft, quietLeft - 1);
      } else {
        this.#channel.close();
        this.finish('');
      }
    }, lingerCheckMs);
  }
}

/**
 * A command's standard input. ssh2 never calls back for what is written to a channel that is
 * closed; here such writes are dropped, since the outcome tells the story.
 */
class ChannelInput extends Writable {
  readonly #channel: SessionChannel;
  #pending: (() => void) | null = null;

  constructor(channel: SessionChannel) {
    super({ decodeStrings: true });
    this.#channel = channel;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#forward(done, (written) => this.#channel.write(chunk, written));
  }

  override _final(done: () => void): void {
    this.#channel.end();
    done();
  }

  override _destroy(_error: Error | null, done: () => void): void {
    this.#release();
    done();
  }

  #forward(done: () => void, write: (written: () => void) => void): void {
    if (!this.#channel.writable) {
      done();
      return;
    }
    this.#pending = done;
    write(() => this.#release());
  }

  #release(): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.();
  }
}
