import { wireString } from './ssh-wire.ts';

/**
 * The bytes between a program and OpenSSH's own client that keeps a connection for it: packets with
 * a length before them (PROTOCOL.mux in OpenSSH's source), and in them messages of RFC 4254.
 */

/** The longest packet that is taken: OpenSSH passes on none that is longer (packet.h, PACKET_MAX_SIZE). */
const longestPacket = 256 * 1024 + 64;

/** What came was no packet, or not one that may come. */
export class MuxProtocolError extends Error {
  override readonly name = 'MuxProtocolError';
}

/** A packet of these parts. */
export function packet(...parts: readonly Buffer[]): Buffer {
  return wireString(Buffer.concat(parts));
}

/** A message of RFC 4254 as it passes the control socket: no padding, no encryption. */
export function sshPacket(type: number, ...parts: readonly Buffer[]): Buffer {
  return packet(Buffer.from([0, type]), ...parts);
}

/** Cuts a stream of bytes into packets. */
export class PacketSplitter {
  #pending: Buffer[] = [];
  #size = 0;
  #wanted = 4;

  /** Gives the packets that are complete by now, without their length. Throws `MuxProtocolError`. */
  add(chunk: Buffer): readonly Buffer[] {
    this.#pending.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return [];
    const packets: Buffer[] = [];
    let rest = this.#pending.length === 1 ? chunk : Buffer.concat(this.#pending);
    for (this.#wanted = 4; rest.length >= this.#wanted; this.#wanted = 4) {
      const length = rest.readUInt32BE();
      if (length < 2 || length > longestPacket) {
        throw new MuxProtocolError(`a packet of ${length} bytes`);
      }
      this.#wanted = 4 + length;
      if (rest.length < this.#wanted) break;
      packets.push(rest.subarray(4, this.#wanted));
      rest = rest.subarray(this.#wanted);
    }
    this.#pending = [rest];
    this.#size = rest.length;
    return packets;
  }
}
