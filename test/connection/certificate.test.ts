import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doubtAbout, parseCertificate, readCertificate } from '../../src/connection/certificate.ts';
import {
  createSsh2Transport,
  type Endpoint,
  type Ssh2TransportOptions,
} from '../../src/connection/index.ts';
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
let authority: KeyPair;
/** Trusts the authority, and no key. */
let server: TestServer;
let knownHosts: string;

beforeAll(async () => {
  authority = makeKey(dir, 'authority');
  server = await startSshd(dir, {
    authorized: [],
    config: [`TrustedUserCAKeys ${authority.file}.pub`, 'LogLevel VERBOSE'],
  });
  knownHosts = dir.write('known_hosts', knownHostsLines(server));
});

afterAll(() => dir[Symbol.asyncDispose]());

let count = 0;

/** A key with a certificate beside it, signed with these options of ssh-keygen. */
function certified(
  options: readonly string[] = [],
  { type = 'ed25519', principal = loginUser }: { type?: string; principal?: string } = {},
): KeyPair {
  count += 1;
  const key = makeKey(dir, `certified${count}`, { type });
  const args = ['-q', '-s', authority.file, '-I', `id ${count}`, '-n', principal, ...options];
  execFileSync('ssh-keygen', [...args, `${key.file}.pub`]);
  return key;
}

async function login(
  endpoint: Partial<Endpoint>,
  options: Ssh2TransportOptions = {},
): Promise<string> {
  const transport = createSsh2Transport({ config: 'none', agentSocket: null, ...options });
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

describe('a certificate', () => {
  test.each(['ed25519', 'ecdsa', 'rsa'])('beside a key of the type %s logs in', async (type) => {
    expect(await login({ identity: certified([], { type }).file })).toBe('in\n');
  });

  test.each(['ed25519', 'ecdsa', 'rsa'])('for %s that an agent holds logs in', async (type) => {
    using agent = await startAgent(dir, [certified([], { type })]);

    expect(await login({}, { agentSocket: agent.socket, config: 'none' })).toBe('in\n');
  });

  test('beside a key that an agent holds is signed for by the agent', async () => {
    const key = certified();
    const certificate = `${key.file}-cert.pub`;
    renameSync(certificate, `${certificate}.away`);
    using agent = await startAgent(dir, [key]);
    renameSync(`${certificate}.away`, certificate);

    expect(await login({ identity: key.file }, { agentSocket: agent.socket })).toBe('in\n');
  });

  test('that CertificateFile names is found a key among the identities and in the agent', async () => {
    const key = certified();
    const elsewhere = dir.file('elsewhere');
    renameSync(`${key.file}-cert.pub`, elsewhere);
    using agent = await startAgent(dir, [key]);
    const byFile = dir.write(
      'by_file',
      `Host *\nCertificateFile ${elsewhere}\nIdentityFile ${key.file}\n`,
    );
    const byAgent = dir.write(
      'by_agent',
      `Host *\nCertificateFile ${elsewhere}\nIdentitiesOnly yes\nIdentityFile none\n`,
    );

    expect(await login({}, { config: byFile })).toBe('in\n');
    expect(await login({}, { config: byAgent, agentSocket: agent.socket })).toBe('in\n');
  });

  test('goes before its key, and both count', async () => {
    const key = certified([], { principal: 'somebody' });

    await expect(login({ identity: key.file })).rejects.toMatchObject({
      reason: 'authentication',
      message: `authentication failed as ${loginUser}: tried certificate ${key.file}-cert.pub (it is for somebody), key ${key.file} (${key.fingerprint}); the server allows publickey`,
    });
  });

  test.each([
    ['expired', ['-V', '20200101:20200102'], 'it expired at 20'],
    ['not valid yet', ['-V', '20900101:20910102'], 'it is not valid before 20'],
    ['a host', ['-h'], 'it is not for users'],
  ])('that is %s is said to be', async (_what, options, doubt) => {
    const { file } = certified(options);

    await expect(login({ identity: file })).rejects.toThrow(
      `tried certificate ${file}-cert.pub (${doubt}`,
    );
  });

  test('with a critical option that nobody knows is refused by the server', async () => {
    const { file } = certified(['-O', 'critical:nonsense@example.com']);

    await expect(login({ identity: file })).rejects.toThrow(`tried certificate ${file}-cert.pub, `);
  });

  test('of another key is not offered', async () => {
    const [mine, other] = [certified(), certified()];
    renameSync(`${other.file}-cert.pub`, `${mine.file}-cert.pub`);

    await expect(login({ identity: mine.file })).rejects.toThrow(
      `${mine.file}-cert.pub is not a certificate of ${mine.file}`,
    );
  });

  test('that is rubbish is named, and the key is offered', async () => {
    const key = certified();
    dir.write(`${key.file.split('/').at(-1)}-cert.pub`, 'rubbish\n');

    await expect(login({ identity: key.file })).rejects.toThrow(
      new RegExp(`tried key ${key.file} .*; ${key.file}-cert.pub is not a certificate$`),
    );
  });

  test('is left out where PubkeyAcceptedAlgorithms leaves it out', async () => {
    const { file } = certified();
    const config = dir.write(
      'accepted',
      `Host *\nIdentityFile ${file}\nPubkeyAcceptedAlgorithms ssh-ed25519\n`,
    );

    await expect(login({}, { config })).rejects.toThrow(
      `certificate ${file}-cert.pub is left out by PubkeyAcceptedAlgorithms`,
    );
  });
});

describe('readCertificate', () => {
  test.each(['ed25519', 'ecdsa', 'rsa'])('reads what ssh-keygen made of %s', (type) => {
    const key = certified(['-n', 'alice,bob', '-V', '20300101:20310101', '-z', '77'], { type });

    const certificate = parseCertificate(readFileSync(`${key.file}-cert.pub`, 'utf8'));

    expect(certificate).toMatchObject({
      subject: 'user',
      principals: ['alice', 'bob'],
      key: { blob: Buffer.from(key.publicKey.split(' ')[1] ?? '', 'base64') },
    });
    expect(doubtAbout(certificate!, 'alice', new Date('2030-06-01'))).toBeNull();
    expect(doubtAbout(certificate!, 'carol', new Date('2030-06-01'))).toBe('it is for alice, bob');
  });

  test('takes no part of a certificate for one, and throws at nothing', () => {
    const text = readFileSync(`${certified().file}-cert.pub`, 'utf8');
    const blob = Buffer.from(text.split(' ')[1] ?? '', 'base64');

    for (let end = 0; end < blob.length; end += 1) {
      expect(readCertificate(blob.subarray(0, end))).toBeNull();
    }
    fc.assert(
      fc.property(
        fc.nat(blob.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.uint8Array({ maxLength: 8 }),
        (at, byte, more) => {
          const changed = Buffer.concat([blob, more]);
          changed[at] = byte;
          readCertificate(changed);
          if (more.length > 0) expect(readCertificate(Buffer.concat([blob, more]))).toBeNull();
        },
      ),
    );
  });
});
