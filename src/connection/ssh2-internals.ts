import type { Client } from 'ssh2';
import { WireReader, wireString } from './ssh-wire.ts';

/** Messages of a server as ssh2 hands them on, by its names for them. */
export interface ServerMessages {
  EXT_INFO(protocol: unknown, extensions: readonly Extension[]): void;
  USERAUTH_SUCCESS(protocol: unknown): void;
  USERAUTH_FAILURE(protocol: unknown, methods: readonly string[], isPartial: boolean): void;
  GLOBAL_REQUEST(protocol: unknown, name: string, wantsReply: boolean, data: unknown): void;
  CHANNEL_OPEN_CONFIRMATION(protocol: unknown, channel: OpenedChannel): void;
  CHANNEL_OPEN_FAILURE(
    protocol: unknown,
    recipient: number,
    reason: number,
    description: string,
  ): void;
  CHANNEL_WINDOW_ADJUST(protocol: unknown, recipient: number, amount: number): void;
}

/** Of RFC 8308; ssh2 passes on this one only. */
export interface Extension {
  readonly name: 'server-sig-algs';
  readonly algs: readonly string[];
}

/** RFC 4254, 5.1: `sender` is the server's number of the channel, `recipient` ours. */
export interface OpenedChannel {
  readonly recipient: number;
  readonly sender: number;
  readonly window: number;
  readonly packetSize: number;
}

/**
 * Signs for a key: resolves to a whole signature (RFC 4253, 6.6), made by a plain algorithm such as
 * `ssh-ed25519` with whatever belongs to it; null when it could not. Never rejects.
 */
export type WholeSigner = (data: Buffer, algorithm: string) => Promise<Buffer | null>;

/** Is given what is to be signed, and calls back with a bare signature; ssh2 adds the algorithm. */
type PublicKeySigner = (data: Buffer, send: (signature: Buffer) => void) => void;

/** What is used of ssh2 1.17's private `Protocol`. */
interface Protocol {
  readonly _handlers: ServerMessages;
  readonly _kex: { readonly sessionID: Buffer };
  readonly _kexinit: unknown;
  readonly _strictMode?: unknown;
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number;
      alloc(size: number): Buffer;
      finalize(packet: Buffer): Buffer;
    };
  };
  readonly _cipher: { encrypt(packet: Buffer): void };
  readonly _authsQueue: string[];
  authPK(user: string, key: unknown, algorithm?: string, sign?: PublicKeySigner): void;
  exec(channel: number, command: string, wantsReply: boolean): void;
  channelData(channel: number, bytes: Buffer): void;
}

/**
 * What is used of what ssh2 keeps to itself; but for the certificates of hosts (ssh2-host-certificates.ts), all of it. `of` gives null when ssh2 is not as it is
 * known here: then one does without.
 */
export class Ssh2Internals {
  readonly #protocol: Protocol;

  private constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  /** @param client one whose first key exchange is complete */
  static of(client: Client): Ssh2Internals | null {
    const protocol: unknown = '_protocol' in client ? client._protocol : null;
    return isProtocol(protocol) ? new Ssh2Internals(protocol) : null;
  }

  /** What can be said of that before a key exchange. @param client one that connects */
  static areThere(client: Client): boolean {
    return hasMachinery('_protocol' in client ? client._protocol : null);
  }

  /** RFC 4253, 7.2: what signatures of this session are bound to. */
  get sessionId(): Buffer {
    return this.#protocol._kex.sessionID;
  }

  /** Whether both sides number packets anew with each exchange (kex-strict, against Terrapin); null: not known. */
  get isStrict(): boolean | null {
    const { _strictMode: isStrict } = this.#protocol;
    return typeof isStrict === 'boolean' ? isStrict : null;
  }

  /** Whether keys are being exchanged anew; then nothing may be sent. */
  get isExchanging(): boolean {
    return this.#protocol._kexinit !== undefined;
  }

  /** Sends a message within the encryption. */
  send(payload: Buffer): void {
    const { _packetRW, _cipher } = this.#protocol;
    const packet = _packetRW.write.alloc(payload.length);
    packet.set(payload, _packetRW.write.allocStart);
    _cipher.encrypt(_packetRW.write.finalize(packet));
  }

