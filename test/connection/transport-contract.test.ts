import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connection, Endpoint, Transport } from '../../src/connection/index.ts';
import { until } from '../until.ts';
import {
  endpointOf,
  freePort,
  type KeyPair,
  knownHostsLines,
  listening,
  loginUser,
  makeKey,
  never,
  run,
  sessionsOf,
  startDropbear,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';
import { transportNames, transports } from './transports.ts';

const dir = new TempDir();
let key: KeyPair;
/** dropbear changes to the user who logs in, which only root may do. */
const kinds = process.getuid?.() === 0 ? ['OpenSSH', 'dropbear'] : ['OpenSSH'];
const servers = new Map<string, TestServer>();
let knownHosts: string;

let transport: Transport;

beforeAll(async () => {
  key = makeKey(dir, 'id');
  for (const kind of kinds) {
    const start = kind === 'dropbear' ? startDropbear : startSshd;
    servers.set(kind, await start(dir, { authorized: [key] }));
  }
  knownHosts = dir.write('known_hosts', [...servers.values()].map(knownHostsLines).join(''));
});

afterAll(() => dir[Symbol.asyncDispose]());

const login = (rest: Partial<Endpoint> = {}) => ({ identity: key.file, knownHosts, ...rest });

async function withConnection<T>(
  server: { readonly port: number },
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await transport.connect(endpointOf(server, login()), never);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

function serverOf(kind: string): TestServer {
  const server = servers.get(kind);
  if (server === undefined) throw new Error(`no ${kind}`);
  return server;
}

describe.each(transportNames)('over %s,', (name) => {
  beforeAll(() => {
    transport = transports[name]({ config: 'none', agentSocket: null });
  });

  afterAll(async () => {
    await transport.close();
  });

  describe.each(kinds)('a command on %s', (kind) => {
    const server = () => serverOf(kind);

    test('gives its output, its errors and its exit code', async () => {
      const result = await withConnection(server(), (connection) =>
        run(connection, 'echo out; echo err >&2; exit 7'),
      );

      expect(result).toEqual({
        stdout: 'out\n',
        stderr: 'err\n',
        outcome: { kind: 'exit', code: 7 },
      });
    });

    test('that ends at once is never taken for lost', async () => {
      const outcomes = await withConnection(server(), async (connection) => {
        const seen = [];
        for (let i = 0; i < 8; i += 1) seen.push((await run(connection, 'exit 3')).outcome);
        return seen;
      });

      expect(outcomes).toEqual(Array(8).fill({ kind: 'exit', code: 3 }));
    });

    test('that dies of a signal says which', async () => {
      const { outcome } = await withConnection(server(), (connection) =>
        run(connection, 'kill -KILL $$'),
      );

      expect(outcome).toEqual({ kind: 'signal', signal: 'SIGKILL' });
    });

    test('keeps its input open for a second write', async () => {
      const answers = await withConnection(server(), async (connection) => {
        const exec = await connection.exec('exec sh -s');
        const lines = exec.stdout[Symbol.asyncIterator]();
        exec.stdin.write('echo first\n');
        const first = String((await lines.next()).value);
        exec.stdin.end('echo second; exit 4\n');
        const second = String((await lines.next()).value);
        return { first, second, outcome: await exec.outcome };
      });

      expect(answers).toEqual({
        first: 'first\n',
        second: 'second\n',
        outcome: { kind: 'exit', code: 4 },
      });
    });

    test('loses nothing of 2 MB to a slow reader', async () => {
      const expected = 2_097_152;
      const size = await withConnection(server(), async (connection) => {
        const exec = await connection.exec(`head -c ${expected} /dev/zero; echo end >&2`);
        exec.stdin.end();
        exec.stderr.resume();
        let bytes = 0;
        for await (const chunk of exec.stdout) {
          if (bytes === 0) await sleep(1_500);
          bytes += chunk.length;
        }
        expect(await exec.outcome).toEqual({ kind: 'exit', code: 0 });
        return bytes;
      });

      expect(size).toBe(expected);
    });

    test('is over although a child in the background holds its output', async () => {
      const started = Date.now();

      const result = await withConnection(server(), (connection) =>
        run(connection, 'sleep 20 & echo done'),
      );

      expect(result).toMatchObject({ stdout: 'done\n', outcome: { kind: 'exit', code: 0 } });
      expect(Date.now() - started).toBeLessThan(10_000);
    });

    test('that leaves its input unread does not hold up its writer', async () => {
      const outcome = await withConnection(server(), async (connection) => {
        const exec = await connection.exec('exit 5');
        exec.stdout.resume();
        exec.stderr.resume();
        await new Promise<void>((resolve) => {
          exec.stdin.end(Buffer.alloc(8_000_000), () => resolve());
        });
        return exec.outcome;
      });

      expect(outcome).toEqual({ kind: 'exit', code: 5 });
    });

    test('is lost when its connection is killed', async () => {
      const outcome = await withConnection(server(), async (connection) => {
        const exec = await connection.exec('echo $PPID; exec sleep 20');
        exec.stderr.resume();
        const parent = Number(String((await exec.stdout[Symbol.asyncIterator]().next()).value));
        process.kill(parent, 'SIGKILL');
        return exec.outcome;
      });

      expect(outcome).toEqual({
        kind: 'lost',
        reason: `127.0.0.1:${server().port} closed the connection`,
      });
    });

    test('is lost when the connection is closed from here', async () => {
      const connection = await transport.connect(endpointOf(server(), login()), never);
      const exec = await connection.exec('exec sleep 20');

      await connection.close();

      expect(await exec.outcome).toEqual({
        kind: 'lost',
        reason: 'the connection was closed from here',
      });
    });

    test('on a closed connection is refused', async () => {
      const connection = await transport.connect(endpointOf(server(), login()), never);
      await connection.close();

      await expect(connection.exec('true')).rejects.toMatchObject({
        name: 'ConnectionError',
        reason: 'network',
        message: 'the connection was closed from here',
      });
    });
  });

  describe('Connection', () => {
    test('says when the server opens no more sessions', async () => {
      await using small = await startSshd(dir, {
        name: `small-${name}`,
        authorized: [key],
        config: ['MaxSessions 1'],
      });
      const lines = dir.write(`small-${name}_known_hosts`, knownHostsLines(small));
      const connection = await transport.connect(
        endpointOf(small, login({ knownHosts: lines })),
        never,
      );
      const first = await connection.exec('exec cat');

      await expect(connection.exec('true')).rejects.toMatchObject({
        reason: 'channel',
        message: `127.0.0.1:${small.port} did not open a session: open failed`,
      });

      first.stdin.end();
      first.stdout.resume();
      first.stderr.resume();
      expect(await first.outcome).toEqual({ kind: 'exit', code: 0 });
      await connection.close();
    });

    test('survives key exchanges within it', async () => {
      await using rekeying = await startSshd(dir, {
        name: `rekeying-${name}`,
        authorized: [key],
        config: ['RekeyLimit 64K'],
      });
      const lines = dir.write(`rekeying-${name}_known_hosts`, knownHostsLines(rekeying));
      const connection = await transport.connect(
        endpointOf(rekeying, login({ knownHosts: lines })),
        never,
      );

      const { stdout, outcome } = await run(connection, 'head -c 500000 /dev/zero');

      await connection.close();
      expect([stdout.length, outcome]).toEqual([500_000, { kind: 'exit', code: 0 }]);
    });
  });

  describe('connect', () => {
    test('says when nobody listens', async () => {
      const port = await freePort();

      await expect(transport.connect(endpointOf({ port }, login()), never)).rejects.toMatchObject({
        reason: 'network',
        message: `connection refused by 127.0.0.1:${port}`,
      });
    });

    test('says when a name has no address', async () => {
      const endpoint = endpointOf({ port: 22 }, login({ address: 'no-such-host.invalid' }));

      await expect(transport.connect(endpoint, never)).rejects.toMatchObject({
        reason: 'network',
        message: 'no address is known for "no-such-host.invalid"',
      });
    });

    test('gives up on a listener that never sends a banner', async () => {
      await using silent = await listening(createServer());
      const endpoint = endpointOf(silent, login({ connectTimeoutMs: 300 }));

      await expect(transport.connect(endpoint, never)).rejects.toMatchObject({
        reason: 'timeout',
        message: `no SSH banner from 127.0.0.1:${silent.port} in 0.3 s`,
      });
    });

    test('gives up on a server that stops after its banner', async () => {
      await using stuck = await listening(
        createServer((socket) => socket.on('error', () => {}).write('SSH-2.0-stuck\r\n')),
      );
      const endpoint = endpointOf(stuck, login({ connectTimeoutMs: 300 }));

      await expect(transport.connect(endpoint, never)).rejects.toMatchObject({
        reason: 'timeout',
        message: `no answer from 127.0.0.1:${stuck.port} in 0.3 s during the key exchange`,
      });
    });

    test('says when the other side does not speak SSH', async () => {
      await using web = await listening(
        createServer((socket) =>
          socket.on('error', () => {}).end('SSH-1.5-old\r\nHTTP/1.1 400 Bad Request\r\n\r\n'),
        ),
      );

      await expect(transport.connect(endpointOf(web, login()), never)).rejects.toMatchObject({
        reason: 'network',
        message: `127.0.0.1:${web.port} does not speak SSH; it said: SSH-1.5-old`,
      });
    });

    test('tries again when the server hangs up before its banner', async () => {
      let refused = 0;
      await using picky = await listening(
        createServer((socket) => {
          socket.on('error', () => {});
          if (refused++ < 2) socket.destroy();
          else socket.end('SSH-1.5-old\r\n');
        }),
      );

      await expect(transport.connect(endpointOf(picky, login()), never)).rejects.toThrow(
        'does not speak SSH',
      );
      expect(refused).toBe(3);
    });

    test('gives up when the server is full every time', async () => {
      let tries = 0;
      await using full = await listening(
        createServer((socket) => {
          tries += 1;
          socket.write('Exceeded MaxStartups\r\n', () => socket.resetAndDestroy());
        }),
      );
      const endpoint = endpointOf(full, login({ connectTimeoutMs: 2_000 }));

      await expect(transport.connect(endpoint, never)).rejects.toMatchObject({
        reason: 'network',
        message: expect.stringContaining(
          `127.0.0.1:${full.port} closed the connection before the SSH banner`,
        ),
      });
      expect(tries).toBeGreaterThanOrEqual(4);
    });

    test('waits for a server that says for long that it is full', async () => {
      let refused = 0;
      await using full = await listening(
        createServer((socket) => {
          socket.on('error', () => {});
          if (refused++ < 5) socket.write('Exceeded MaxStartups\r\n', () => socket.destroy());
          else socket.end('SSH-1.5-old\r\n');
        }),
      );
      const endpoint = endpointOf(full, login({ connectTimeoutMs: 60_000 }));

      await expect(transport.connect(endpoint, never)).rejects.toThrow('does not speak SSH');
      expect(refused).toBe(6);
    });

    test('gets 8 connections through a server that starts 2 at once', async () => {
      const busyName = `busy-${name}-${randomUUID()}`; // another one where this is tried again
      await using busy = await startSshd(dir, {
        name: busyName,
        authorized: [key],
        config: ['MaxStartups 2:100:2', 'LogLevel VERBOSE'],
      });
      const lines = dir.write(`${busyName}_known_hosts`, knownHostsLines(busy));
      const patient = login({ knownHosts: lines, connectTimeoutMs: 60_000 });
      const endpoint = endpointOf(busy, patient);

      const connections = await Promise.all(
        Array.from({ length: 8 }, () => transport.connect(endpoint, never)),
      );

      await Promise.all(connections.map((connection) => connection.close()));
      expect(connections).toHaveLength(8);
      expect(busy.log()).toMatch(/MaxStartups/);
    });

    test('is interrupted by its signal in every phase', async () => {
      await using silent = await listening(createServer());
      await using stuck = await listening(
        createServer((socket) => socket.on('error', () => {}).write('SSH-2.0-stuck\r\n')),
      );
      for (const server of [silent, stuck]) {
        const stop = new AbortController();
        const attempt = transport.connect(endpointOf(server, login()), stop.signal);
        await server.accepted();
        stop.abort();

        await expect(attempt).rejects.toMatchObject({
          reason: 'aborted',
          message: `connecting to 127.0.0.1:${server.port} was interrupted`,
        });
      }

      await expect(
        transport.connect(endpointOf(serverOf('OpenSSH'), login()), AbortSignal.abort()),
      ).rejects.toMatchObject({ reason: 'aborted' });
    });

    test('says who was refused, and with which keys', async () => {
      const stranger = makeKey(dir, `stranger-${name}`);
      const endpoint = endpointOf(
        serverOf('OpenSSH'),
        login({ identity: stranger.file, name: 'xen1' }),
      );

      await expect(transport.connect(endpoint, never)).rejects.toMatchObject({
        reason: 'authentication',
        message: `authentication failed as ${loginUser}: tried key ${stranger.file} (${stranger.fingerprint}); the server allows publickey`,
      });
    });

    test('says so for a user who is not there', async () => {
      const endpoint = endpointOf(serverOf('OpenSSH'), login({ user: 'nobody-here' }));

      await expect(transport.connect(endpoint, never)).rejects.toMatchObject({
        reason: 'authentication',
        message: expect.stringContaining('authentication failed as nobody-here: tried key'),
      });
    });

    test('reaches a server of the SHA-1 age only when told to', async () => {
      await using old = await startSshd(dir, {
        name: `old-${name}`,
        authorized: [key],
        config: [
          'KexAlgorithms diffie-hellman-group14-sha1',
          'Ciphers aes128-cbc',
          'MACs hmac-sha1',
        ],
      });
      const lines = dir.write(`old-${name}_known_hosts`, knownHostsLines(old));
      const strict = endpointOf(old, login({ knownHosts: lines }));

      await expect(transport.connect(strict, never)).rejects.toThrow('no matching');
      const connection = await transport.connect({ ...strict, legacyAlgorithms: true }, never);

      expect((await run(connection, 'echo old')).stdout).toBe('old\n');
      await connection.close();
    });

    test('leaves no process behind', async () => {
      const connection = await transport.connect(endpointOf(serverOf('OpenSSH'), login()), never);
      expect(sessionsOf(serverOf('OpenSSH'))).not.toEqual([]);

      await connection.close();

      await until(() => sessionsOf(serverOf('OpenSSH')).length === 0);
    });
  });
});
