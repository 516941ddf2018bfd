import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channelWindow, message } from '../../src/connection/mux-channel.ts';
import { ChannelRefusedError, MuxLink } from '../../src/connection/mux-link.ts';
import { PacketSplitter, packet, sshPacket } from '../../src/connection/mux-packets.ts';
import { WireReader, wireString, wireUint32 } from '../../src/connection/ssh-wire.ts';
import { until } from '../until.ts';
import { TempDir } from './sshd.ts';

let dir: TempDir;
beforeAll(() => {
  dir = new TempDir();
});
afterAll(() => dir[Symbol.dispose]());

let sockets = 0;

/** A master that greets, and from then on gives each message to `onMessage`. */
async function startMaster(
  onMessage: (type: number, fields: WireReader, send: Send) => void,
  greet: (socket: Socket) => void = (socket) => {
    socket.write(packet(wireUint32(1), wireUint32(4)));
    socket.write(packet(wireUint32(0x8000_000f), wireUint32(0)));
  },
) {
  sockets += 1;
  const path = dir.file(`master${sockets}`);
  const lines: Socket[] = [];
  const server = createServer((socket) => {
    lines.push(socket.on('error', () => {}));
    const splitter = new PacketSplitter();
    let greetings = 0;
    socket.on('data', (chunk) => {
      for (const content of splitter.add(chunk)) {
        greetings += 1;
        if (greetings === 2) greet(socket);
        if (greetings <= 2) continue;
        const fields = new WireReader(content.subarray(1));
        const type = fields.byte();
        onMessage(type, fields, (kind, ...parts) => socket.write(sshPacket(kind, ...parts)));
      }
    });
  }).listen(path);
  await once(server, 'listening');
  const problems: (string | null)[] = [];
  return {
    problems,
    lines,
    open: (limit = Infinity) =>
      MuxLink.open(path, limit, async (problem) => void problems.push(problem)),
    [Symbol.asyncDispose]: async () => {
      for (const line of lines) line.destroy();
      server.close();
    },
  };
}

type Send = (type: number, ...parts: readonly Buffer[]) => void;

/** What an ordinary server says to the opening of its first channel, number 7 over there. */
const confirm = (send: Send, window = channelWindow) =>
  send(message.openConfirmation, ...[0, 7, window, 32_768].map((number) => wireUint32(number)));

