import { Duplex, Readable } from 'node:stream';
import { MuxProtocolError } from './mux-packets.ts';
import { type WireReader, wireString, wireUint32 } from './ssh-wire.ts';

/** Messages of RFC 4254 that a channel sends and takes. */
export const message = {
  open: 90,
  openConfirmation: 91,
  openFailure: 92,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const;

/** What the other side may send before its reader has taken it. */
export const channelWindow = 2 * 1024 * 1024;
export const channelPacket = 32 * 1024;

/** What a channel sends by. `sent` is called when the bytes have left this process. */
export type SendMessage = (
  type: number,
  parts: readonly Buffer[],
  sent?: (error?: Error | null) => void,
) => void;

/** The other side of a channel, as its confirmation says (RFC 4254, 5.1). */
interface RemoteEnd {
  readonly id: number;
  readonly window: number;
  readonly packet: number;
}

/**
 * An open channel (RFC 4254, 5): what is written goes to the host, what it sends is read. Emits `exit`
 * with a code, or with null and a signal's name. It closes when the host has closed it and all is read.
 */
export class MuxChannel extends Duplex {
  readonly stderr: Readable;
  readonly #remote: RemoteEnd;
  readonly #send: SendMessage;
  #sendWindow: number;
  #receiveWindow = channelWindow;
  #toGrant = 0;
  #unsent: { readonly chunk: Buffer; readonly done: (error?: Error | null) => void } | null = null;
  #isClosing = false;
  #hasClosed = false;
  #hasEnded = false;
  readonly #answers: ((isGranted: boolean) => void)[] = [];
  readonly #unread = { stdout: 0, stderr: 0 };

  constructor(remote: RemoteEnd, send: SendMessage) {
    super({ allowHalfOpen: true, autoDestroy: false });
    this.#remote = remote;
    this.#sendWindow = remote.window;
    this.#send = send;
    this.stderr = new Readable({ read: () => this.#grant('stderr') });
    this.on('end', () => this.#closeWhenRead());
    this.stderr.on('end', () => this.#closeWhenRead());
  }

  /** Asks the host to run a command in this session; whether it does. */
  exec(command: string): Promise<boolean> {
    return new Promise((resolve) => {
      this.#answers.push(resolve);
      const wantsReply = Buffer.from([1]);
      this.#tell(message.request, wireString('exec'), wantsReply, wireString(command));
    });
  }

  /** Asks the host to close the channel. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#tell(message.close);
  }

  /** Takes a message for this channel. Throws `MuxProtocolError`. */
  receive(type: number, fields: WireReader): void {
    switch (type) {
      case message.windowAdjust:
        this.#sendWindow += fields.uint32();
        this.#flush();
        return;
      case message.data:
        this.#receiveData('stdout', fields.string());
        return;
      case message.extendedData:
        // 1 is stderr, the only kind there is (RFC 4254, 5.2).
        this.#receiveData(fields.uint32() === 1 ? 'stderr' : null, fields.string());
        return;
      case message.eof:
        this.#endOutputs();
        return;
      case message.close:
        this.#onClose();
        return;
      case message.request:
        this.#onRequest(fields.string().toString(), fields);
        return;
      case message.success:
      case message.failure:
        this.#answers.shift()?.(type === message.success);
        return;
      default:
        throw new MuxProtocolError(`a message of type ${type}`);
    }
  }

  /** The line is gone: nothing more comes. */
  cut(): void {
    this.#isClosing = true;
    this.#hasClosed = true;
    for (const answer of this.#answers.splice(0)) answer(false);
    this.#endOutputs();
    this.destroy();
    this.stderr.destroy();
  }

  override _read(): void {
    this.#grant('stdout');
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#unsent = { chunk, done };
    this.#flush();
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#isClosing) this.#tell(message.eof);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.close();
    const unsent = this.#unsent;
    this.#unsent = null;
    unsent?.done(null);
    done(error);
  }

  #tell(type: number, ...parts: readonly Buffer[]): void {
    this.#send(type, [wireUint32(this.#remote.id), ...parts]);
  }

  /** Sends what is waiting, as far as the host's window goes. */
  #flush(): void {
    for (let next = this.#unsent; next !== null; next = this.#unsent) {
      const { chunk, done } = next;
      if (this.#isClosing || chunk.length === 0) {
        this.#unsent = null;
        done();
        return;
      }
      const size = Math.min(chunk.length, this.#sendWindow, this.#remote.packet);
      if (size <= 0) return;
      this.#sendWindow -= size;
      const rest = chunk.subarray(size);
      this.#unsent = rest.length === 0 ? null : { chunk: rest, done };
      const parts = [wireUint32(this.#remote.id), wireString(chunk.subarray(0, size))];
      this.#send(message.data, parts, rest.length === 0 ? () => done() : undefined);
    }
  }

  #receiveData(output: 'stdout' | 'stderr' | null, content: Buffer): void {
    this.#receiveWindow -= content.length;
    if (this.#receiveWindow < 0) throw new MuxProtocolError('more than its window allows');
    if (this.#hasEnded) throw new MuxProtocolError('something after its end');
    if (output === null || this.#isClosing) {
      this.#toGrant += content.length;
      return;
    }
    this.#unread[output] += content.length;
    if (output === 'stdout') this.push(content);
    else this.stderr.push(content);
  }

  /** A reader has taken what came so far, so the host may send as much again. */
  #grant(output: 'stdout' | 'stderr'): void {
    this.#toGrant += this.#unread[output];
    this.#unread[output] = 0;
    if (this.#toGrant < channelWindow / 2 || this.#isClosing) return;
    this.#receiveWindow += this.#toGrant;
    this.#tell(message.windowAdjust, wireUint32(this.#toGrant));
    this.#toGrant = 0;
  }

  #onRequest(kind: string, fields: WireReader): void {
    const wantsReply = fields.byte() !== 0;
    if (kind === 'exit-status') this.emit('exit', fields.uint32());
    else if (kind === 'exit-signal') this.emit('exit', null, `SIG${fields.string().toString()}`);
    else if (wantsReply) this.#tell(message.failure);
  }

  #onClose(): void {
    this.close();
    this.#hasClosed = true;
    for (const answer of this.#answers.splice(0)) answer(false);
    this.#endOutputs();
    this.#flush();
    this.#closeWhenRead();
  }

  #endOutputs(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.push(null);
    this.stderr.push(null);
  }

  #closeWhenRead(): void {
    if (this.#hasClosed && this.readableEnded && this.stderr.readableEnded) this.destroy();
  }
}
