import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSsh2Transport } from '../../src/connection/index.ts';
import { agentMessage, lengthPrefixed, startFakeAgent, uint32 } from './fake-agent.ts';
import {
  endpointOf,
  type KeyPair,
  knownHostsLines,
  loginUser,
  makeKey,
  never,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';

const application = 'ssh:';
const userPresent = 1;

/** A FIDO token in software, as PROTOCOL.u2f of OpenSSH has it. */
interface Token {
  readonly type: string;
  readonly blob: Buffer;
  /** How often it was touched. */
  touches: number;
  readonly key: KeyObject;
}

const dir = new TempDir();
let authority: KeyPair;
let server: TestServer;
let knownHosts: string;
const tokens = new Map<string, Token>();

beforeAll(async () => {
  authority = makeKey(dir, 'authority');
  tokens.set('ed25519', ed25519Token());
  tokens.set('ecdsa', ecdsaToken());
  tokens.set('certified', ed25519Token());
  const authorized = ['ed25519', 'ecdsa'].map((name) => tokenNamed(name)).map(publicText);
  server = await startSshd(dir, {
    authorized: authorized.map((publicKey) => ({ publicKey, file: '', fingerprint: '' })),
    config: [`TrustedUserCAKeys ${authority.file}.pub`],
  });
  knownHosts = dir.write('known_hosts', knownHostsLines(server));
});

afterAll(() => dir[Symbol.asyncDispose]());

function tokenNamed(name: string): Token {
  const token = tokens.get(name);
  if (token === undefined) throw new Error('no such token');
  return token;
}

function ed25519Token(): Token {
  const { publicKey, privateKey: key } = generateKeyPairSync('ed25519');
  const type = 'sk-ssh-ed25519@openssh.com';
  const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const fields = [type, point, application].map(lengthPrefixed);
  return { type, blob: Buffer.concat(fields), key, touches: 0 };
}

function ecdsaToken(): Token {
  const { publicKey, privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const type = 'sk-ecdsa-sha2-nistp256@openssh.com';
  const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-65);
  const fields = [type, 'nistp256', point, application].map(lengthPrefixed);
  return { type, blob: Buffer.concat(fields), key, touches: 0 };
}

function publicText({ type, blob }: Token): string {
  return `${type} ${blob.toString('base64')}`;
}

/** The signature of a token that was touched. */
function touch(token: Token, data: Buffer): Buffer {
  token.touches += 1;
  const digest = (text: Buffer | string) => createHash('sha256').update(text).digest();
  const counter = Buffer.concat([Buffer.from([userPresent]), uint32(token.touches)]);
  const signed = Buffer.concat([digest(application), counter, digest(data)]);
  const isEd25519 = token.key.asymmetricKeyType === 'ed25519';
  const raw = isEd25519
    ? sign(null, signed, token.key)
    : Buffer.concat(
        integers(sign('sha256', signed, { key: token.key, dsaEncoding: 'ieee-p1363' })),
      );
  return Buffer.concat([lengthPrefixed(token.type), lengthPrefixed(raw), counter]);
}

function integers(halves: Buffer): readonly Buffer[] {
  return [halves.subarray(0, 32), halves.subarray(32)].map((half) =>
    lengthPrefixed(Buffer.concat([Buffer.from([0]), half]).subarray(half[0]! < 128 ? 1 : 0)),
  );
}

/** An agent that holds a token; `answer` makes the signature. */
function agentWith(token: Token, answer = touch) {
  return startFakeAgent(dir, (request) => {
    if (request[0] === 11) {
      const key = [lengthPrefixed(token.blob), lengthPrefixed('token')];
      return agentMessage(Buffer.from([12]), uint32(1), ...key);
    }
    const blobEnd = 5 + request.readUInt32BE(1);
    const dataLength = request.readUInt32BE(blobEnd);
    const data = request.subarray(blobEnd + 4, blobEnd + 4 + dataLength);
    return agentMessage(Buffer.from([14]), lengthPrefixed(answer(token, data)));
  });
}

async function login(agentSocket: string, config: string): Promise<void> {
  const transport = createSsh2Transport({ config, agentSocket });
  try {
    const connection = await transport.connect(endpointOf(server, { knownHosts }), never);
    await connection.close();
  } finally {
    await transport.close();
  }
}

describe('a FIDO key that an agent holds', () => {
  test.each(['ed25519', 'ecdsa'])('of the type %s logs in, with one touch', async (name) => {
    const token = tokenNamed(name);
    using agent = await agentWith(token);

    await login(agent.socket, 'none');

    expect(token.touches).toBe(1);
  });

  test('logs in by a certificate beside its public half', async () => {
    const token = tokenNamed('certified');
    const file = dir.file('id_sk');
    dir.write('id_sk.pub', `${publicText(token)}\n`);
    const args = ['-q', '-s', authority.file, '-I', 'sk', '-n', loginUser];
    execFileSync('ssh-keygen', [...args, `${file}.pub`]);
    const config = dir.write('config', `Host *\nIdentityFile ${file}\nIdentitiesOnly yes\n`);
    using agent = await agentWith(token);

    await login(agent.socket, config);

    expect(token.touches).toBe(1);
  });

  test('is not touched for a server that does not take it, not even for a first command', async () => {
    const token = ed25519Token();
    using agent = await agentWith(token);
    const transport = createSsh2Transport({ config: 'none', agentSocket: agent.socket });
    const first = { command: 'exec /bin/sh -s', input: 'exit\n' };

    const attempt = transport.connect(endpointOf(server, { knownHosts }), never, first);

    await expect(attempt).rejects.toThrow('tried agent (1 key); the server allows publickey');
    expect(token.touches).toBe(0);
    await transport.close();
  });

  test('that was not touched is refused', async () => {
    using agent = await agentWith(tokenNamed('ed25519'), (token, data) => {
      const signature = touch(token, data);
      signature[signature.length - 5] = 0;
      return signature;
    });

    await expect(login(agent.socket, 'none')).rejects.toThrow('tried agent (1 key)');
  });
});

describe('a FIDO key in a file', () => {
  test('is said to need an agent', async () => {
    const { type, blob } = tokenNamed('ed25519');
    const header = Buffer.concat([
      Buffer.from('openssh-key-v1\0'),
      ...['none', 'none', ''].map(lengthPrefixed),
      uint32(1),
      lengthPrefixed(blob),
      lengthPrefixed(type),
    ]);
    const text = `-----BEGIN OPENSSH PRIVATE KEY-----\n${header.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
    const identity = dir.write('id_handle', text);
    const transport = createSsh2Transport({ config: 'none', agentSocket: null });

    await expect(
      transport.connect(endpointOf(server, { knownHosts, identity }), never),
    ).rejects.toMatchObject({
      reason: 'config',
      message: `cannot use the key ${identity}: it is on a FIDO token`,
      hint: expect.stringContaining(`ssh-add ${identity}`),
    });
  });
});