describe('PacketSplitter', () => {
  test('finds the same packets however the bytes arrive', () => {
    const contents = fc.array(fc.uint8Array({ minLength: 2, maxLength: 300 }), { maxLength: 20 });
    fc.assert(
      fc.property(contents, fc.array(fc.integer({ min: 1, max: 50 })), (packets, sizes) => {
        const bytes = Buffer.concat(packets.map((content) => packet(Buffer.from(content))));
        const splitter = new PacketSplitter();
        const found: Buffer[] = [];
        let at = 0;
        for (let n = 0; at < bytes.length; n += 1) {
          const size = sizes[n % Math.max(1, sizes.length)] ?? bytes.length;
          found.push(...splitter.add(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(found.map((one) => [...one])).toEqual(packets.map((one) => [...one]));
      }),
    );
  });

  test('takes none that is longer than a packet can be', () => {
    expect(() => new PacketSplitter().add(wireUint32(0x7fff_ffff))).toThrow(
      'a packet of 2147483647',
    );
  });
});

describe('a channel', () => {
  test('sends no more than its window allows, and goes on when that grows', async () => {
    let got = 0;
    let grow = () => {};
    await using master = await startMaster((type, fields, send) => {
      if (type === message.open) confirm(send, 1_000);
      if (type !== message.data) return;
      fields.uint32();
      got += fields.string().length;
      grow = () => send(message.windowAdjust, wireUint32(0), wireUint32(5_000));
    });
    const channel = await (await master.open()).openSession();
    let isWritten = false;
    channel.write(Buffer.alloc(3_000), () => {
      isWritten = true;
    });
    await until(() => got === 1_000);
    expect(isWritten).toBe(false);

    grow();

    await until(() => isWritten);
    expect(got).toBe(3_000);
  });

  test('lets the other side send as much again when that was read, not before', async () => {
    let granted = 0;
    await using master = await startMaster((type, fields, send) => {
      if (type === message.open) {
        confirm(send);
        for (let sent = 0; sent < channelWindow; sent += 32_768) {
          send(message.data, wireUint32(0), wireString(Buffer.alloc(32_768)));
        }
      }
      fields.uint32();
      if (type === message.windowAdjust) granted += fields.uint32();
    });
    const link = await master.open();
    const channel = await link.openSession();
    await until(() => link.bytesReceived > channelWindow);
    expect(granted).toBe(0);

    channel.resume();

    await until(() => granted > channelWindow / 2);
  });

  test('gives both outputs, the exit status and its end', async () => {
    await using master = await startMaster((type, _, send) => {
      if (type === message.open) confirm(send);
      if (type !== message.request) return;
      const to = wireUint32(0);
      send(message.success, to);
      send(message.data, to, wireString('out'));
      send(message.extendedData, to, wireUint32(1), wireString('err'));
      send(message.request, to, wireString('exit-status'), Buffer.from([0]), wireUint32(9));
      send(message.eof, to);
      send(message.close, to);
    });
    const channel = await (await master.open()).openSession();
    const exit = once(channel, 'exit');
    const close = once(channel, 'close');

    expect(await channel.exec('x')).toBe(true);
    expect(await Promise.all([text(channel), text(channel.stderr)])).toEqual(['out', 'err']);
    expect(await exit).toEqual([9]);
    await close;
  });

  test('that is refused says why', async () => {
    await using master = await startMaster((_, __, send) =>
      send(
        message.openFailure,
        ...[0, 2].map(wireUint32),
        wireString('no \x1b[2J room'),
        wireString(''),
      ),
    );
    const link = await master.open();

    await expect(link.openSession()).rejects.toThrow(
      expect.objectContaining({
        name: ChannelRefusedError.name,
        message: 'no \\x1b[2J room',
        code: 2,
      }),
    );
  });
});

describe('a host that keeps to no protocol', () => {
  const to = wireUint32(0);
  const odd: readonly (readonly [string, string, (send: Send) => void])[] = [
    [
      'sends more than its window',
      'more than its window allows',
      (send) => {
        for (let n = 0; n < 66; n += 1) send(message.data, to, wireString(Buffer.alloc(32_768)));
      },
    ],
    [
      'sends something after its end',
      'something after its end',
      (send) => {
        send(message.eof, to);
        send(message.data, to, wireString('x'));
      },
    ],
    [
      'speaks of a channel that is not open',
      'a channel 5 that is not open',
      (send) => send(message.eof, wireUint32(5)),
    ],
    [
      'opens a channel itself',
      'a channel 7 that is not open',
      (send) => send(message.open, wireString('session'), to, to, to),
    ],
    ['sends a message that is none', 'a message of type 55', (send) => send(55, to)],
  ];

  test.each(odd)('and %s is cut off', async (_, why, say) => {
    await using master = await startMaster((type, __, send) => {
      if (type !== message.open) return;
      confirm(send);
      say(send);
    });
    const link = await master.open();
    const channel = await link.openSession().catch(() => null);
    const isClosed = channel === null || channel.destroyed || once(channel, 'close');

    await until(() => master.problems.length === 1);
    expect(master.problems).toEqual([`sends what it should not: ${why}`]);
    await isClosed;
    await expect(link.openSession()).rejects.toThrow('the line is gone');
  });

  test('and sends without end is cut off', async () => {
    await using master = await startMaster((type, __, send) => {
      if (type === message.open) confirm(send);
      for (let n = 0; n < 10; n += 1) send(message.data, to, wireString(Buffer.alloc(32_768)));
    });
    const link = await master.open(100_000);
    void link.openSession().catch(() => {});

    await until(() => master.problems.length === 1);
    expect(master.problems).toEqual(['sends without end']);
  });

  test('whatever bytes it sends, nothing is thrown', async () => {
    const bytes = fc.array(fc.tuple(fc.integer({ min: 80, max: 110 }), fc.uint8Array()));
    await fc.assert(
      fc.asyncProperty(bytes, async (messages) => {
        await using master = await startMaster((type, __, send) => {
          if (type !== message.open) return;
          confirm(send);
          for (const [kind, content] of messages) send(kind, to, Buffer.from(content));
          send(message.close, to);
        });
        const link = await master.open();
        const channel = await link.openSession().catch(() => null);
        channel?.on('error', () => {}).resume();
        channel?.stderr.on('error', () => {}).resume();
        if (channel !== null && !channel.destroyed) await once(channel, 'close');
        link.close();
      }),
      { numRuns: 100 },
    );
  });
});

describe('MuxLink.open', () => {
  test('says when the master has no proxy mode', async () => {
    await using master = await startMaster(
      () => {},
      (socket) => {
        socket.write(packet(wireUint32(1), wireUint32(4)));
        socket.write(packet(wireUint32(0x8000_0003), wireUint32(0), wireString('unsupported')));
      },
    );

    await expect(master.open()).rejects.toThrow('the ssh program has no proxy mode: unsupported');
  });

  test('says when nobody listens, and when the master goes away', async () => {
    await expect(MuxLink.open(dir.file('nobody'), 1, async () => {})).rejects.toThrow('ENOENT');
    await using master = await startMaster(
      () => {},
      (socket) => void socket.destroy(),
    );
    await expect(master.open()).rejects.toThrow('the line is gone');
  });
});
