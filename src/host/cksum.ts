const table = Array.from({ length: 256 }, (_, index) => {
  let remainder = index << 24;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = remainder & 0x80000000 ? (remainder << 1) ^ 0x04c11db7 : remainder << 1;
  }
  return remainder >>> 0;
});

/**
 * What POSIX `cksum` prints for these bytes: CRC and size, `"4294967295 0"` for none.
 * (POSIX XCU, cksum: CRC-32 of the bytes followed by their count, least significant byte first.)
 */
export function cksum(bytes: string): string {
  let crc = 0;
  const add = (byte: number) => {
    crc = ((crc << 8) ^ (table[(crc >>> 24) ^ byte] ?? 0)) >>> 0;
  };
  for (let index = 0; index < bytes.length; index += 1) add(bytes.charCodeAt(index) & 0xff);
  for (let rest = bytes.length; rest > 0; rest = Math.floor(rest / 256)) add(rest & 0xff);
  return `${~crc >>> 0} ${bytes.length}`;
}