  /**
   * Has the keys that `signerOf` knows signed for by what it gives. ssh2 writes the algorithm of the
   * request before each signature: that is wrong for certificates, and FIDO keys add a counter.
   */
  signWhole(signerOf: (key: unknown) => WholeSigner | null): void {
    const protocol = this.#protocol;
    const ask = protocol.authPK.bind(protocol);
    protocol.authPK = (user, key, algorithm, sign) => {
      const signer = signerOf(key);
      if (signer === null || sign === undefined) ask(user, key, algorithm, sign);
      else ask(user, key, algorithm, (data) => void this.#signWhole(signer, data, sign));
    };
  }

  async #signWhole(signer: WholeSigner, data: Buffer, sign: PublicKeySigner): Promise<void> {
    // RFC 4252, 7: the session's id, then the request with its algorithm
    const request = data.subarray(4 + data.readUInt32BE());
    const signature = await signer(data, algorithmOf(request));
    if (signature === null || this.isExchanging) {
      // the key says then why it can't sign, and ssh2 goes on to the next
      sign(data, () => {});
      return;
    }
    this.#protocol._authsQueue.push('publickey');
    this.send(Buffer.concat([request, wireString(signature)]));
  }

  /**
   * Keeps ssh2 from asking the server to prove all its host keys, which nobody here reads: it costs a
   * signature with each.
   */
  skipHostKeyProofs(): void {
    this.intercept('GLOBAL_REQUEST', (pass) => (protocol, name, wantsReply, data) => {
      if (name !== 'hostkeys-00@openssh.com') pass(protocol, name, wantsReply, data);
    });
  }

  /** Asks for a command on one of the server's channels, and gives it the first of its input. */
  startCommand(channel: number, command: string, input: Buffer): void {
    this.#protocol.exec(channel, command, true);
    for (let at = 0; at < input.length; at += largestPacket) {
      this.#protocol.channelData(channel, input.subarray(at, at + largestPacket));
    }
  }

  /** Does `work` without ssh2's sending a request for a command in it. */
  withoutExec(work: () => void): void {
    const protocol = this.#protocol;
    const { exec } = protocol;
    protocol.exec = () => {};
    try {
      work();
    } finally {
      protocol.exec = exec;
    }
  }

  /** Puts `handle` before what ssh2 does with a message: `pass`. */
  intercept<Name extends keyof ServerMessages>(
    name: Name,
    handle: (pass: ServerMessages[Name]) => ServerMessages[Name],
  ): void {
    const { _handlers } = this.#protocol;
    _handlers[name] = handle(_handlers[name]);
  }
}

/** Of a request to log in by a public key (RFC 4252, 7). */
function algorithmOf(request: Buffer): string {
  const reader = new WireReader(request);
  reader.byte();
  for (let skipped = 0; skipped < 3; skipped += 1) reader.string();
  reader.byte();
  return reader.string().toString('latin1');
}

/** Of data: what every server must take (RFC 4253, 6.1), with room for what is around it. */
export const largestPacket = 32_000;

const messages: readonly (keyof ServerMessages)[] = [
  'EXT_INFO',
  'USERAUTH_SUCCESS',
  'USERAUTH_FAILURE',
  'GLOBAL_REQUEST',
  'CHANNEL_OPEN_CONFIRMATION',
  'CHANNEL_OPEN_FAILURE',
  'CHANNEL_WINDOW_ADJUST',
];

function isProtocol(value: unknown): value is Protocol {
  return (
    hasMachinery(value) &&
    has(value, '_kex') &&
    has(value._kex, 'sessionID') &&
    Buffer.isBuffer(value._kex.sessionID)
  );
}

/** What is there before keys were exchanged. */
function hasMachinery(value: unknown): boolean {
  return (
    has(value, '_handlers', '_packetRW', '_cipher', '_authsQueue') &&
    Array.isArray(value._authsQueue) &&
    '_kexinit' in value &&
    messages.every((name) => hasFunctions(value._handlers, name)) &&
    has(value._packetRW, 'write') &&
    has(value._packetRW.write, 'allocStart') &&
    typeof value._packetRW.write.allocStart === 'number' &&
    hasFunctions(value._packetRW.write, 'alloc', 'finalize') &&
    hasFunctions(value._cipher, 'encrypt') &&
    hasFunctions(value, 'authPK', 'exec', 'channelData')
  );
}

/** Whether a value is an object with these properties. */
export function has<Name extends string>(
  value: unknown,
  ...names: readonly Name[]
): value is Readonly<Record<Name, unknown>> {
  return typeof value === 'object' && value !== null && names.every((name) => name in value);
}

/** Whether a value is an object with these methods. */
export function hasFunctions(value: unknown, ...names: readonly string[]): boolean {
  return (
    has(value, ...names) && names.every((name) => typeof Reflect.get(value, name) === 'function')
  );
}
