import type { Client } from 'ssh2';

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

/** What is used of ssh2 1.17's private `Protocol`. */
interface Protocol {
  readonly _handlers: ServerMessages;
  readonly _kex: { readonly sessionID: Buffer };
  readonly _kexinit: unknown;
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number;
      alloc(size: number): Buffer;
      finalize(packet: Buffer): Buffer;
    };
  };
  readonly _cipher: { encrypt(packet: Buffer): void };
  exec(channel: number, command: string, wantsReply: boolean): void;
  channelData(channel: number, bytes: Buffer): void;
}

/**
 * The only place that touches what ssh2 keeps to itself. `of` gives null when ssh2 is not as it is
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

  /** RFC 4253, 7.2: what signatures of this session are bound to. */
  get sessionId(): Buffer {
    return this.#protocol._kex.sessionID;
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

  /** Asks for a command on one of the server's channels, and gives it the first of its input. */
  startCommand(channel: number, command: string, input: Buffer): void {
    this.#protocol.exec(channel, command, true);
    if (input.length > 0) this.#protocol.channelData(channel, input);
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
    has(value, '_handlers', '_kex', '_packetRW', '_cipher') &&
    '_kexinit' in value &&
    messages.every((name) => hasFunctions(value._handlers, name)) &&
    has(value._kex, 'sessionID') &&
    Buffer.isBuffer(value._kex.sessionID) &&
    has(value._packetRW, 'write') &&
    has(value._packetRW.write, 'allocStart') &&
    typeof value._packetRW.write.allocStart === 'number' &&
    hasFunctions(value._packetRW.write, 'alloc', 'finalize') &&
    hasFunctions(value._cipher, 'encrypt') &&
    hasFunctions(value, 'exec', 'channelData')
  );
}

function has<Name extends string>(
  value: unknown,
  ...names: readonly Name[]
): value is Readonly<Record<Name, unknown>> {
  return typeof value === 'object' && value !== null && names.every((name) => name in value);
}

function hasFunctions(value: unknown, ...names: readonly string[]): boolean {
  return (
    has(value, ...names) && names.every((name) => typeof Reflect.get(value, name) === 'function')
  );
}
