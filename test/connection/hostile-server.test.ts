import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import fc from 'fast-check';
import ssh2, { type Connection as ServerClient } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/connection/index.ts';
import { Ssh2Connection } from '../../src/connection/ssh2-connection.ts';
import { dial } from '../../src/connection/tcp.ts';
import { runs } from '../runs.ts';
import { until } from '../until.ts';
import { sendRaw, sshString, startOddServer, startProxy } from './faults.ts';
import {
  endpointOf,
  type KeyPair,
  listening,
  makeKey,
  never,
  newTransport,
  run,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';

const dir = new TempDir();
let key: KeyPair;
let hostKey: KeyPair;
let good: TestServer;

beforeAll(async () => {
  key = makeKey(dir, 'id');
  hostKey = makeKey(dir, 'host');
  good = await startSshd(dir, { name: 'good', authorized: [key] });
});

afterAll(() => dir[Symbol.asyncDispose]());

/** Connects with a transport of its own. */
async function connect(
  server: { readonly port: number; readonly hostKey?: string },
  rest: Partial<Endpoint> = {},
) {
  const transport = newTransport();
  const { hostKey: pin = good.hostKeys[0]?.publicKey ?? '' } = server;
  const endpoint = endpointOf(server, { identity: key.file, hostKey: pin, ...rest });
  return await transport.connect(endpoint, never);
}

const letIn = (client: ServerClient) => client.on('authentication', (attempt) => attempt.accept());

/** Lets in, and takes any command without a word. */
const muteShell = (client: ServerClient) =>
  letIn(client).on('session', (accept) =>
    accept().on('exec', (acceptExec) => acceptExec().on('error', () => {})),
  );

describe('a phase that gets no answer ends with a sentence of its own', () => {
  const quick = { connectTimeoutMs: 300 };

  test('the TCP connection', async () => {
    // A listener that is stopped and whose queue is full drops what comes, as a black hole does.
    const script = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
      function () { console.log(this.address().port); process.kill(process.pid, 'SIGSTOP') })`;
    const hole = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(hole.stdout, 'data');
    const port = Number(String(line));
    try {
      const before = Date.now();
      const attempts = Array.from({ length: 8 }, () =>
        dial({ host: '127.0.0.1', port }, 500, never).then(
          (socket) => socket.destroy() && null,
          (error: Error) => error.message,
        ),
      );

      const said = (await Promise.all(attempts)).filter((message) => message !== null);

      expect(said.length).toBeGreaterThan(0);
      expect(new Set(said)).toEqual(new Set([`no answer from 127.0.0.1:${port} in 0.5 s`]));
      expect(Date.now() - before).toBeLessThan(5_000);
    } finally {
      hole.kill('SIGKILL');
    }
  });

  test('the banner, however slowly other lines come', async () => {
    await using chatty = await listening(
      createServer((socket) => {
        const timer = setInterval(() => socket.write('.\r\n'), 50);
        socket.on('close', () => clearInterval(timer)).on('error', () => {});
      }),
    );

    await expect(connect(chatty, quick)).rejects.toMatchObject({
      reason: 'timeout',
      message: `no SSH banner from 127.0.0.1:${chatty.port} in 0.3 s`,
    });
  });

  test('the key exchange, however slowly bytes come', async () => {
    await using proxy = await startProxy(good.port, { bytesPerSecond: 500 });

    await expect(connect(proxy, quick)).rejects.toMatchObject({
      reason: 'timeout',
      message: `no answer from 127.0.0.1:${proxy.port} in 0.3 s during the key exchange`,
    });
  });

  test('the authentication', async () => {
    await using mute = await startOddServer(hostKey, (client) =>
      client.on('authentication', () => {}),
    );

    await expect(connect(mute, quick)).rejects.toMatchObject({
      reason: 'timeout',
      message: `no answer from 127.0.0.1:${mute.port} in 0.3 s during the authentication`,
    });
  });

  test.each([
    ['the channel', (client: ServerClient) => letIn(client).on('session', () => {})],
    [
      'the command',
      (client: ServerClient) =>
        letIn(client).on('session', (accept) => void accept().on('exec', () => {})),
    ],
  ])('%s', async (_what, behave) => {
    await using mute = await startOddServer(hostKey, behave);
    const connection = await connect(mute, quick);

    await expect(connection.exec('true')).rejects.toMatchObject({
      reason: 'timeout',
      message: `127.0.0.1:${mute.port} did not open a session in 0.3 s`,
    });
    await connection.close();
  });
});

describe('a slow line', () => {
  test('is judged by its phases, not by their sum', async () => {
    await using far = await startProxy(good.port, { delayMs: 150 });
    const started = Date.now();

    const connection = await connect(far, { connectTimeoutMs: 1_000 });

    expect(Date.now() - started).toBeGreaterThan(1_000);
    expect((await run(connection, 'echo far')).stdout).toBe('far\n');
    await connection.close();
  });

  test('holds up nobody else', async () => {
    await using slow = await startProxy(good.port, { bytesPerSecond: 1 });
    const stop = new AbortController();
    const transport = newTransport();
    const pin = good.hostKeys[0]?.publicKey ?? '';
    const at = (server: { readonly port: number }) =>
      endpointOf(server, { identity: key.file, hostKey: pin, connectTimeoutMs: 60_000 });
    const waiting = Array.from({ length: 10 }, () => transport.connect(at(slow), stop.signal));
    for (const one of waiting) one.catch(() => {});

    const connections = await Promise.all(
      Array.from({ length: 5 }, () => transport.connect(at(good), never)),
    );

    for (const connection of connections) await connection.close();
    const stillWaiting = await Promise.race([
      Promise.any(waiting).then(
        () => 'through',
        () => 'refused',
      ),
      new Promise((resolve) => setImmediate(() => resolve('waiting'))),
    ]);
    expect(stillWaiting).toBe('waiting');
    stop.abort();
    await Promise.allSettled(waiting);
  });
});

describe('a line that dies', () => {
  test('is noticed after three keepalives', async () => {
    await using proxy = await startProxy(good.port);
    const connection = await connect(proxy, { keepaliveMs: 200 });
    const exec = await connection.exec('exec sleep 60');
    exec.stdout.resume();
    exec.stderr.resume();
    const started = Date.now();
    proxy.line.freeze();

    expect(await exec.outcome).toEqual({
      kind: 'lost',
      reason: `127.0.0.1:${proxy.port} has been silent for 0.6 s`,
    });
    expect(Date.now() - started).toBeLessThan(3_000);
    await expect(connection.exec('true')).rejects.toMatchObject({
      reason: 'network',
      message: `127.0.0.1:${proxy.port} has been silent for 0.6 s`,
    });
    await connection.close();
  });

  test('is not one that is quiet', async () => {
    const connection = await connect(good, { keepaliveMs: 100 });

    expect((await run(connection, 'sleep 1; echo awake')).outcome).toEqual({
      kind: 'exit',
      code: 0,
    });
    await connection.close();
  });

  test('is not one whose answers to keepalives wait behind output', async () => {
    await using proxy = await startProxy(good.port);
    const connection = await connect(proxy, { keepaliveMs: 100 });
    proxy.line.bytesPerSecond = 20_000;

    const { stdout, outcome } = await run(connection, 'head -c 30000 /dev/zero');

    expect([stdout.length, outcome]).toEqual([30_000, { kind: 'exit', code: 0 }]);
    await connection.close();
  });

  test('can be closed at once', async () => {
    await using proxy = await startProxy(good.port);
    const connection = await connect(proxy);
    proxy.line.freeze();
    const started = Date.now();

    await connection.close();

    expect(Date.now() - started).toBeLessThan(2_500);
  });

  test('at any byte of the handshake is a failure with words', async () => {
    for (const cutAt of [10, 41, 500, 1_100, 1_500, 2_000]) {
      await using proxy = await startProxy(good.port, { cutAt });

      await connect(proxy).then(
        async (connection) => await connection.close(),
        (error) => {
          expect([cutAt, error]).toMatchObject([cutAt, { name: 'ConnectionError' }]);
          expect(error.message).toMatch(
            /closed the connection (before the SSH banner|during the)|cut the connection during the|Connection lost/,
          );
        },
      );
    }
  }, 60_000);
});

describe('a server that exchanges keys', () => {
  test('for ever gets nobody to wait, before the login or after it', async () => {
    const again = (client: ServerClient) => client.on('rekey', () => client.rekey());
    await using before = await startOddServer(hostKey, (client) => {
      again(client).on('authentication', () => client.rekey());
    });
    await using after = await startOddServer(hostKey, (client) => {
      again(muteShell(client)).on('ready', () => client.rekey());
    });

    await expect(connect(before)).rejects.toThrow('exchanges keys without end');
    const connection = await connect(after);
    const outcome = await connection.exec('true').then(
      async (exec) => {
        exec.stdout.resume();
        exec.stderr.resume();
        const end = await exec.outcome;
        return end.kind === 'lost' ? end.reason : end.kind;
      },
      (error: Error) => error.message,
    );

    expect(outcome).toBe(`127.0.0.1:${after.port} exchanges keys without end`);
    await connection.close();
  });
});

describe('a server that floods', () => {
  const growth = async (work: () => Promise<void>) => {
    const before = process.memoryUsage().rss;
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 20);
    await work();
    clearInterval(watch);
    return (most - before) / 1024 / 1024;
  };

  test.each(['stdout', 'stderr'])(
    '%s is cut, and is never kept',
    async (stream) => {
      const connection = await connect(good);
      const redirect = stream === 'stderr' ? ' >&2' : '';

      const grown = await growth(async () => {
        const exec = await connection.exec(
          `exec yes 0123456789012345678901234567890123456789${redirect}`,
        );
        exec.stdout.resume();
        exec.stderr.resume();
        expect(await exec.outcome).toEqual({
          kind: 'lost',
          reason: `127.0.0.1:${good.port} sends without end`,
        });
      });

      expect(grown).toBeLessThan(150);
      await connection.close();
    },
    60_000,
  );

  test('who does not read gets a window full and no more', async () => {
    const connection = await connect(good);

    const grown = await growth(async () => {
      const exec = await connection.exec('exec head -c 100000000 /dev/zero');
      exec.stderr.resume();
      await until(() => exec.stdout.readableLength > 1_000_000);
      await connection.close();
    });

    expect(grown).toBeLessThan(60);
  });

  test('a banner of 2000 lines before the login is no reason not to log in', async () => {
    const text = dir.write('banner', 'x'.repeat(14).concat('\n').repeat(2_000), 0o644);
    await using talkative = await startSshd(dir, {
      name: 'talkative',
      authorized: [key],
      config: [`Banner ${text}`],
    });
    const pin = talkative.hostKeys[0]?.publicKey ?? '';

    const connection = await connect({ port: talkative.port, hostKey: pin });

    expect((await run(connection, 'echo in')).stdout).toBe('in\n');
    await connection.close();
  });

  test('a banner that is longer than a packet may be is named as such', async () => {
    const text = dir.write('long_banner', 'x'.repeat(99).concat('\n').repeat(2_000), 0o644);
    await using talkative = await startSshd(dir, {
      name: 'longwinded',
      authorized: [key],
      config: [`Banner ${text}`],
    });
    const pin = talkative.hostKeys[0]?.publicKey ?? '';

    await expect(connect({ port: talkative.port, hostKey: pin })).rejects.toMatchObject({
      reason: 'network',
      message: expect.stringContaining('Bad packet length: 200016 during the authentication'),
      hint: expect.stringContaining('Banner in its sshd_config'),
    });
  });

  test('banners without end before the login are no progress', async () => {
    const banner = Buffer.concat([Buffer.from([53]), sshString('x'.repeat(30_000)), sshString('')]);
    await using talkative = await startOddServer(hostKey, (client) => {
      client.on('handshake', () => {
        const timer = setInterval(() => sendRaw(client, banner), 5);
        client.on('close', () => clearInterval(timer));
      });
      client.on('authentication', () => {});
    });

    await expect(connect(talkative, { connectTimeoutMs: 500 })).rejects.toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('in 0.5 s during the authentication'),
    });
  });

  test.each([
    ['lines', 'x\r\n'.repeat(400_000)],
    ['one line', 'x'.repeat(1_200_000)],
    ['zeros', '\0'.repeat(1_200_000)],
    ['half a banner', `SSH-2.0-${'x'.repeat(1_200_000)}`],
    ['a web page', `HTTP/1.0 200 OK\r\n\r\n${'<p>'.repeat(400_000)}`],
    ['an old version', 'SSH-1.5-x\r\n'],
    ['control sequences', '\u001b]0;x\u0007\u001b[2J\r\n'.repeat(100_000)],
  ])('1 MB of %s for a banner is no SSH', async (_what, text) => {
    let tries = 0;
    await using talker = await listening(
      createServer((socket) => {
        tries += 1;
        socket.on('error', () => {}).write(text);
      }),
    );

    const error = await connect(talker).catch((thrown: Error) => thrown);

    expect(error).toMatchObject({
      name: 'ConnectionError',
      message: expect.stringMatching(
        /^127\.0\.0\.1:\d+ does not speak SSH(; it said: [ -~]{1,420})?$/,
      ),
    });
    expect(tries).toBe(1);
  });

  test('who asks without end and takes no answer is cut', async () => {
    const sink = createServer(
      (socket) =>
        void socket
          .on('error', () => {})
          .pause()
          .write('x'),
    );
    await using deaf = await listening(sink);
    const socket = await dial({ host: '127.0.0.1', port: deaf.port }, 1_000, never);
    const connection = new Ssh2Connection(new ssh2.Client(), {
      socket,
      label: 'deaf',
      answerTimeoutMs: 1_000,
      keepaliveMs: 1_000,
      receiveLimit: 1_000_000,
    });
    socket.write(Buffer.alloc(80 * 1024 * 1024));

    await until(() => socket.destroyed);
    expect(connection.lossReason()).toBe('deaf asks without end and takes no answer');
  });
});

describe('a server that says what it likes', () => {
  test('throws nothing at anybody, and what it says ends in words', async () => {
    let serve: (client: ServerClient) => void = () => {};
    await using liar = await startOddServer(hostKey, (client) => {
      muteShell(client).on('ready', () => serve(client));
    });
    const message = fc
      .tuple(
        fc.integer({ min: 1, max: 105 }),
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.constantFrom(...likely()).map((payload) => Uint8Array.from(payload)),
        ),
      )
      .map(([type, rest]) => Buffer.from([type, ...rest]));
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown) => unhandled.push(error);
    process.on('uncaughtException', onUnhandled).on('unhandledRejection', onUnhandled);
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 8 }), async (messages) => {
          let sent = false;
          serve = (client) => {
            for (const one of messages) sendRaw(client, one);
            sent = true;
          };
          const connection = await connect(liar, { connectTimeoutMs: 100 }).catch((error) => {
            expect(error).toMatchObject({ name: 'ConnectionError' });
            return null;
          });
          await until(() => sent || connection === null);
          const answer = await connection?.exec('true').then(
            async (exec) => {
              exec.stdout.resume();
              exec.stderr.resume();
              await connection.close();
              return (await exec.outcome).kind;
            },
            (error) => error.name,
          );
          expect([undefined, 'lost', 'exit', 'signal', 'ConnectionError']).toContain(answer);
          await connection?.close();
        }),
        { numRuns: Math.min(runs(), 100) },
      );
    } finally {
      process.off('uncaughtException', onUnhandled).off('unhandledRejection', onUnhandled);
    }
    expect(unhandled).toEqual([]);
  }, 120_000);

  test('opens no channel to here', async () => {
    const answers: (string | null)[] = [];
    await using nosy = await startOddServer(hostKey, (client) => {
      muteShell(client).on('ready', () => {
        const note = (error: Error | undefined) => answers.push(error?.message ?? null);
        client.forwardOut('127.0.0.1', 22, '127.0.0.1', 22, note);
        client.x11('127.0.0.1', 6_000, note);
        client.openssh_forwardOutStreamLocal('/run/agent', note);
      });
    });
    const connection = await connect(nosy);

    await until(() => answers.length === 3);

    expect(answers).toEqual(Array(3).fill(expect.stringContaining('Channel open failure')));
    await connection.close();
  });

  test('gets no SHA-1 signature by saying that it takes no other', async () => {
    const rsa = makeKey(dir, 'rsa', { type: 'rsa' });
    const extensions = (value: string) =>
      Buffer.concat([Buffer.from([7, 0, 0, 0, 1]), sshString('server-sig-algs'), sshString(value)]);
    const seen: string[] = [];
    for (const value of ['ssh-rsa', '', 'none,\u0000,../../x', 'x'.repeat(30_000)]) {
      await using tricky = await startOddServer(hostKey, (client) => {
        client.on('handshake', () => sendRaw(client, extensions(value)));
        letIn(client).prependListener('authentication', (attempt) => {
          if (attempt.method === 'publickey' && attempt.signature) {
            hashes.push(attempt.hashAlgo ?? 'sha1');
          }
        });
      });
      const hashes: string[] = [];

      const result = await connect(tricky, { identity: rsa.file }).then(
        async (connection) => await connection.close(),
        (error: Error) => error.message,
      );

      expect(result ?? '').not.toContain('undefined');
      expect(hashes).not.toContain('sha1');
      seen.push(...hashes);
    }
    expect(seen).toContain('sha256');
  });

  test('Terrapin (CVE-2023-48795): a message slipped in before the keys are in use is noticed', async () => {
    /** Slips an SSH_MSG_IGNORE in behind the server's first packet, so that all numbers shift. */
    const slip = () => {
      let seen = Buffer.alloc(0);
      let isDone = false;
      return (chunk: Buffer): Buffer => {
        if (isDone) return chunk;
        seen = Buffer.concat([seen, chunk]);
        const start = seen.indexOf('\r\n') + 2;
        if (start < 2 || seen.length < start + 4) return Buffer.alloc(0);
        const end = start + 4 + seen.readUInt32BE(start);
        if (seen.length < end) return Buffer.alloc(0);
        isDone = true;
        const ignore = Buffer.from([0, 0, 0, 12, 6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        return Buffer.concat([seen.subarray(0, end), ignore, seen.subarray(end)]);
      };
    };
    await using between = await startProxy(good.port, { rewrite: slip });

    await expect(connect(between)).rejects.toMatchObject({
      name: 'ConnectionError',
      message: expect.stringMatching(/strict|unexpected|during the key exchange/i),
    });
  });
});

/** Bodies that look like those of real messages. */
function likely(): readonly Buffer[] {
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const huge = 0xff_ff_ff_ff;
  return [
    Buffer.concat([number(0), number(huge)]),
    Buffer.concat([number(0), number(0), number(huge), number(huge)]),
    Buffer.concat([number(0), number(1), sshString('x'), sshString('')]),
    Buffer.concat([number(0), sshString('x'.repeat(1_000))]),
    Buffer.concat([number(0), number(1), sshString('x'.repeat(1_000))]),
    Buffer.concat([number(0), sshString('exit-status'), Buffer.from([0]), number(7)]),
    Buffer.concat([number(0), sshString('exit-signal'), Buffer.from([0]), sshString('\u001b[2J')]),
    Buffer.concat([sshString('hostkeys-00@openssh.com'), Buffer.from([1]), sshString('x')]),
    Buffer.concat([sshString('auth-agent@openssh.com'), number(1), number(huge), number(huge)]),
    Buffer.concat([sshString('session'), number(1), number(0), number(0)]),
    Buffer.concat([number(huge), sshString('__proto__'), sshString('constructor')]),
    Buffer.concat([number(11), sshString('bye'), sshString('')]),
    number(huge),
    Buffer.alloc(0),
  ];
}
