import { createDiffieHellman } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSsh2Transport, type Endpoint } from '../../src/connection/index.ts';
import { takeOverExchanges } from '../../src/connection/ssh2-exchanges.ts';
import { sshString } from './faults.ts';
import {
  endpointOf,
  type KeyPair,
  listening,
  makeKey,
  never,
  run,
  startSshd,
  TempDir,
} from './sshd.ts';

const sha256 = 'diffie-hellman-group-exchange-sha256';
const sha1 = 'diffie-hellman-group-exchange-sha1';

let dir: TempDir;
let key: KeyPair;

beforeAll(() => {
  dir = new TempDir();
  key = makeKey(dir, 'id');
});

afterAll(() => dir[Symbol.dispose]());

let servers = 0;

/** A real server that exchanges keys in groups of its own only. */
async function startGroupSshd(...config: readonly string[]) {
  servers += 1;
  return await startSshd(dir, {
    name: `server${servers}`,
    authorized: [key],
    config: ['LogLevel DEBUG2', ...config],
  });
}

async function connect(
  server: { readonly port: number; readonly hostKeys: readonly KeyPair[] },
  rest: Partial<Endpoint> = {},
) {
  const agreed: string[] = [];
  const transport = createSsh2Transport({
    config: 'none',
    agentSocket: null,
    observe: (_, seen) => {
      if (seen.agreed !== undefined) agreed.push(seen.agreed.kex);
    },
  });
  const hostKey = server.hostKeys[0]?.publicKey ?? '';
  const endpoint = endpointOf(server, { identity: key.file, hostKey, ...rest });
  return { connection: await transport.connect(endpoint, never), agreed };
}

/** Of OpenSSH: `size` counts from 0. */
function primeOf(size: number): string {
  const lines = readFileSync('/etc/ssh/moduli', 'utf8').split('\n');
  const fields = lines.map((line) => line.split(' ')).find((line) => line[4] === String(size));
  return fields?.[6] ?? '';
}

describe('a group exchange', () => {
  test('gets along with OpenSSH', async () => {
    await using server = await startGroupSshd(`KexAlgorithms ${sha256}`);

    const { connection, agreed } = await connect(server);
    const { stdout } = await run(connection, 'echo hello');
    await connection.close();

    expect(stdout).toBe('hello\n');
    expect(agreed).toEqual([sha256]);
  });

  test('by SHA-1 is for hosts with legacy_algorithms', async () => {
    await using server = await startGroupSshd(`KexAlgorithms ${sha1}`);

    await expect(connect(server)).rejects.toThrow('no matching key exchange algorithm');
    const { connection, agreed } = await connect(server, { legacyAlgorithms: true });
    const { stdout } = await run(connection, 'echo hello');
    await connection.close();

    expect(stdout).toBe('hello\n');
    expect(agreed).toEqual([sha1]);
  });

  test('asks for no more than 4096 bits, whatever the cipher', async () => {
    await using server = await startGroupSshd(`KexAlgorithms ${sha256}`, 'Ciphers aes256-ctr');

    const { connection } = await connect(server);
    await run(connection, 'true');
    await connection.close();

    expect(server.log()).toContain('SSH2_MSG_KEX_DH_GEX_REQUEST received');
    expect(server.log()).not.toMatch(/bits set: \d+\/(?!40\d\d)\d{4}/);
    expect(server.log()).toMatch(/bits set: \d+\/40\d\d/);
  });

  test('is done anew within a connection', async () => {
    await using server = await startGroupSshd(`KexAlgorithms ${sha256}`, 'RekeyLimit 64K');
    const { connection } = await connect(server);

    const { stdout } = await run(connection, 'head -c 1000000 /dev/zero | tr "\\0" x');
    await connection.close();

    expect(stdout).toBe('x'.repeat(1_000_000));
    expect(server.log().match(/DH_GEX_REQUEST received/g)?.length).toBeGreaterThan(5);
  });

  test('five times takes less than one test of such a prime, which is what Node does by itself', async () => {
    await using server = await startGroupSshd(`KexAlgorithms ${sha256}`);
    const prime = primeOf(3071);
    const logIn = async () => {
      for (let login = 0; login < 5; login += 1) {
        const { connection } = await connect(server);
        await connection.close();
      }
    };

    const primalityTest = await cpuMs(() => createDiffieHellman(prime, 'hex', 2));
    const logins = await cpuMs(logIn);

    expect(prime).toHaveLength(768);
    expect(logins).toBeLessThan(primalityTest);
  });
});

async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user } = process.cpuUsage(before);
  return user / 1_000;
}

const message = { kexInit: 20, newKeys: 21, group: 31, reply: 33 } as const;

function packet(type: number, ...content: readonly Buffer[]): Buffer {
  const payload = Buffer.concat([Buffer.of(type), ...content]);
  const padding = 8 - ((5 + payload.length) % 8) + 8;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + payload.length + padding);
  head[4] = padding;
  return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}

