import { readFileSync } from 'node:fs';
import { createServer as createAgent, createServer } from 'node:net';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClosedBeforeBannerError } from '../../src/connection/early-close.ts';
import { HandshakeGate } from '../../src/connection/handshake-gate.ts';
import { createSsh2Transport, type Endpoint } from '../../src/connection/index.ts';
import { until } from '../until.ts';
import { startProxy } from './faults.ts';
import {
  endpointOf,
  type KeyPair,
  knownHostsLines,
  listening,
  loginUser,
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
let stranger: KeyPair;
let server: TestServer;
let knownHosts: string;

beforeAll(async () => {
  key = makeKey(dir, 'id');
  stranger = makeKey(dir, 'stranger');
  server = await startSshd(dir, { authorized: [key], config: ['LogLevel VERBOSE'] });
  knownHosts = dir.write('known_hosts', knownHostsLines(server));
});

afterAll(() => dir[Symbol.asyncDispose]());

const at = (one: { readonly port: number }, rest: Partial<Endpoint> = {}) =>
  endpointOf(one, { identity: key.file, knownHosts, ...rest });

const failedLogins = (one: TestServer) =>
  one.log().match(/Failed publickey|Connection closed by authenticating/g)?.length ?? 0;

describe('a login that was refused', () => {
  test('is not tried again in a run, not even through a jump host', async () => {
    const transport = newTransport();
    const before = failedLogins(server);
    const refused = at(server, { identity: stranger.file });

    const attempts = await Promise.allSettled([
      transport.connect(refused, never).catch((error) => {
        throw error;
      }),
    ]);
    for (let i = 0; i < 5; i += 1) {
      await expect(transport.connect(refused, never)).rejects.toThrow(
        `authentication failed as ${loginUser}: tried key ${stranger.file} (${stranger.fingerprint})`,
      );
    }
    const behind = Array.from({ length: 20 }, (_, i) =>
      transport.connect(at(server, { name: `xen${i}`, jump: [refused] }), never),
    );
    const results = await Promise.allSettled([...behind]);
    await transport.close();

    expect(attempts[0]?.status).toBe('rejected');
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    await until(() => failedLogins(server) > before);
    expect(failedLogins(server) - before).toBeLessThanOrEqual(2);
  });

  test('by a host that let us in before is tried three times, and is forgotten when it does again', async () => {
    let isIn = true;
    let asked = 0;
    const moody = new ssh2.Server({ hostKeys: [readFileSync(server.hostKeys[0]?.file ?? '')] });
    moody.on('connection', (client) => {
      client
        .on('error', () => {})
        .on('authentication', (attempt) => {
          asked += 1;
          if (isIn) attempt.accept();
          else attempt.reject(['publickey']);
        });
    });
    await using tcp = await listening(createServer((socket) => moody.injectSocket(socket)));
    const transport = newTransport();
    const endpoint = at(tcp, { hostKey: server.hostKeys[0]?.publicKey ?? '' });
    const attempt = () =>
      transport.connect(endpoint, never).then(
        async (connection) => (await connection.close()) ?? 'in',
        () => 'refused',
      );

    expect([await attempt()]).toEqual(['in']);
    isIn = false;
    expect([await attempt(), await attempt()]).toEqual(['refused', 'refused']);
    isIn = true;
    expect([await attempt()]).toEqual(['in']);
    isIn = false;
    for (let i = 0; i < 3; i += 1) await attempt();
    const before = asked;
    isIn = true;
    expect([await attempt(), await attempt()]).toEqual(['refused', 'refused']);
    expect(asked).toBe(before);
  });

  test('for too many keys says which were tried and what the server said', async () => {
    await using strict = await startSshd(dir, {
      name: 'strict',
      authorized: [key],
      config: ['MaxAuthTries 2'],
    });
    const keys = ['one', 'two', 'three'].map((name) => makeKey(dir, name));
    const config = dir.write(
      'config',
      [...keys, key].map(({ file }) => `IdentityFile ${file}\n`).join(''),
    );
    const pin = strict.hostKeys[0]?.publicKey ?? '';
    const { identity: _, ...endpoint } = endpointOf(strict, { hostKey: pin });
    const transport = newTransport(config);

    const error = await transport.connect(endpoint, never).catch((thrown: Error) => thrown);

    expect(error).toMatchObject({
      reason: 'authentication',
      message: expect.stringContaining('Too many authentication failures'),
    });
    expect(error).toMatchObject({ message: expect.stringContaining(keys[0]?.fingerprint ?? '?') });
    expect(error).toMatchObject({ message: expect.stringContaining(keys[1]?.fingerprint ?? '?') });
    await expect(
      newTransport(config).connect({ ...endpoint, identity: key.file }, never),
    ).resolves.toBeDefined();
  });
});

describe('a server that hangs up before its banner', () => {
  test('by a penalty is not asked again', async () => {
    let tries = 0;
    await using penal = await listening(
      createServer((socket) => {
        tries += 1;
        socket.on('error', () => {}).end('Not allowed at this time\r\n');
      }),
    );

    await expect(newTransport().connect(at(penal), never)).rejects.toMatchObject({
      message: `127.0.0.1:${penal.port} closed the connection before the SSH banner; it said: Not allowed at this time`,
      hint: expect.stringContaining('PerSourcePenalties'),
    });
    expect(tries).toBe(1);
  });

  test('by a reset is asked again, three times at most, at growing intervals', async () => {
    const times: number[] = [];
    await using resetting = await listening(
      createServer((socket) => {
        times.push(Date.now());
        socket.on('error', () => {}).resetAndDestroy();
      }),
    );

    await expect(newTransport().connect(at(resetting), never)).rejects.toMatchObject({
      reason: 'network',
    });

    expect(times).toHaveLength(4);
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(gaps[0]).toBeGreaterThanOrEqual(145);
    expect(gaps[2]).toBeGreaterThanOrEqual(590);
  });

  test('after its banner is not asked again', async () => {
    let tries = 0;
    await using closing = await listening(
      createServer((socket) => {
        tries += 1;
        socket.on('error', () => {}).end('SSH-2.0-x\r\n');
      }),
    );

    await expect(newTransport().connect(at(closing), never)).rejects.toMatchObject({
      reason: 'network',
    });
    expect(tries).toBe(1);
  });
});

describe('HandshakeGate', () => {
  const refusal = new ClosedBeforeBannerError('h');

  test('lets eight in at once, and never holds up the others for a dead one', async () => {
    const gate = new HandshakeGate();
    let most = 0;
    let running = 0;
    const hang = new Promise<never>(() => {});
    for (let i = 0; i < 8; i += 1) void gate.run(() => hang, never, 'h');

    await Promise.all(
      Array.from({ length: 20 }, () =>
        gate.run(
          async () => {
            running += 1;
            most = Math.max(most, running);
            await new Promise((resolve) => setTimeout(resolve, 5));
            running -= 1;
          },
          never,
          'h',
        ),
      ),
    );

    expect(most).toBe(8);
  });

  test('lets fewer in after a refusal, all later ones after a pause, and more again in time', async () => {
    const gate = new HandshakeGate();
    const starts: number[] = [];
    let running = 0;
    let most = 0;
    const refusedAt = performance.now();
    await expect(gate.run(() => Promise.reject(refusal), never, 'h')).rejects.toBe(refusal);

    await Promise.all(
      Array.from({ length: 12 }, () =>
        gate.run(
          async () => {
            starts.push(performance.now() - refusedAt);
            running += 1;
            if (starts.length <= 4) most = Math.max(most, running);
            await new Promise((resolve) => setTimeout(resolve, 20));
            running -= 1;
          },
          never,
          'h',
        ),
      ),
    );

    expect(Math.min(...starts)).toBeGreaterThanOrEqual(295);
    expect(most).toBeLessThanOrEqual(4);
    // Those who waited for the same pause do not start together.
    expect(new Set(starts.slice(0, 4).map(Math.round)).size).toBeGreaterThan(1);
  });

  test('is left at once by who gives up', async () => {
    const gate = new HandshakeGate();
    const stop = new AbortController();
    const hang = new Promise<never>(() => {});
    for (let i = 0; i < 8; i += 1) void gate.run(() => hang, never, 'h');
    const waiting = gate.run(async () => 'in', stop.signal, 'h');
    stop.abort();

    await expect(waiting).rejects.toMatchObject({ reason: 'aborted' });
    expect(await gate.run(async () => 'next', never, 'h')).toBe('next');
  });
});

describe('a jump host', () => {
  test('whose line is dead is opened again for who comes next', async () => {
    await using proxy = await startProxy(server.port);
    const transport = newTransport();
    const pin = server.hostKeys[0]?.publicKey ?? '';
    const hop = endpointOf(proxy, { identity: key.file, hostKey: pin });
    const behind = at(server, { jump: [hop], connectTimeoutMs: 3_000 });
    const first = await transport.connect(behind, never);
    proxy.line.freeze();

    const attempts: string[] = [];
    for (let i = 0; i < 6 && attempts.at(-1) !== 'in'; i += 1) {
      attempts.push(
        await transport.connect({ ...behind, name: `again${i}` }, never).then(
          async (connection) => {
            const { stdout } = await run(connection, 'echo in');
            await connection.close();
            return stdout.trim();
          },
          (error: Error) => error.message,
        ),
      );
    }
    const closing = Date.now();
    await first.close();
    expect(Date.now() - closing).toBeLessThan(2_000);
    await transport.close();

    // Two wait in vain before a keepalive is missed; a line counts as lost after 15 s only.
    expect(attempts.at(-1)).toBe('in');
    expect(attempts.length).toBeLessThanOrEqual(4);
    expect(proxy.line.connections).toBe(2);
  });

  test('whose line is dead takes nobody along for longer than his own keepalives', async () => {
    await using proxy = await startProxy(server.port);
    const transport = newTransport();
    const pin = server.hostKeys[0]?.publicKey ?? '';
    const hop = endpointOf(proxy, { identity: key.file, hostKey: pin });
    const connection = await transport.connect(
      at(server, { jump: [hop], keepaliveMs: 200 }),
      never,
    );
    const exec = await connection.exec('echo up; exec sleep 60');
    exec.stderr.resume();
    await new Promise((resolve) => exec.stdout.once('data', resolve));
    const started = Date.now();
    proxy.line.freeze();

    expect(await exec.outcome).toEqual({
      kind: 'lost',
      reason: expect.stringContaining('has been silent for 0.6 s'),
    });
    expect(Date.now() - started).toBeLessThan(3_000);
    await connection.close();
    await transport.close();
  });

  test('with dead hosts behind it still reaches the others soon', async () => {
    await using silent = await listening(createServer());
    const transport = newTransport();
    const hop = at(server);
    const stop = new AbortController();
    const dead = Array.from({ length: 16 }, (_, i) =>
      transport.connect(
        at(silent, { name: `dead${i}`, jump: [hop], connectTimeoutMs: 60_000 }),
        stop.signal,
      ),
    );
    for (const one of dead) one.catch(() => {});
    await silent.accepted();
    const started = Date.now();

    const connection = await transport.connect(at(server, { jump: [hop] }), never);

    expect(Date.now() - started).toBeLessThan(8_000);
    await connection.close();
    stop.abort();
    await Promise.allSettled(dead);
    await transport.close();
  });
});

describe('an agent', () => {
  const uint32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const string = (bytes: Buffer) => Buffer.concat([uint32(bytes.length), bytes]);

  /** Holds the key; signs with it after so long, or never. */
  function startSlowAgent(name: string, delayMs: number | null) {
    const parsed = ssh2.utils.parseKey(readFileSync(key.file));
    if (parsed instanceof Error) throw parsed;
    const reply = (type: number, ...parts: Buffer[]) =>
      string(Buffer.concat([Buffer.from([type]), ...parts]));
    const agent = createAgent((peer) => {
      peer
        .on('error', () => {})
        .on('data', (request) => {
          if (request[4] === 11) {
            peer.write(
              reply(12, uint32(1), string(parsed.getPublicSSH()), string(Buffer.from('k'))),
            );
          } else if (delayMs !== null) {
            const at = 5 + 4 + request.readUInt32BE(5);
            const data = request.subarray(at + 4, at + 4 + request.readUInt32BE(at));
            const signature = Buffer.concat([
              string(Buffer.from('ssh-ed25519')),
              string(parsed.sign(data)),
            ]);
            setTimeout(() => peer.write(reply(14, string(signature))), delayMs);
          }
        });
    });
    const socket = dir.file(name);
    agent.listen(socket);
    return { socket, [Symbol.dispose]: () => void agent.close() };
  }

  test('that takes its time is waited for by all, whatever the phases may take', async () => {
    using agent = startSlowAgent('slow-agent', 200);
    const transport = createSsh2Transport({ config: 'none', agentSocket: agent.socket });
    const { identity: _, ...endpoint } = at(server, { connectTimeoutMs: 700 });
    const user = { ...endpoint, identity: `${key.file}` };

    const connections = await Promise.all(
      Array.from({ length: 8 }, () => transport.connect(user, never)),
    );

    for (const connection of connections) await connection.close();
    expect(connections).toHaveLength(8);
  });
});
