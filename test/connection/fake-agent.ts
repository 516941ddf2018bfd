import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { until } from '../until.ts';
import type { TempDir } from './sshd.ts';

/** A message of the agent protocol with its length before it. */
export function agentMessage(...parts: readonly Buffer[]): Buffer {
  return lengthPrefixed(Buffer.concat(parts));
}

export function lengthPrefixed(data: Buffer | string): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** An agent whose answers a test makes: `answer` is given each request without its length. */
export async function startFakeAgent(
  dir: TempDir,
  answer: (request: Buffer, peer: Socket) => Buffer | null,
) {
  const socket = dir.file(`fake${Math.random()}`);
  const peers: Socket[] = [];
  const server = createServer((peer) => {
    peers.push(peer);
    let received = Buffer.alloc(0);
    peer
      .on('error', () => {})
      .on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        if (received.length < 4 || received.length < 4 + received.readUInt32BE()) return;
        const said = answer(received.subarray(4), peer);
        if (said !== null) peer.write(said);
      });
  }).listen(socket);
  await once(server, 'listening');
  return {
    socket,
    asked: () => until(() => peers.length > 0),
    [Symbol.dispose]() {
      for (const peer of peers) peer.destroy();
      server.close();
    },
  };
}
