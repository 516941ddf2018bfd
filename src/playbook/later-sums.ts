import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** As much as others wait for while it is summed up: less than a millisecond. */
const pieceBytes = 1_048_576;

/**
 * The sums of a file of the controller (host/sums.ts, without the CRC), made when they are needed: those
 * of the file as it is opened now, or none when it was changed by then or can't be read any more.
 */
export class LaterSums {
  readonly #path: string;
  readonly #identity: string;
  #value: string | null = null;
  #making: Promise<void> | null = null;

  /** @param handle of the file, open */
  constructor(path: string, handle: number) {
    this.#path = path;
    this.#identity = identityOf(handle);
  }

  /** Empty: it is not as it was. Reads the whole file, if nobody did yet. */
  get value(): string {
    this.#value ??= this.#read();
    return this.#value;
  }

  /** Makes them while others go on; never rejects. */
  make(): Promise<void> {
    this.#making ??= this.#readBeside();
    return this.#making;
  }

  #read(): string {
    try {
      const handle = openSync(this.#path, 'r');
      try {
        const hash = createHash('sha256');
        const buffer = Buffer.allocUnsafe(pieceBytes);
        for (;;) {
          const length = readSync(handle, buffer);
          if (length === 0) break;
          hash.update(buffer.subarray(0, length));
        }
        return this.#sums(handle, hash.digest('hex'));
      } finally {
        closeSync(handle);
      }
    } catch {
      return '';
    }
  }

  async #readBeside(): Promise<void> {
    let file: FileHandle | null = null;
    try {
      file = await open(this.#path);
      const hash = createHash('sha256');
      let [buffer, other] = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)];
      let { bytesRead } = await file.read(buffer);
      while (bytesRead > 0) {
        const next = file.read(other);
        hash.update(buffer.subarray(0, bytesRead));
        ({ bytesRead } = await next);
        [buffer, other] = [other, buffer];
      }
      this.#value ??= this.#sums(file.fd, hash.digest('hex'));
    } catch {
      this.#value ??= '';
    } finally {
      await file?.close().catch(() => {});
    }
  }

  #sums(handle: number, sha256: string): string {
    return identityOf(handle) === this.#identity ? `${sha256} * *` : '';
  }
}

/** What no write, and no other file in its place, leaves as it was. */
function identityOf(handle: number): string {
  const { dev, ino, size, mtimeNs } = fstatSync(handle, { bigint: true });
  return `${dev} ${ino} ${size} ${mtimeNs}`;
}
