import { connect, type Socket } from 'node:net';
import { channelPacket, channelWindow, MuxChannel, message } from './mux-channel.ts';
import { MuxProtocolError, PacketSplitter, packet, sshPacket } from './mux-packets.ts';
import { WireReader, wireString, wireUint32 } from './ssh-wire.ts';
import { messageOf, printable } from './text.ts';

/** PROTOCOL.mux of OpenSSH's source. */
const mux = { version: 4, hello: 1, proxy: 0x1000_000f, isProxy: 0x8000_000f } as const;

/** The server did not open a channel. `code` is that of RFC 4254, 5.1. */
export class ChannelRefusedError extends Error {
  override readonly name = 'ChannelRefusedError';
  readonly code: number;

  constructor(code: number, description: string) {
    super(code === 1 ? 'administratively prohibited' : printable(description) || `code ${code}`);
    this.code = code;
  }
}

interface Opening {
  readonly resolve: (channel: MuxChannel) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Channels over a connection that an `ssh` with ControlMaster keeps: its control socket in proxy mode
 * (`ssh -O proxy`, since OpenSSH 7.4) carries the messages of RFC 4254, all else is the master's work.
 */
export class MuxLink {
  readonly #socket: Socket;
  readonly #splitter = new PacketSplitter();
  readonly #opening = new Map<number, Opening>();
  readonly #channels = new Map<number, MuxChannel>();
  readonly #receiveLimit: number;
  readonly #onCut: (problem: string | null) => Promise<void>;
  #greeting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null;
  #nextId = 0;
  #isCut = false;
  #bytesReceived = 0;

  private constructor(
    socket: Socket,
    receiveLimit: number,
    greeting: { readonly resolve: () => void; readonly reject: (error: Error) => void },
    onCut: (problem: string | null) => Promise<void>,
  ) {
    this.#socket = socket;
    this.#receiveLimit = receiveLimit;
    this.#greeting = greeting;
    this.#onCut = onCut;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.#cut(null));
    socket.write(packet(wireUint32(mux.hello), wireUint32(mux.version)));
    socket.write(packet(wireUint32(mux.proxy), wireUint32(0)));
  }

  /**
   * Opens the way to the master that listens at `path`. `onCut` is called once, when there is no way
   * any more or `receiveLimit` bytes have come, with what was wrong with what came, or null; the channels end when it is done.
   * Rejects with `Error`.
   */
  static open(
    path: string,
    receiveLimit: number,
    onCut: (problem: string | null) => Promise<void>,
  ): Promise<MuxLink> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        const greeting = { resolve: () => resolve(link), reject };
        const link = new MuxLink(socket, receiveLimit, greeting, onCut);
      });
    });
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** Rejects with `ChannelRefusedError`, or with `Error` when the line is gone. */
  openSession(): Promise<MuxChannel> {
    return this.#open('session');
  }

  /** A TCP connection from the host on (RFC 4254, 7.2). Rejects as `openSession`. */
  openForward(host: string, port: number): Promise<MuxChannel> {
    const origin = [wireString('127.0.0.1'), wireUint32(0)];
    return this.#open('direct-tcpip', wireString(host), wireUint32(port), ...origin);
  }

  /** Ends the line; `problem` is given to `onCut`. */
  close(problem: string | null = null): void {
    this.#cut(problem);
  }

  #open(kind: string, ...parts: readonly Buffer[]): Promise<MuxChannel> {
    return new Promise((resolve, reject) => {
      if (this.#isCut) {
        reject(new Error('the line is gone'));
        return;
      }
      const id = this.#nextId;
      this.#nextId += 1;
      this.#opening.set(id, { resolve, reject });
      const limits = [wireUint32(id), wireUint32(channelWindow), wireUint32(channelPacket)];
      this.#socket.write(sshPacket(message.open, wireString(kind), ...limits, ...parts));
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#isCut) return;
    this.#bytesReceived += chunk.length;
    if (this.#bytesReceived > this.#receiveLimit) {
      this.#cut('sends without end');
      return;
    }
    try {
      for (const content of this.#splitter.add(chunk)) {
        if (this.#greeting === null) this.#take(content);
        else this.#greet(new WireReader(content));
      }
    } catch (error) {
      if (!(error instanceof MuxProtocolError)) throw error;
      this.#cut(`sends what it should not: ${messageOf(error)}`);
    }
  }

  #greet(fields: WireReader): void {
    const type = fields.uint32();
    if (type === mux.hello) return;
    const greeting = this.#greeting;
    this.#greeting = null;
    if (type === mux.isProxy) {
      greeting?.resolve();
      return;
    }
    fields.uint32();
    greeting?.reject(
      new Error(`the ssh program has no proxy mode: ${printable(fields.string().toString())}`),
    );
    this.#socket.destroy();
  }

  #take(content: Buffer): void {
    const fields = new WireReader(content.subarray(1));
    const type = fields.byte();
    const id = fields.uint32();
    const opening = this.#opening.get(id);
    if (opening !== undefined) {
      this.#opening.delete(id);
      this.#opened(type, id, fields, opening);
      return;
    }
    const channel = this.#channels.get(id);
    if (channel === undefined) throw new MuxProtocolError(`a channel ${id} that is not open`);
    if (type === message.close) this.#channels.delete(id);
    channel.receive(type, fields);
  }

  #opened(type: number, id: number, fields: WireReader, { resolve, reject }: Opening): void {
    if (type === message.openFailure) {
      reject(new ChannelRefusedError(fields.uint32(), fields.string().toString()));
      return;
    }
    if (type !== message.openConfirmation) throw new MuxProtocolError(`an answer of type ${type}`);
    const [remoteId, window, packetSize] = [fields.uint32(), fields.uint32(), fields.uint32()];
    const remote = { id: remoteId, window, packet: Math.min(packetSize, channelPacket) };
    const channel = new MuxChannel(remote, (kind, parts, sent) => {
      this.#socket.write(sshPacket(kind, ...parts), sent);
    });
    this.#channels.set(id, channel);
    resolve(channel);
  }

  #cut(problem: string | null): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#socket.destroy();
    const error = new Error(problem ?? 'the line is gone');
    this.#greeting?.reject(error);
    for (const { reject } of this.#opening.values()) reject(error);
    this.#opening.clear();
    void this.#onCut(problem).then(() => {
      for (const channel of this.#channels.values()) channel.cut();
      this.#channels.clear();
    });
  }
}
