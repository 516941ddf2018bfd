import { existsSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSsh2Transport } from '../../src/connection/index.ts';
import {
  endpointOf,
  type KeyPair,
  listening,
  makeKey,
  never,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';

const dir = new TempDir();
let key: KeyPair;
let server: TestServer;

beforeAll(async () => {
  key = makeKey(dir, 'id');
  server = await startSshd(dir, { authorized: [key], config: ['LogLevel DEBUG1'] });
});

afterAll(() => dir[Symbol.asyncDispose]());

type Side = 'client' | 'server';

/** Of AES-GCM (RFC 5647): a packet's length is readable, and its tag follows. */
const tagLength = 16;
const newKeys = 21;

/** Takes a stream of SSH apart, and hands its packets on as `change` leaves them. */
class Packets {
  readonly #change: (packet: Buffer, index: number) => Buffer;
  #pending = Buffer.alloc(0);
  #count = 0;
  #isNamed = false;
  #isEncrypted = false;

  constructor(change: (packet: Buffer, index: number) => Buffer) {
    this.#change = change;
  }

  read(chunk: Buffer): Buffer {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const done: Buffer[] = [];
    for (let packet = this.#next(); packet !== null; packet = this.#next()) done.push(packet);
    return Buffer.concat(done);
  }

  #next(): Buffer | null {
    if (!this.#isNamed) {
      const end = this.#pending.indexOf('\r\n');
      this.#isNamed = end >= 0;
      return end < 0 ? null : this.#take(end + 2);
    }
    if (this.#pending.length < 4) return null;
    const size = 4 + this.#pending.readUInt32BE() + (this.#isEncrypted ? tagLength : 0);
    if (this.#pending.length < size) return null;
    const packet = this.#take(size);
    this.#isEncrypted ||= packet[5] === newKeys;
    this.#count += 1;
    return this.#change(packet, this.#count - 1);
  }

  #take(size: number): Buffer {
    const taken = this.#pending.subarray(0, size);
    this.#pending = this.#pending.subarray(size);
    return taken;
  }
}

/** Someone in between who changes what one side sends. */
async function startBetween(side: Side, change: (packet: Buffer, index: number) => Buffer) {
  const sockets: Socket[] = [];
  const listener = await listening(
    createServer((near) => {
      const far = connect(server.port, '127.0.0.1');
      sockets.push(near, far);
      for (const [from, to, sender] of [
        [near, far, 'client'],
        [far, near, 'server'],
      ] as const) {
        const packets = new Packets(sender === side ? change : (packet) => packet);
        from.on('error', () => {});
        from.on('close', () => to.destroy());
        from.on('data', (chunk) => to.writable && to.write(packets.read(chunk)));
      }
    }),
  );
  return {
    port: listener.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await listener[Symbol.asyncDispose]();
    },
  };
}

/** A packet without encryption: its length, that of its padding, the payload and the padding (RFC 4253, 6). */
function plain(payload: Buffer): Buffer {
  const padding = 4 + (8 - ((5 + payload.length + 4) % 8));
  const packet = Buffer.alloc(5 + payload.length + padding);
  packet.writeUInt32BE(packet.length - 4);
  packet[4] = padding;
  payload.copy(packet, 5);
  return packet;
}

const slips = {
  SSH_MSG_IGNORE: Buffer.from([2, 0, 0, 0, 0]),
  SSH_MSG_DEBUG: Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
  SSH_MSG_UNIMPLEMENTED: Buffer.from([3, 0, 0, 0, 0]),
};

/** Without encryption each side sends its algorithms, its half of the key, and the word that keys are in use. */
const plainPackets = [0, 1, 2];

/** Tries to run something, as the first flight does. */
async function attempt(port: number) {
  const mark = dir.file(`mark-${port}`);
  const transport = createSsh2Transport({ config: 'none', agentSocket: null });
  const hostKey = server.hostKeys[0]?.publicKey ?? '';
  const rest = { identity: key.file, hostKey, connectTimeoutMs: 500 };
  const first = { command: 'exec /bin/sh -s', input: `echo >${mark}; echo ran; exit\n` };
  try {
    const connection = await transport.connect(endpointOf({ port }, rest), never, first);
    const exec = await connection.exec(first.command);
    exec.stdout.resume();
    exec.stderr.resume();
    const outcome = await exec.outcome;
    await connection.close();
    return { outcome, hasRun: existsSync(mark) };
  } catch (error) {
    return { error, hasRun: existsSync(mark) };
  }
}

describe('someone in between (Terrapin, CVE-2023-48795)', () => {
  test('is not noticed as long as nothing is changed', async () => {
    let count = 0;
    await using between = await startBetween('server', (packet) => {
      count += 1;
      return packet;
    });

    expect(await attempt(between.port)).toEqual({
      outcome: { kind: 'exit', code: 0 },
      hasRun: true,
    });
    expect(count).toBeGreaterThan(6);
  });

  const cases = (['client', 'server'] as const).flatMap((side) =>
    plainPackets.flatMap((at) =>
      Object.entries(slips).map(([name, payload]) => ({ side, at, name, payload })),
    ),
  );

  test.each(cases)(
    'is noticed who slips $name in before packet $at of the $side',
    async ({ side, at, payload }) => {
      await using between = await startBetween(side, (packet, index) =>
        index === at ? Buffer.concat([plain(payload), packet]) : packet,
      );

      const { error, hasRun } = await attempt(between.port);

      expect(error).toMatchObject({ name: 'ConnectionError' });
      expect(hasRun).toBe(false);
    },
  );

  test.each((['client', 'server'] as const).flatMap((side) => [3, 4].map((at) => ({ side, at }))))(
    'is noticed who drops packet $at of the $side, which is encrypted',
    async ({ side, at }) => {
      await using between = await startBetween(side, (packet, index) =>
        index === at ? Buffer.alloc(0) : packet,
      );

      const { error, hasRun } = await attempt(between.port);

      expect(error).toMatchObject({ name: 'ConnectionError' });
      // what the server says is lost after it has run what it was sent
      expect(hasRun && side === 'client').toBe(false);
    },
  );

  test.each(['client', 'server'] as const)(
    'is noticed who slips one in and drops another of the %s, so that the numbers fit again',
    async (side) => {
      await using between = await startBetween(side, (packet, index) => {
        if (index === 2) return Buffer.concat([plain(slips.SSH_MSG_IGNORE), packet]);
        return index === 3 ? Buffer.alloc(0) : packet;
      });

      const { error, hasRun } = await attempt(between.port);

      expect(error).toMatchObject({ name: 'ConnectionError' });
      expect(hasRun).toBe(false);
    },
  );

  test.each([
    ['client', 'kex-strict-c-v00@openssh.com'],
    ['server', 'kex-strict-s-v00@openssh.com'],
  ] as const)('is noticed who strikes out what the %s offers against it', async (side, word) => {
    let hasStruck = false;
    await using between = await startBetween(side, (packet, index) => {
      const at = packet.indexOf(word);
      if (index > 0 || at < 0) return packet;
      hasStruck = true;
      const changed = Buffer.from(packet);
      changed.write('x', at);
      return changed;
    });

    const { error, hasRun } = await attempt(between.port);

    expect(hasStruck).toBe(true);
    expect(error).toMatchObject({ name: 'ConnectionError' });
    expect(hasRun).toBe(false);
  });
});
