import { hash } from 'node:crypto';

/** A place outside of memory where bytes wait. */
export interface SpillFile {
  /** Gives where they begin. */
  append(bytes: Buffer): Promise<number>;
  /** Reads back what was appended, from the byte `at` on. */
  read(at: number, length: number): Promise<Buffer>;
}

/** A text that was put away; a short one is itself. The same text is the same, by `===` too. */
export type Kept = string | Place;

interface Place {
  readonly chunk: number;
  /** Of its first byte, in the chunk. */
  readonly at: number;
  readonly bytes: number;
}

interface Chunk {
  /** null: it is in the file. */
  bytes: Buffer | null;
  /** Its place in the file. */
  at: number;
  readonly length: number;
}

/** To put away a shorter text takes as much as the text. */
const shortestLength = 128;
const chunkBytes = 256 * 1024;

/**
 * Texts that a run needs again at its end only: each once, and out of memory. Without a file, and what
 * the file does not take, they stay in memory.
 */
export class Spill {
  readonly #file: SpillFile | null;
  readonly #places = new Map<string, Place>();
  readonly #chunks: Chunk[] = [];
  #open: Buffer[] = [];
  #openBytes = 0;
  #writing = Promise.resolve();
  #lastRead: { readonly chunk: Chunk; readonly bytes: Buffer } | null = null;

  constructor(file: SpillFile | null = null) {
    this.#file = file;
  }

  /** Puts a text away. Never waits and never throws. */
  keep(text: string): Kept {
    if (text.length < shortestLength) return text;
    const key = hash('sha256', text, 'base64');
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const bytes = Buffer.from(text);
    const place = { chunk: this.#chunks.length, at: this.#openBytes, bytes: bytes.length };
    this.#places.set(key, place);
    this.#open.push(bytes);
    this.#openBytes += bytes.length;
    if (this.#openBytes >= chunkBytes) this.#closeChunk();
    return place;
  }

  /** Gives the text back. Throws what the file fails with. */
  async read(kept: Kept): Promise<string> {
    if (typeof kept === 'string') return kept;
    if (kept.chunk === this.#chunks.length) this.#closeChunk();
    const chunk = this.#chunks[kept.chunk];
    if (chunk === undefined) throw new Error('a text of another run was asked for');
    const bytes = await this.#bytesOf(chunk);
    return bytes.toString('utf8', kept.at, kept.at + kept.bytes);
  }

  #closeChunk(): void {
    const bytes = Buffer.concat(this.#open);
    const chunk: Chunk = { bytes, at: 0, length: bytes.length };
    this.#chunks.push(chunk);
    this.#open = [];
    this.#openBytes = 0;
    // the last one is read soon
    if (bytes.length >= chunkBytes) this.#writing = this.#writing.then(() => this.#write(chunk));
  }

  async #write(chunk: Chunk): Promise<void> {
    if (this.#file === null || chunk.bytes === null) return;
    try {
      chunk.at = await this.#file.append(chunk.bytes);
      chunk.bytes = null;
    } catch {
      // it stays, and the next may find room
    }
  }

  async #bytesOf(chunk: Chunk): Promise<Buffer> {
    if (chunk.bytes !== null) return chunk.bytes;
    if (this.#lastRead?.chunk === chunk) return this.#lastRead.bytes;
    const bytes = await this.#file?.read(chunk.at, chunk.length);
    if (bytes === undefined) throw new Error('there is no file');
    this.#lastRead = { chunk, bytes };
    return bytes;
  }
}