function kexInit(): Buffer {
  const lists = [
    sha256,
    'ssh-ed25519',
    ...['aes128-ctr', 'aes128-ctr', 'hmac-sha2-256', 'hmac-sha2-256', 'none', 'none', '', ''],
  ];
  return packet(message.kexInit, Buffer.alloc(16), ...lists.map(sshString), Buffer.alloc(5));
}

const good = Buffer.concat([Buffer.of(0), Buffer.from(primeOf(2047), 'hex')]);
const two = Buffer.of(2);

/** A server that says this, whatever it is told. */
async function startLiar(...packets: readonly Buffer[]) {
  return await listening(
    createServer((socket) => {
      socket.write(Buffer.concat([Buffer.from('SSH-2.0-liar\r\n'), kexInit(), ...packets]));
      socket.resume();
    }),
  );
}

const group = (prime: Buffer, generator: Buffer) =>
  packet(message.group, sshString(prime), sshString(generator));

describe('a hostile server', () => {
  test.each([
    ['the prime 1', group(Buffer.of(1), two), 'the prime has 1 bits'],
    ['a prime of 1 bit too many', group(oddOf(8193), two), 'the prime has 8193 bits'],
    ['a prime of 30 kB', group(oddOf(240_000), two), 'the prime has more than 8192 bits'],
    ['an even prime', group(even(good), two), 'the prime is even'],
    ['a generator of 0', group(good, Buffer.alloc(0)), 'the generator is out of range'],
    ['a generator of 1', group(good, Buffer.of(1)), 'the generator is out of range'],
    ['no generator', packet(message.group, sshString(good)), 'malformed KEXDH_GEX_GROUP'],
    [
      'the group twice',
      Buffer.concat([group(good, two), group(good, two)]),
      'Received packet 31 instead of 33',
    ],
  ])('is refused with %s', async (_, lie, refusal) => {
    await using liar = await startLiar(lie);

    await expect(connect({ ...liar, hostKeys: [key] })).rejects.toThrow(refusal);
  });

  test.each([
    ['0', Buffer.alloc(0)],
    ['1', Buffer.of(1)],
    ['the prime less 1', even(good)],
    ['the prime', good],
    ['30 kB', oddOf(240_000)],
  ])('is refused with the public value %s, before its signature is looked at', async (_, value) => {
    const blob = Buffer.from(key.publicKey.split(' ')[1] ?? '', 'base64');
    const signature = Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.alloc(64))]);
    const reply = [blob, value, signature].map(sshString);
    await using liar = await startLiar(
      group(good, two),
      packet(message.reply, ...reply),
      packet(message.newKeys),
    );

    await expect(connect({ ...liar, hostKeys: [key] })).rejects.toThrow(
      'the public value is out of range',
    );
  });

  test('with the longest prime costs less than a test of one that is much shorter', async () => {
    await using liar = await startLiar(group(oddOf(8192), two), group(good, two));

    const primalityTest = await cpuMs(() => createDiffieHellman(primeOf(3071), 'hex', 2));
    const answer = await cpuMs(() =>
      expect(connect({ ...liar, hostKeys: [key] })).rejects.toThrow('Received packet 31'),
    );

    expect(answer).toBeLessThan(primalityTest);
  });
});

/** An odd number of so many bits, as an mpint. */
function oddOf(bits: number): Buffer {
  const bytes = Buffer.alloc(Math.floor(bits / 8) + 1, 0xff);
  bytes[0] = 2 ** (bits % 8) - 1;
  return bytes;
}

function even(odd: Buffer): Buffer {
  const bytes = Buffer.from(odd);
  bytes[bytes.length - 1] = (odd.at(-1) ?? 1) - 1;
  return bytes;
}

describe('takeOverExchanges', () => {
  /** The exchange that ssh2 begins with a server that wants a group, as it is when it is set. */
  function clientOf(change: (exchange: object) => void) {
    const client = new ssh2.Client();
    const protocol = { _kex: undefined };
    Reflect.set(client, '_protocol', protocol);
    const isDone = takeOverExchanges(client);
    const nothing = () => {};
    const exchange = {
      ...{ type: 'groupex', _prefBits: 8192, _public: null, _dh: null },
      ...{ setDHParams: nothing, generateKeys: nothing, computeSecret: nothing, parse: nothing },
      ...{ getDHParams: nothing, convertPublicKey: nothing, getPublicKey: nothing },
    };
    change(exchange);
    return { isDone, begin: () => Reflect.set(protocol, '_kex', exchange) };
  }

  test('does without a client that has not connected', () => {
    expect(takeOverExchanges(new ssh2.Client())).toBe(false);
  });

  test('takes an exchange that is as it is known', () => {
    const { isDone, begin } = clientOf(() => {});

    expect(isDone).toBe(true);
    expect(begin).not.toThrow();
  });

  test.each([
    ...['_prefBits', '_public', '_dh', 'setDHParams', 'generateKeys', 'computeSecret'],
    ...['getDHParams', 'convertPublicKey', 'getPublicKey', 'parse'],
  ])('fails an exchange without %s: what it costs is not known then', (name) => {
    const { begin } = clientOf((exchange) => Reflect.deleteProperty(exchange, name));

    expect(begin).toThrow('in an unknown way');
  });
});
