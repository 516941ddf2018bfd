import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostKeyVerifier } from '../../src/connection/host-key-verifier.ts';
import { createSsh2Transport, type Endpoint } from '../../src/connection/index.ts';
import { openClient } from '../../src/connection/ssh2-client.ts';
import {
  endpointOf,
  type KeyPair,
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
let other: KeyPair;
let rsa: KeyPair;
let server: TestServer;
let shown: KeyPair;
let at: string;

beforeAll(async () => {
  key = makeKey(dir, 'id');
  other = makeKey(dir, 'other');
  shown = makeKey(dir, 'host_ed25519');
  rsa = makeKey(dir, 'host_rsa', { type: 'rsa' });
  server = await startSshd(dir, { authorized: [key], hostKeys: [shown, rsa] });
  at = `127.0.0.1:${server.port}`;
});

afterAll(() => dir[Symbol.asyncDispose]());

const bracketed = () => `[127.0.0.1]:${server.port}`;

/** Connects with these known_hosts lines, on a transport of its own. */
async function connect(lines: string, rest: Partial<Endpoint> = {}): Promise<string> {
  const knownHosts = rest.knownHosts ?? dir.write('known_hosts', lines);
  const transport = newTransport();
  const endpoint = endpointOf(server, { identity: key.file, knownHosts, ...rest });
  const connection = await transport.connect(endpoint, never);
  const { stdout } = await run(connection, 'echo in');
  await connection.close();
  await transport.close();
  return stdout;
}

/** What sshd says of a connection on which nobody logged in. */
const logins = () => server.log().match(/Accepted/g)?.length ?? 0;

describe('host keys', () => {
  test('that are known let in', async () => {
    expect(await connect(`${bracketed()} ${shown.publicKey}\n`)).toBe('in\n');
  });

  test('are asked for by the type that is known', async () => {
    expect(await connect(`${bracketed()} ${rsa.publicKey}\n`)).toBe('in\n');
  });

  test.each([
    [
      'unknown',
      () => '',
      () => `the host key of ${at} is not known: ssh-ed25519 ${shown.fingerprint}`,
    ],
    [
      'known for another port',
      () => `[127.0.0.1]:1 ${shown.publicKey}\n`,
      () => `the host key of ${at} is not known: ssh-ed25519 ${shown.fingerprint}`,
    ],
    [
      'changed',
      () => `# comment\n${bracketed()} ${other.publicKey}\n`,
      () =>
        `the host key of ${at} has CHANGED: it showed ssh-ed25519 ${shown.fingerprint}, but ${dir.file('known_hosts')}:2 has ssh-ed25519 ${other.fingerprint}`,
    ],
    [
      'revoked',
      () => `${bracketed()} ${shown.publicKey}\n@revoked * ${shown.publicKey}\n`,
      () =>
        `the host key of ${at} is REVOKED by ${dir.file('known_hosts')}:2: ssh-ed25519 ${shown.fingerprint}`,
    ],
    [
      'to be proved by a certificate',
      () => `@cert-authority * ${other.publicKey}\n`,
      () =>
        `${at} is to prove itself by a certificate (@cert-authority in ${dir.file('known_hosts')}:1), but it showed none that can be checked`,
    ],
  ])('that are %s are refused', async (_what, lines, message) => {
    const before = logins();

    await expect(connect(lines())).rejects.toMatchObject({
      reason: 'host-key',
      message: message(),
      hint: expect.any(String),
    });
    expect(logins()).toBe(before);
  });

  test('that are pinned need no file, and no file helps another key', async () => {
    expect(await connect('', { hostKey: shown.publicKey })).toBe('in\n');
    expect(await connect('', { hostKey: `${rsa.publicKey} comment` })).toBe('in\n');
    await expect(
      connect(`${bracketed()} ${shown.publicKey}\n`, { hostKey: other.publicKey }),
    ).rejects.toMatchObject({
      reason: 'host-key',
      message: `${at} showed the host key ssh-ed25519 ${shown.fingerprint}, but the inventory's host_key is ssh-ed25519 ${other.fingerprint}`,
    });
  });

  test('that are pinned must be keys', async () => {
    await expect(connect('', { hostKey: 'ssh-ed25519 nonsense' })).rejects.toMatchObject({
      reason: 'config',
      message: 'the host_key of xen1 is not a public key',
    });
  });
});

describe('accept-new', () => {
  const acceptNew = (file: string): Partial<Endpoint> => ({
    knownHosts: dir.file(file),
    hostKeyChecking: 'accept-new',
  });

  test('writes the key of a new host, in a directory and file of its own if need be', async () => {
    expect(await connect('', acceptNew('fresh/known_hosts'))).toBe('in\n');

    const file = dir.file('fresh/known_hosts');
    expect(readFileSync(file, 'utf8')).toBe(`${bracketed()} ${shown.publicKey}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dir.file('fresh')).mode & 0o777).toBe(0o700);
    expect(await connect('', { knownHosts: file })).toBe('in\n');
  });

  test('writes a hashed name when the OpenSSH configuration wants it', async () => {
    const config = dir.write('hashing', 'HashKnownHosts yes\n');
    const transport = newTransport(config);
    const endpoint = endpointOf(server, { identity: key.file, ...acceptNew('hashed') });

    await (await transport.connect(endpoint, never)).close();

    const file = dir.file('hashed');
    expect(readFileSync(file, 'utf8')).toMatch(/^\|1\|\S+\|\S+ ssh-ed25519 \S+\n$/);
    expect(spawnSync('ssh-keygen', ['-F', bracketed(), '-f', file]).status).toBe(0);
    expect(await connect('', { knownHosts: file })).toBe('in\n');
  });

  test('adds to a file that does not end in a newline', async () => {
    dir.write('cut', `old.example ${other.publicKey}`);

    await connect('', acceptNew('cut'));

    expect(readFileSync(dir.file('cut'), 'utf8')).toBe(
      `old.example ${other.publicKey}\n${bracketed()} ${shown.publicKey}\n`,
    );
  });

  test('never takes a changed, revoked or certified host', async () => {
    for (const lines of [
      `${bracketed()} ${other.publicKey}\n`,
      `@revoked * ${shown.publicKey}\n`,
      `@cert-authority * ${other.publicKey}\n`,
    ]) {
      dir.write('stern', lines);
      await expect(connect('', acceptNew('stern'))).rejects.toMatchObject({ reason: 'host-key' });
      expect(readFileSync(dir.file('stern'), 'utf8')).toBe(lines);
    }
  });

  test('loses no line of 20 hosts at once, nor of another program', async () => {
    dir.write('many', '');
    const servers = await Promise.all(
      Array.from({ length: 4 }, (_, i) =>
        startSshd(dir, {
          name: `many${i}`,
          authorized: [key],
          hostKeys: [shown],
          config: [2, 3, 4, 5].map((last) => `ListenAddress 127.0.0.${last}`),
        }),
      ),
    );
    try {
      const transport = newTransport();
      const hosts = servers.flatMap(({ port }) =>
        [1, 2, 3, 4, 5].map((i) => ({ address: `127.0.0.${i}`, port })),
      );
      const names = hosts.map(({ address, port }) => `[${address}]:${port}`);

      const attempts = hosts.map(async ({ address, port }) => {
        const endpoint = endpointOf(
          { port },
          { identity: key.file, ...acceptNew('many'), address },
        );
        return (await transport.connect(endpoint, never)).close();
      });
      writeFileSync(dir.file('many'), `another.example ${other.publicKey}\n`, { flag: 'a' });
      await Promise.all(attempts);

      const lines = readFileSync(dir.file('many'), 'utf8').trimEnd().split('\n');
      expect(lines.toSorted()).toEqual(
        [
          `another.example ${other.publicKey}`,
          ...names.map((name) => `${name} ${shown.publicKey}`),
        ].toSorted(),
      );
    } finally {
      for (const one of servers) await one[Symbol.asyncDispose]();
    }
  });

  test('writes the key of one host once, however many connections it gets', async () => {
    dir.write('once', '');
    const transport = newTransport();
    const endpoint = endpointOf(server, { identity: key.file, ...acceptNew('once') });

    const all = Array.from({ length: 5 }, () => transport.connect(endpoint, never));
    for (const connection of await Promise.all(all)) await connection.close();

    expect(readFileSync(dir.file('once'), 'utf8').match(/ssh-ed25519/g)).toHaveLength(1);
  });

  test('notices that another program has recorded another key meanwhile', async () => {
    dir.write('race', '');
    await using second = await startSshd(dir, { name: 'race2', authorized: [key] });
    const transport = newTransport();
    const first = endpointOf(server, { identity: key.file, ...acceptNew('race') });
    await (await transport.connect(first, never)).close();
    dir.write('race', `[127.0.0.1]:${second.port} ${other.publicKey}\n`);

    await expect(
      transport.connect(endpointOf(second, { identity: key.file, ...acceptNew('race') }), never),
    ).rejects.toThrow('has CHANGED');
  });

  test('takes nobody for new while a file cannot be read that may know better', async () => {
    const unreadable = dir.file('directory');
    mkdirSync(unreadable);
    const config = dir.write(
      'two_files',
      `UserKnownHostsFile ${dir.write('readable', '')} ${unreadable}\nGlobalKnownHostsFile none\n`,
    );
    const before = logins();
    const connectBy = async (lines: string) => {
      dir.write('readable', lines);
      const transport = newTransport(config);
      const { knownHosts: _, ...endpoint } = endpointOf(server, {
        ...{ identity: key.file, hostKeyChecking: 'accept-new' },
      });
      const connection = await transport.connect(endpoint, never);
      await connection.close();
    };

    await expect(connectBy('')).rejects.toMatchObject({
      reason: 'host-key',
      message: `the host key of ${at} is not known: ssh-ed25519 ${shown.fingerprint}`,
      hint: expect.stringContaining(`${unreadable} cannot be read`),
    });
    expect(logins()).toBe(before);
    expect(readFileSync(dir.file('readable'), 'utf8')).toBe('');
    await connectBy(`${bracketed()} ${shown.publicKey}\n`);
    expect(logins()).toBe(before + 1);
  });

  test('goes on with a warning when the file cannot be written', async () => {
    const warnings: string[] = [];
    const transport = createSsh2Transport({
      config: 'none',
      agentSocket: null,
      warn: (text) => warnings.push(text),
    });
    const endpoint = endpointOf(server, {
      identity: key.file,
      hostKeyChecking: 'accept-new',
      knownHosts: '/proc/xpush/known_hosts',
    });

    await (await transport.connect(endpoint, never)).close();

    expect(warnings).toEqual([
      expect.stringContaining('the host key of 127.0.0.1 was accepted, but ENOENT'),
    ]);
  });
});

describe('openClient', () => {
  const authentication = {
    next: () => null,
    note: () => {},
    ended: () => {},
    failure: () => new Error('it got as far as authentication'),
  };

  /** Each is a way in which ssh2 alone would let a wrong host in, or a near relative of one. */
  const wirings: readonly (readonly [string, unknown])[] = [
    ['no verifier', undefined],
    ['null', null],
    ['a boolean in its place', true],
    ['a string in its place', 'verify'],
    ['an async refusal', async () => false],
    ['an async acceptance', async () => true],
    ['null as the answer', () => null],
    ['0 as the answer', () => 0],
    ['an empty string as the answer', () => ''],
    ['nothing as the answer', () => undefined],
    ['a word as the answer', () => 'yes'],
    [
      'the answer through a callback',
      (_key: Buffer, verify?: (yes: boolean) => void) => verify?.(true),
    ],
    [
      'a verifier that throws',
      () => {
        throw new Error('oops');
      },
    ],
  ];

  test.each(wirings)('lets nobody in by %s', async (_name, verify) => {
    const socket = createConnection(server.port, '127.0.0.1');
    const hostKey = { knownTypes: [], verify, refusal: () => null } as unknown as HostKeyVerifier;

    const attempt = openClient(
      {
        socket,
        label: at,
        user: loginUser,
        hostKey,
        authentication: authentication as never,
        legacyAlgorithms: false,
        phaseTimeoutMs: 5_000,
        keepaliveMs: 15_000,
        signal: never,
      },
      () => null,
    );

    await expect(attempt).rejects.toMatchObject({
      name: 'ConnectionError',
      message: `${at}: Host denied (verification failed) during the key exchange`,
    });
    expect(socket.destroyed).toBe(true);
  });

  test('gets to the authentication with a plain true', async () => {
    const socket = createConnection(server.port, '127.0.0.1');

    await expect(
      openClient(
        {
          socket,
          label: at,
          user: loginUser,
          hostKey: { knownTypes: [], verify: () => true, refusal: () => null },
          authentication: authentication as never,
          legacyAlgorithms: false,
          phaseTimeoutMs: 5_000,
          keepaliveMs: 15_000,
          signal: never,
        },
        () => null,
      ),
    ).rejects.toThrow('it got as far as authentication');
  });
});
