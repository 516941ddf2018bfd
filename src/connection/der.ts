/** An element of DER (X.690). */
export function derTagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

export function derSequence(...elements: readonly Buffer[]): Buffer {
  return derTagged(0x30, Buffer.concat(elements));
}

/** @param unsigned big endian, leading zeros or not */
export function derInteger(unsigned: Buffer): Buffer {
  const first = unsigned.findIndex((byte) => byte !== 0);
  const bytes = first < 0 ? Buffer.alloc(0) : unsigned.subarray(first);
  const isPositive = bytes.length > 0 && (bytes[0] ?? 0) < 0x80;
  return derTagged(0x02, isPositive ? bytes : Buffer.concat([Buffer.alloc(1), bytes]));
}

/** The contents of elements that follow each other; of well formed DER only. */
export function derChildren(elements: Buffer): readonly Buffer[] {
  const contents: Buffer[] = [];
  for (let at = 0; at < elements.length; ) {
    const length = elements[at + 1] ?? 0;
    const more = length < 0x80 ? 0 : length - 0x80;
    const start = at + 2 + more;
    const size = more === 0 ? length : elements.readUIntBE(at + 2, more);
    contents.push(elements.subarray(start, start + size));
    at = start + size;
  }
  return contents;
}

function lengthOf(size: number): Buffer {
  if (size < 0x80) return Buffer.of(size);
  return size < 0x100 ? Buffer.of(0x81, size) : Buffer.of(0x82, size >> 8, size & 0xff);
}
