import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import ssh2, { type Connection as ServerClient } from 'ssh2';
import { type KeyPair, listening } from './sshd.ts';

/** How a proxy treats what passes; all may be changed while it runs. */
export interface Line {
  /** Each chunk arrives so much later, in both directions. */
  delayMs: number;
  /** Bytes a second from the server; null: as fast as they come. */
  bytesPerSecond: number | null;
  /** Nothing passes any more, on the connections that there are. */
  freeze(): void;
  /** How many connections there have been. */
  connections: number;
}

/** A TCP proxy before a server on the loopback, with faults. `cutAt`: bytes of the server after which it resets. */
export async function startProxy(
  port: number,
  options: {
    readonly delayMs?: number;
    readonly bytesPerSecond?: number;
    readonly cutAt?: number;
    /** Changes what the server sends. */
    readonly rewrite?: () => (chunk: Buffer) => Buffer;
  } = {},
) {
  const { cutAt = Infinity, rewrite = () => (chunk: Buffer) => chunk } = options;
  const pairs: Socket[] = [];
  const line: Line = {
    delayMs: options.delayMs ?? 0,
    bytesPerSecond: options.bytesPerSecond ?? null,
    connections: 0,
    freeze: () => {
      for (const socket of pairs) socket.pause().removeAllListeners('data');
    },
  };
  const server = createServer((near) => {
    line.connections += 1;
    const far = connect(port, '127.0.0.1');
    pairs.push(near, far);
    const change = rewrite();
    let bytes = 0;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      let freeAt = 0;
      from.on('error', () => {});
      from.on('close', () => setTimeout(() => to.destroy(), line.delayMs));
      from.on('data', (chunk) => {
        const isAnswer = from === far;
        const content = isAnswer ? change(chunk) : chunk;
        bytes += isAnswer ? content.length : 0;
        if (bytes > cutAt) {
          near.resetAndDestroy();
          far.destroy();
          return;
        }
        if (!isAnswer || line.bytesPerSecond === null) {
          if (line.delayMs === 0) to.write(content);
          else setTimeout(() => to.writable && to.write(content), line.delayMs);
          return;
        }
        const perMs = line.bytesPerSecond / 1_000;
        const size = Math.max(1, Math.floor(perMs * 20));
        for (let at = 0; at < content.length; at += size) {
          const part = content.subarray(at, at + size);
          freeAt = Math.max(freeAt, Date.now()) + part.length / perMs;
          setTimeout(() => to.writable && to.write(part), freeAt - Date.now());
        }
      });
    }
  });
  const listener = await listening(server);
  return {
    port: listener.port,
    line,
    async [Symbol.asyncDispose]() {
      for (const socket of pairs) socket.destroy();
      await listener[Symbol.asyncDispose]();
    },
  };
}

/** What ssh2 keeps to itself and a fault must have. */
interface Innards {
  readonly _protocol: {
    readonly _packetRW: {
      readonly write: {
        readonly allocStart: number;
        alloc(size: number): Buffer;
        finalize(packet: Buffer): Buffer;
      };
    };
    readonly _cipher: { encrypt(packet: Buffer): void };
  };
}

/** Sends any message within the encryption. */
export function sendRaw(client: ServerClient, payload: Buffer): void {
  const { _packetRW, _cipher } = (client as unknown as Innards)._protocol;
  const packet = _packetRW.write.alloc(payload.length);
  payload.copy(packet, _packetRW.write.allocStart);
  _cipher.encrypt(_packetRW.write.finalize(packet));
}

/** A string of SSH: its length and its bytes. */
export function sshString(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

/** An SSH server in this process that does what it is told to. */
export async function startOddServer(hostKey: KeyPair, onClient: (client: ServerClient) => void) {
  const server = new ssh2.Server({ hostKeys: [readFileSync(hostKey.file)] }, (client) => {
    client.on('error', () => {});
    onClient(client);
  });
  const tcp = createServer((socket) => server.injectSocket(socket));
  const listener = await listening(tcp);
  return { ...listener, hostKey: hostKey.publicKey };
}
