import { write, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/** A stream such as `process.stdout`, with what a terminal adds to it. */
export type OutputStream = Writable & {
  readonly fd?: number;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly hasColors?: () => boolean;
};

const RETRY_MS = 50;
const POURED_LENGTH = 64 * 1024;
// The other side has gone: a closed pipe, a terminal that hung up, a destroyed stream.
const GONE = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']);

/**
 * Writes to a stream without ever blocking the event loop: Node writes to terminals synchronously,
 * so a terminal stopped by Ctrl-S would stop every deadline of the run. When the reader has gone,
 * the rest is dropped quietly.
 */
export class Outlet {
  readonly stream: OutputStream;
  readonly #terminalFd: number | null;
  #waiting = '';
  #inFlight = 0;
  #hasGone = false;
  #error: Error | null = null;
  #whenIdle: (() => void)[] = [];

  constructor(stream: OutputStream) {
    this.stream = stream;
    this.#terminalFd = stream.isTTY === true && stream.fd !== undefined ? stream.fd : null;
    stream.on('error', (error) => this.#fail(error));
  }

  /** Whether everything written has left. */
  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  write(text: string): void {
    if (this.#hasGone || text === '') return;

    if (this.#terminalFd === null) {
      this.#inFlight += 1;
      this.stream.write(text, (error) => {
        if (error) this.#fail(error);
        this.#settle();
      });
      return;
    }

    this.#waiting += text;
    if (this.#inFlight === 0) this.#send(this.#terminalFd);
  }

  /** Writes texts one behind another, as fast as they are read: what is not written yet is not made. */
  async pour(texts: AsyncIterable<string>): Promise<void> {
    let text = '';
    for await (const each of texts) {
      text += each;
      if (text.length < POURED_LENGTH) continue;
      this.write(text);
      text = '';
      await this.#idle();
      if (this.#hasGone) return;
    }
    this.write(text);
  }

  /** For the last moment of the process: written at once, whatever is in flight. */
  writeNow(text: string): void {
    if (this.#hasGone) return;

    if (this.#terminalFd === null) {
      this.stream.write(text);
      return;
    }

    try {
      writeSync(this.#terminalFd, text);
    } catch {
      this.#hasGone = true;
    }
  }

  /**
   * Resolves when everything written has left.
   * @throws what writing failed with, other than that nobody reads any more (a full disk)
   */
  async flush(): Promise<void> {
    await this.#idle();
    if (this.#error !== null) throw this.#error;
  }

  async #idle(): Promise<void> {
    if (!this.isIdle) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  #send(fd: number): void {
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = '';
    this.#inFlight = 1;
    this.#sendFrom(fd, bytes);
  }

  #sendFrom(fd: number, bytes: Buffer): void {
    write(fd, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#sendFrom(fd, bytes), RETRY_MS);
      } else if (error) {
        this.#fail(error);
        this.#settle();
      } else if (written < bytes.length) {
        this.#sendFrom(fd, bytes.subarray(written));
      } else {
        this.#settle();
      }
    });
  }

  #settle(): void {
    this.#inFlight -= 1;
    if (this.#inFlight > 0) return;

    if (this.#waiting !== '' && this.#terminalFd !== null && !this.#hasGone) {
      this.#send(this.#terminalFd);
      return;
    }

    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#hasGone = true;
    this.#waiting = '';
    if (!GONE.has(error.code ?? '')) this.#error ??= error;
  }
}
