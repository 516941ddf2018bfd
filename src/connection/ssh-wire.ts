/** Takes a message of the SSH protocols apart (RFC 4251, 5); whatever is missing reads as empty or zero. */
export class WireReader {
  readonly #data: Buffer;
  #position = 0;
  #isShort = false;

  constructor(data: Buffer) {
    this.#data = data;
  }

  /** Whether all of it was read and nothing was missing. */
  get isExact(): boolean {
    return !this.#isShort && this.#position === this.#data.length;
  }

  /** Whether something is left to be read. */
  get hasMore(): boolean {
    return !this.#isShort && this.#position < this.#data.length;
  }

  byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  uint32(): number {
    const bytes = this.#take(4);
    return bytes.length === 4 ? bytes.readUInt32BE() : 0;
  }

  uint64(): bigint {
    const bytes = this.#take(8);
    return bytes.length === 8 ? bytes.readBigUInt64BE() : 0n;
  }

  string(): Buffer {
    return this.#take(this.uint32());
  }

  #take(length: number): Buffer {
    const end = this.#position + length;
    if (end > this.#data.length) this.#isShort = true;
    if (this.#isShort) return Buffer.alloc(0);
    const taken = this.#data.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }
}

/** A `uint32` of RFC 4251, 5. */
export function wireUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A `string` of RFC 4251, 5: its length, then its bytes. */
export function wireString(data: Buffer | string): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  return Buffer.concat([wireUint32(bytes.length), bytes]);
}
