import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCertificate, readCertificate } from '../../src/connection/certificate.ts';
import { certificateFlaw } from '../../src/connection/host-certificate.ts';
import { createSsh2Transport, type Endpoint } from '../../src/connection/index.ts';
import { type PublicKey, parsePublicKey } from '../../src/connection/public-key.ts';
import { verifiableAlgorithms, verifySignature } from '../../src/connection/verify-signature.ts';
import {
  endpointOf,
  type KeyPair,
  listening,
  makeKey,
  never,
  run,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';

const dir = new TempDir();
let authority: KeyPair;
let key: KeyPair;
let count = 0;

beforeAll(() => {
  authority = makeKey(dir, 'authority');
  key = makeKey(dir, 'key');
});

afterAll(() => dir[Symbol.asyncDispose]());

interface Certified {
  readonly by?: KeyPair;
  readonly type?: string;
  readonly bits?: string;
  readonly principals?: string | null;
  readonly options?: readonly string[];
}

/** A key with a certificate beside it. */
function certified({
  by = authority,
  type = 'ed25519',
  bits,
  principals = '127.0.0.1',
  options = ['-h'],
}: Certified): KeyPair {
  count += 1;
  const file = dir.file(`host${count}`);
  const size = bits === undefined ? [] : ['-b', bits];
  execFileSync('ssh-keygen', ['-q', '-t', type, ...size, '-N', '', '-f', file]);
  const names = principals === null ? [] : ['-n', principals];
  const args = ['-q', '-s', by.file, '-I', `host ${count}`, ...names, ...options];
  execFileSync('ssh-keygen', [...args, `${file}.pub`]);
  const [name, blob] = readFileSync(`${file}.pub`, 'utf8').split(' ');
  return { file, publicKey: `${name} ${blob}`, fingerprint: '' };
}

/** A server that shows the certificate of its key. */
async function serve(what: Certified = {}, config: readonly string[] = []): Promise<TestServer> {
  const hostKey = certified(what);
  return await startSshd(dir, {
    name: `sshd${count}`,
    authorized: [key],
    hostKeys: [hostKey],
    config: [`HostCertificate ${hostKey.file}-cert.pub`, ...config],
  });
}

/** known_hosts that trusts an authority for all hosts. */
function trusting(by: KeyPair = authority, more = ''): string {
  count += 1;
  return dir.write(`known${count}`, `@cert-authority * ${by.publicKey}\n${more}`);
}

async function login(
  server: { readonly port: number },
  endpoint: Partial<Endpoint> = {},
  config = 'none',
): Promise<string> {
  const transport = createSsh2Transport({ config, agentSocket: null });
  try {
    const connection = await transport.connect(
      endpointOf(server, { knownHosts: trusting(), identity: key.file, ...endpoint }),
      never,
    );
    const { stdout } = await run(connection, 'head -c 3000000 /dev/zero | wc -c');
    await connection.close();
    return stdout.trim();
  } finally {
    await transport.close();
  }
}

describe('the certificate of a host', () => {
  test.each([
    ['ed25519', undefined],
    ['ecdsa', '256'],
    ['ecdsa', '384'],
    ['ecdsa', '521'],
  ])('of its %s key is as good as a known key (%s bits)', async (type, bits) => {
    const server = await serve(bits === undefined ? { type } : { type, bits });

    expect(await login(server)).toBe('3000000');
  });

  test.each(['ecdsa', 'rsa'])('by an authority with a key of the type %s is good', async (type) => {
    const by = makeKey(dir, `authority_${type}`, { type });
    const server = await serve({ by });

    expect(await login(server, { knownHosts: trusting(by) })).toBe('3000000');
  });

  test('is good at each new key exchange', async () => {
    const server = await serve({}, ['RekeyLimit 1M']);
    const transport = createSsh2Transport({ config: 'none', agentSocket: null });
    const connection = await transport.connect(
      endpointOf(server, { knownHosts: trusting(), identity: key.file }),
      never,
    );

    const { stdout } = await run(connection, 'head -c 4000000 /dev/zero');
    await connection.close();
    await transport.close();

    expect(stdout).toHaveLength(4_000_000);
  });

  test.each([
    ['names nobody', null],
    ['names it by a pattern', '127.0.0.*'],
    ['names it among others', 'other,127.0.0.1'],
  ])('that %s is good', async (_what, principals) => {
    expect(await login(await serve({ principals }))).toBe('3000000');
  });

  test('is for the HostKeyAlias where there is one', async () => {
    const server = await serve({ principals: 'xen1.fleet' });
    const config = dir.write('alias', 'Host *\nHostKeyAlias xen1.fleet\n');

    expect(await login(server, {}, config)).toBe('3000000');
    await expect(login(server)).rejects.toThrow('it is for xen1.fleet');
  });

  test.each<readonly [string, Certified, string]>([
    ['has expired', { options: ['-h', '-V', '20200101:20200102'] }, 'it expired at 20'],
    ['is not valid yet', { options: ['-h', '-V', '20900101:20910101'] }, 'it is not valid before'],
    ['is of another host', { principals: 'other' }, 'it is for other'],
  ])('that %s is refused, unless its key is known', async (_what, what, flaw) => {
    const server = await serve(what);
    const [hostKey] = server.hostKeys;
    const known = `[127.0.0.1]:${server.port} ${hostKey?.publicKey}\n`;

    await expect(login(server)).rejects.toMatchObject({
      reason: 'host-key',
      message: expect.stringContaining(flaw),
    });
    await expect(login(server, { hostKeyChecking: 'accept-new' })).rejects.toMatchObject({
      reason: 'host-key',
    });
    expect(await login(server, { knownHosts: trusting(authority, known) })).toBe('3000000');
  });

  test('that is wrong lets nobody be taken for new, whose authority is known without the port', async () => {
    const server = await serve({ by: makeKey(dir, 'nobody') });
    const file = dir.write('portless', `@cert-authority 127.0.0.1 ${authority.publicKey}\n`);
    const before = readFileSync(file, 'utf8');

    await expect(
      login(server, { knownHosts: file, hostKeyChecking: 'accept-new' }),
    ).rejects.toMatchObject({ reason: 'host-key' });
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(await login(await serve(), { knownHosts: file })).toBe('3000000');
  });

  test('by somebody else is refused', async () => {
    const server = await serve({ by: makeKey(dir, 'somebody') });

    await expect(login(server)).rejects.toMatchObject({
      reason: 'host-key',
      message: expect.stringContaining('signed it, who is not known'),
    });
  });

  test('is refused when its key or its authority was revoked', async () => {
    const server = await serve();
    const [hostKey] = server.hostKeys;
    const byLine = (one: string) => trusting(authority, `@revoked * ${one}\n`);
    const revoked = dir.write('revoked', `${authority.publicKey}\n`);
    const byFile = dir.write('revoking', `Host *\nRevokedHostKeys ${revoked}\n`);

    for (const one of [hostKey?.publicKey ?? '', authority.publicKey]) {
      await expect(login(server, { knownHosts: byLine(one) })).rejects.toThrow('REVOKED');
    }
    await expect(login(server, {}, byFile)).rejects.toThrow('REVOKED');
  });

  test('is refused when its signature is of a kind that CASignatureAlgorithms leaves out', async () => {
    const config = dir.write('signatures', 'Host *\nCASignatureAlgorithms rsa-sha2-512\n');

    await expect(login(await serve(), {}, config)).rejects.toThrow(
      'signed by ssh-ed25519, which CASignatureAlgorithms leaves out',
    );
  });

  test('is not asked for where a key is pinned, or HostKeyAlgorithms leaves it out', async () => {
    const server = await serve({ principals: 'other' });
    const hostKey = server.hostKeys[0]?.publicKey ?? '';
    const config = dir.write('plain', 'Host *\nHostKeyAlgorithms ssh-ed25519\n');

    expect(await login(server, { hostKey })).toBe('3000000');
    await expect(login(server, {}, config)).rejects.toThrow('is to prove itself by a certificate');
  });

  test.each([true, false])('is worth nothing without its key (has it: %s)', async (hasKey) => {
    const hostKey = certified({});
    await using server = await impostor(hostKey, hasKey ? hostKey : makeKey(dir, 'thief'));

    const attempt = login(server, { connectTimeoutMs: 3_000 });

    await expect(attempt).rejects.toMatchObject(
      hasKey
        ? { reason: 'authentication' }
        : { message: expect.stringContaining('signature verification failed') },
    );
  });
});

/** A server of ssh2 that shows the certificate of one key and signs with another. */
async function impostor(shown: KeyPair, signer: KeyPair) {
  const type = 'ssh-ed25519-cert-v01@openssh.com';
  const blob = blobOf(`${shown.file}-cert.pub`);
  const parsed = ssh2.utils.parseKey(readFileSync(signer.file));
  if (parsed instanceof Error) throw parsed;
  const pem = createPrivateKey(parsed.getPrivatePEM());
  const server = new ssh2.Server({ hostKeys: [readFileSync(signer.file)] }, (client) => {
    const protocol = Reflect.get(client, '_protocol');
    const { lists, constructor: Offer } = protocol._offer;
    const direction = { ...mapped(lists.cs) };
    protocol._offer = new Offer({
      ...{ kex: lists.kex.array, serverHostKey: [type], cs: direction, sc: direction },
    });
    protocol._hostKeys[type] = {
      type: 'ssh-ed25519',
      getPublicSSH: () => blob,
      sign: (data: Buffer) => {
        protocol._kex.negotiated.serverHostKey = 'ssh-ed25519';
        return sign(null, data, pem);
      },
    };
    client.on('error', () => {}).on('authentication', (context) => context.reject(['password']));
  });
  return await listening(Reflect.get(server, '_srv'));
}

function mapped(lists: Readonly<Record<string, { readonly array: readonly string[] }>>) {
  return Object.fromEntries(Object.entries(lists).map(([name, { array }]) => [name, array]));
}

function blobOf(file: string): Buffer {
  return Buffer.from(readFileSync(file, 'utf8').split(' ')[1] ?? '', 'base64');
}

function publicKeyOf({ publicKey }: KeyPair): PublicKey {
  const parsed = parsePublicKey(publicKey);
  if (parsed === null) throw new Error('no key');
  return parsed;
}

describe('certificateFlaw', () => {
  const rules = (by: KeyPair) => ({
    name: '127.0.0.1',
    authorities: [publicKeyOf(by)],
    signatures: verifiableAlgorithms,
    now: new Date(),
  });

  test('finds one in a certificate of which any bit was changed', () => {
    const { file } = certified({});
    const blob = blobOf(`${file}-cert.pub`);
    const whole = readCertificate(blob);
    const flaws: (string | null | undefined)[] = [];
    for (let at = 0; at < blob.length; at += 1) {
      const changed = Buffer.from(blob);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const certificate = readCertificate(changed);
      if (certificate !== null) flaws.push(certificateFlaw(certificate, rules(authority)));
    }

    expect(whole && certificateFlaw(whole, rules(authority))).toBeNull();
    expect(flaws.length).toBeGreaterThan(100);
    expect(flaws).not.toContain(null);
  });

  test('finds one in the certificate of a user and in one with critical options', () => {
    const flawOf = (options: readonly string[]) => {
      const text = readFileSync(`${certified({ options }).file}-cert.pub`, 'utf8');
      const certificate = parseCertificate(text);
      return certificate && certificateFlaw(certificate, rules(authority));
    };

    expect(flawOf([])).toBe('it is not for hosts');
    expect(flawOf(['-h', '-O', 'critical:x@y'])).toContain('critical options');
  });
});

describe('verifySignature', () => {
  test('takes no signature with SHA-1, nor of another type of key', () => {
    const rsa = makeKey(dir, 'verify_rsa', { type: 'rsa' });
    const pem = createPrivateKey(parsedPem(rsa));
    const string = (data: Buffer | string) => {
      const bytes = Buffer.from(data);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    };
    const data = Buffer.from('data');
    const signed = (algorithm: string, hash: string) =>
      Buffer.concat([string(algorithm), string(sign(hash, data, pem))]);
    const verifies = (signature: Buffer) => verifySignature(publicKeyOf(rsa), data, signature);

    expect(verifies(signed('rsa-sha2-512', 'sha512'))).toBe(true);
    expect(verifies(signed('rsa-sha2-256', 'sha256'))).toBe(true);
    expect(verifies(signed('rsa-sha2-512', 'sha256'))).toBe(false);
    expect(verifies(signed('ssh-rsa', 'sha1'))).toBe(false);
    expect(verifies(signed('ssh-ed25519', 'sha512'))).toBe(false);
    expect(verifies(Buffer.concat([signed('rsa-sha2-512', 'sha512'), Buffer.alloc(1)]))).toBe(
      false,
    );
  });

  test('throws at no key that is damaged', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-65);
    const text = publicKeyOf(makeKey(dir, 'verify_ec', { type: 'ecdsa' }));
    const broken = Buffer.from(text.blob);
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;

    expect(point).toHaveLength(65);
    expect(
      verifySignature({ ...text, blob: broken }, Buffer.from('x'), Buffer.from('nonsense')),
    ).toBe(false);
  });
});

function parsedPem({ file }: KeyPair): string {
  const parsed = ssh2.utils.parseKey(readFileSync(file));
  if (parsed instanceof Error) throw parsed;
  return parsed.getPrivatePEM();
}
