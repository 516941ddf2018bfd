import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Login } from '../../src/connection/authentication.ts';
import { IdentityFiles } from '../../src/connection/identity.ts';
import {
  createSsh2Transport,
  type Endpoint,
  type Ssh2TransportOptions,
} from '../../src/connection/index.ts';
import { chooseKeys } from '../../src/connection/key-offers.ts';
import { OpensshConfig } from '../../src/connection/openssh-config.ts';
import { PasswordTurns } from '../../src/connection/password.ts';
import { resolveTarget } from '../../src/connection/resolve.ts';
import { until } from '../until.ts';
import { startAgent } from './agent-process.ts';
import {
  endpointOf,
  type KeyPair,
  knownHostsLines,
  loginUser,
  makeKey,
  never,
  run,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';

const dir = new TempDir();
let server: TestServer;
let knownHosts: string;
const authorized = new Map<string, KeyPair>();
let stranger: KeyPair;

beforeAll(async () => {
  authorized.set('ed25519', makeKey(dir, 'ed25519'));
  authorized.set('ECDSA', makeKey(dir, 'ecdsa', { type: 'ecdsa' }));
  authorized.set('RSA', makeKey(dir, 'rsa', { type: 'rsa' }));
  authorized.set('RSA in PEM', makeKey(dir, 'rsapem', { type: 'rsa', format: 'PEM' }));
  authorized.set('RSA in PKCS #8', makeKey(dir, 'rsa8', { type: 'rsa', format: 'PKCS8' }));
  authorized.set('ECDSA in PEM', makeKey(dir, 'ecpem', { type: 'ecdsa', format: 'PEM' }));
  authorized.set('encrypted ed25519', makeKey(dir, 'secret', { passphrase: 'open sesame' }));
  authorized.set(
    'encrypted RSA in PEM',
    makeKey(dir, 'secretpem', {
      type: 'rsa',
      format: 'PEM',
      passphrase: 'open sesame',
    }),
  );
  authorized.set(
    'encrypted ECDSA in PKCS #8',
    makeKey(dir, 'secret8', {
      type: 'ecdsa',
      format: 'PKCS8',
      passphrase: 'open sesame',
    }),
  );
  stranger = makeKey(dir, 'stranger');
  server = await startSshd(dir, { authorized: [...authorized.values()] });
  knownHosts = dir.write('known_hosts', knownHostsLines(server));
});

afterAll(() => dir[Symbol.asyncDispose]());

const keyNamed = (name: string): KeyPair => authorized.get(name)!;

/** A user of this machine whose home is in the test's directory. */
function userWith(home: string, files: readonly KeyPair[] = []) {
  const path = dir.file(home);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(`${path}/.ssh`, { recursive: true, mode: 0o700 });
  for (const { file } of files) copyFileSync(file, `${path}/.ssh/id_${file.split('/').pop()}`);
  return { name: loginUser, home: path, id: process.getuid?.() ?? 0 };
}

async function login(
  endpoint: Partial<Endpoint>,
  options: Ssh2TransportOptions = {},
): Promise<string> {
  const transport = createSsh2Transport({
    agentSocket: null,
    user: userWith('nobody'),
    ...options,
  });
  try {
    const connection = await transport.connect(
      endpointOf(server, { knownHosts, ...endpoint }),
      never,
    );
    const { stdout } = await run(connection, 'echo in');
    await connection.close();
    return stdout;
  } finally {
    await transport.close();
  }
}

describe('a key file', () => {
  test.each(['ed25519', 'ECDSA', 'RSA', 'RSA in PEM', 'RSA in PKCS #8', 'ECDSA in PEM'])(
    'of the kind %s logs in',
    async (name) => {
      expect(await login({ identity: keyNamed(name).file })).toBe('in\n');
    },
  );

  test.each(['encrypted ed25519', 'encrypted RSA in PEM', 'encrypted ECDSA in PKCS #8'])(
    'of the kind %s asks once for its passphrase',
    async (name) => {
      const asked: string[] = [];
      const { file } = keyNamed(name);
      const transport = createSsh2Transport({
        config: 'none',
        agentSocket: null,
        passphrase: async (path) => {
          asked.push(path);
          return 'open sesame';
        },
      });
      const endpoint = endpointOf(server, { identity: file, knownHosts });

      const problems = await transport.prepare([endpoint, { ...endpoint, name: 'xen2' }]);
      const connections = [endpoint, endpoint].map((one) => transport.connect(one, never));
      for (const connection of await Promise.all(connections)) await connection.close();

      expect(problems).toEqual([]);
      expect(asked).toEqual([file]);
    },
  );

  test.each(['encrypted ed25519', 'encrypted RSA in PEM', 'encrypted ECDSA in PKCS #8'])(
    'of the kind %s says that its passphrase was wrong',
    async (name) => {
      const { file } = keyNamed(name);
      const transport = createSsh2Transport({
        config: 'none',
        agentSocket: null,
        passphrase: async () => 'wrong',
      });
      const endpoint = endpointOf(server, { identity: file, knownHosts });
      const expected = { reason: 'config', message: `wrong passphrase for the key ${file}` };

      expect(await transport.prepare([endpoint, { ...endpoint, name: 'xen2' }])).toEqual([
        expect.objectContaining(expected),
      ]);
      await expect(transport.connect(endpoint, never)).rejects.toMatchObject(expected);
    },
  );

  test('that is encrypted says so when nobody can be asked', async () => {
    const { file } = keyNamed('encrypted ed25519');

    for (const options of [{}, { passphrase: async () => null }]) {
      await expect(login({ identity: file }, options)).rejects.toMatchObject({
        reason: 'config',
        message: `the key ${file} is encrypted`,
        hint: 'load it into an agent (ssh-add), or run on a terminal to be asked',
      });
    }
  });

  test('that others can read is refused', async () => {
    const open = makeKey(dir, 'open');
    chmodSync(open.file, 0o644);

    await expect(login({ identity: open.file })).rejects.toMatchObject({
      reason: 'config',
      message: `the key ${open.file} can be read by others (mode 0644)`,
      hint: `chmod 600 ${open.file}`,
    });
  });

  test('that is missing, damaged or public is named', async () => {
    const rubbish = dir.write('rubbish', 'hello\n');
    const cut = dir.write('cut', readFileSync(keyNamed('ed25519').file, 'utf8').slice(0, 200));
    chmodSync(`${stranger.file}.pub`, 0o600);

    await expect(login({ identity: dir.file('none') })).rejects.toThrow(
      `there is no key file ${dir.file('none')}`,
    );
    for (const file of [rubbish, cut, `${stranger.file}.pub`]) {
      await expect(login({ identity: file })).rejects.toMatchObject({
        reason: 'config',
        message: expect.stringContaining(`cannot use the key ${file}: `),
      });
    }
  });

  test('of the usual names is found in the home of the user', async () => {
    const user = userWith('usual', [keyNamed('ed25519')]);

    expect(await login({}, { user })).toBe('in\n');
    expect(await login({ identity: '~/.ssh/id_ed25519' }, { user })).toBe('in\n');
  });

  test('of the usual names that is encrypted is not asked for while there is another', async () => {
    const user = userWith('mixed', [keyNamed('ed25519')]);
    copyFileSync(keyNamed('encrypted ed25519').file, `${user.home}/.ssh/id_rsa`);
    const passphrase = () => Promise.reject(new Error('asked'));

    expect(await login({}, { user, passphrase })).toBe('in\n');
  });

  test('named for the host is the only one that is offered', async () => {
    const user = userWith('only', [keyNamed('ed25519')]);
    using agent = await startAgent(dir, [keyNamed('ed25519')]);

    await expect(
      login({ identity: stranger.file }, { user, agentSocket: agent.socket }),
    ).rejects.toThrow(
      `authentication failed as ${loginUser}: tried key ${stranger.file} (${stranger.fingerprint}); the server allows publickey`,
    );
  });

  test('signs without SHA-1 unless the host is a legacy one', async () => {
    const { file } = keyNamed('RSA');
    const local = {
      user: userWith('sha1'),
      agentSocket: null,
      config: await OpensshConfig.read('none', '/'),
      warn: () => {},
    };
    const signatures = [];
    for (const legacyAlgorithms of [false, true]) {
      const endpoint = endpointOf(server, { identity: file, legacyAlgorithms });
      const target = await resolveTarget(endpoint, local);
      const offers = await chooseKeys(target, new IdentityFiles(null), null);
      const key = new Login(target, offers, new PasswordTurns()).first(() => () => {});
      for (const algorithm of ['ssh-rsa', 'rsa-sha2-256']) {
        signatures.push(Buffer.isBuffer(await key?.sign(Buffer.from('x'), algorithm)));
      }
    }

    expect(signatures).toEqual([false, true, true, true]);
  });
});

describe('an agent', () => {
  test.each(['ed25519', 'ECDSA', 'RSA', 'encrypted ed25519'])('logs in with %s', async (name) => {
    using agent = await startAgent(dir, [keyNamed(name)]);

    expect(await login({}, { agentSocket: agent.socket })).toBe('in\n');
  });

  test('spares the question for the key that it holds', async () => {
    const key = keyNamed('encrypted ed25519');
    using agent = await startAgent(dir, [stranger, key]);
    const passphrase = () => Promise.reject(new Error('asked'));

    expect(await login({ identity: key.file }, { agentSocket: agent.socket, passphrase })).toBe(
      'in\n',
    );
  });

  test('signs for 20 hosts at once', async () => {
    using agent = await startAgent(dir, [keyNamed('RSA')]);
    const transport = createSsh2Transport({
      config: 'none',
      agentSocket: agent.socket,
      user: userWith('twenty'),
    });
    const endpoint = endpointOf(server, { knownHosts });

    const all = Array.from({ length: 20 }, () => transport.connect(endpoint, never));
    const connections = await Promise.all(all);

    for (const connection of connections) await connection.close();
    expect(connections).toHaveLength(20);
  });

  test('with a wrong key is told what the server allows', async () => {
    using agent = await startAgent(dir, [stranger]);

    await expect(login({}, { agentSocket: agent.socket })).rejects.toMatchObject({
      reason: 'authentication',
      message: `authentication failed as ${loginUser}: tried agent (1 key); the server allows publickey`,
    });
  });

  test('with many keys is not tried to the end', async () => {
    const strangers = Array.from({ length: 7 }, (_, i) => makeKey(dir, `many${i}`));
    using agent = await startAgent(dir, strangers);

    await expect(login({}, { agentSocket: agent.socket })).rejects.toMatchObject({
      reason: 'authentication',
      message: `authentication failed as ${loginUser}: tried agent (5 keys); the server allows publickey; 2 more not tried, for a server counts them: name one with identity`,
    });
  });

  test('that is gone is said to be', async () => {
    await expect(login({}, { agentSocket: dir.file('gone') })).rejects.toThrow(
      `authentication failed as ${loginUser}: no key to offer; the server allows publickey; the agent can't be used (it cannot be reached: ENOENT)`,
    );
  });

  test('that answers rubbish harms nobody', async () => {
    const blob = Buffer.from(keyNamed('ECDSA').publicKey.split(' ')[1] ?? '', 'base64');
    const packet = (...parts: Buffer[]) => {
      const body = Buffer.concat(parts);
      return Buffer.concat([uint32(body.length), body]);
    };
    const string = (data: Buffer) => Buffer.concat([uint32(data.length), data]);
    const socket = dir.file('rubbish-agent');
    const fake = createServer((peer) => {
      peer
        .on('error', () => {})
        .on('data', (request) => {
          peer.write(
            request[4] === 11
              ? packet(Buffer.from([12]), uint32(1), string(blob), string(Buffer.from('x')))
              : packet(Buffer.from([14]), string(packet(Buffer.from('ecdsa-sha2-nistp256')))),
          );
        });
    }).listen(socket);

    await expect(login({}, { agentSocket: socket })).rejects.toMatchObject({
      reason: 'authentication',
    });
    fake.close();
  });

  test('that says nothing is given up', async () => {
    const socket = dir.file('mute-agent');
    let asked = 0;
    const mute = createServer((peer) => {
      asked += 1;
      peer.on('error', () => {});
    }).listen(socket);
    const stop = new AbortController();
    const transport = createSsh2Transport({
      config: 'none',
      agentSocket: socket,
      user: userWith('mute'),
    });

    const attempt = transport.connect(endpointOf(server, { knownHosts }), stop.signal);
    await until(() => asked > 0);
    stop.abort();

    await expect(attempt).rejects.toMatchObject({ reason: 'aborted' });
    mute.close();
  });
});

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
