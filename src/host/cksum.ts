/** What a byte adds to the CRC, with as many zero bytes behind it as the table's number: eight bytes take one turn. */
const tables = eightTables();

/** POSIX `cksum` of bytes that come in pieces. */
export class Cksum {
  #crc = 0;
  #size = 0;

  add(bytes: Uint8Array): void {
    const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
    const { length } = bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    let crc = this.#crc;
    let at = 0;
    for (; at + 8 <= length; at += 8) {
      const high = crc ^ view.getInt32(at);
      const low = view.getInt32(at + 4);
      crc =
        look(t7, high >>> 24) ^
        look(t6, (high >>> 16) & 0xff) ^
        look(t5, (high >>> 8) & 0xff) ^
        look(t4, high & 0xff) ^
        look(t3, low >>> 24) ^
        look(t2, (low >>> 16) & 0xff) ^
        look(t1, (low >>> 8) & 0xff) ^
        look(t0, low & 0xff);
    }
    for (; at < length; at += 1) crc = (crc << 8) ^ look(t0, (crc >>> 24) ^ view.getUint8(at));
    this.#crc = crc;
    this.#size += length;
  }

  /** What `cksum` prints for all that was added: CRC and size. */
  end(): string {
    let crc = this.#crc;
    for (let rest = this.#size; rest > 0; rest = Math.floor(rest / 256)) {
      crc = (crc << 8) ^ look(tables[0], (crc >>> 24) ^ (rest & 0xff));
    }
    return `${~crc >>> 0} ${this.#size}`;
  }
}

/**
 * What POSIX `cksum` prints for these bytes (latin1 text): CRC and size, `"4294967295 0"` for none.
 * (POSIX XCU, cksum: CRC-32 of the bytes followed by their count, least significant byte first.)
 */
export function cksum(bytes: string): string {
  const sum = new Cksum();
  sum.add(Buffer.from(bytes, 'latin1'));
  return sum.end();
}

function look(table: Int32Array, index: number): number {
  return table[index] ?? 0;
}

type Tables = readonly [
  ...[Int32Array, Int32Array, Int32Array, Int32Array],
  ...[Int32Array, Int32Array, Int32Array, Int32Array],
];

function eightTables(): Tables {
  const first = Int32Array.from({ length: 256 }, (_, index) => {
    let remainder = index << 24;
    for (let bit = 0; bit < 8; bit += 1) {
      remainder = remainder & 0x80000000 ? (remainder << 1) ^ 0x04c11db7 : remainder << 1;
    }
    return remainder;
  });
  const next = (table: Int32Array) =>
    table.map((remainder) => (remainder << 8) ^ look(first, remainder >>> 24));
  const [one, two] = [next(first), next(next(first))];
  const [three, four] = [next(two), next(next(two))];
  const five = next(four);
  return [first, one, two, three, four, five, next(five), next(next(five))];
}
