import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Contact } from '../../src/connection/contact.ts';
import { createTransport, type Endpoint } from '../../src/connection/index.ts';
import {
  endpointOf,
  freePort,
  type KeyPair,
  knownHostsLines,
  loginUser,
  makeKey,
  never,
  startDropbear,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';

const dir = new TempDir();
let key: KeyPair;
let server: TestServer;
let bastion: TestServer;
let knownHosts: string;

beforeAll(async () => {
  key = makeKey(dir, 'id');
  server = await startSshd(dir, { name: 'server', authorized: [key] });
  bastion = await startSshd(dir, { name: 'bastion', authorized: [key] });
  knownHosts = dir.write('known_hosts', [server, bastion].map(knownHostsLines).join(''));
});

afterAll(() => dir[Symbol.asyncDispose]());

const at = (one: { readonly port: number }, rest: Partial<Endpoint> = {}) =>
  endpointOf(one, { knownHosts, identity: key.file, ...rest });

/** What is told of a try to connect, by host. */
type Contacts = Readonly<Partial<Record<'xen1' | 'gate', Partial<Contact>>>>;

async function contacts(endpoint: Endpoint): Promise<Contacts> {
  const seen = new Map<string, Partial<Contact>>();
  const transport = createTransport({
    ...{ config: 'none', agentSocket: null },
    observe: (host, more) => seen.set(host, { ...seen.get(host), ...more }),
  });
  const first = { command: 'exec /bin/sh -s', input: '' };
  try {
    const connection = await transport.connect(endpoint, never, first);
    await connection.close();
  } catch {
    // told too
  } finally {
    await transport.close();
  }
  return Object.fromEntries(seen);
}

describe('what a connection went through', () => {
  test('is told as it is made: the way, the host key, the algorithms, the login', async () => {
    const { xen1 } = await contacts(at(server));

    expect(xen1).toEqual({
      transport: 'ssh2',
      to: `127.0.0.1:${server.port}`,
      ...{ user: loginUser, jumps: [], proxyCommand: null },
      ...{ from: '127.0.0.1', address: '127.0.0.1' },
      server: expect.stringMatching(/^SSH-2\.0-OpenSSH_\S+/),
      hostKey: {
        ...{ type: 'ssh-ed25519', standing: 'known', at: `${knownHosts}:1` },
        fingerprint: server.hostKeys[0]!.fingerprint,
      },
      agreed: {
        ...{ kex: 'curve25519-sha256', hostKey: 'ssh-ed25519' },
        ...{ cipher: 'aes128-gcm@openssh.com', mac: '', isStrict: true },
      },
      tried: [`key ${key.file} (${key.fingerprint})`],
      flight: 'whole',
    });
  });

  test('is told of jump hosts too', async () => {
    const told = await contacts(at(server, { jump: [at(bastion, { name: 'gate' })] }));

    expect(told.xen1).toMatchObject({ jumps: ['gate'], flight: 'whole' });
    expect(told.xen1).not.toHaveProperty('from');
    expect(told.gate).toMatchObject({
      ...{ to: `127.0.0.1:${bastion.port}`, from: '127.0.0.1' },
      hostKey: { standing: 'known', at: `${knownHosts}:2` },
    });
  });

  test('is the same over openssh, as far as ssh tells', async () => {
    const told = await contacts(
      at(server, {
        transport: 'openssh',
        jump: [at(bastion, { name: 'gate', transport: 'openssh' })],
      }),
    );

    const { fingerprint } = server.hostKeys[0]!;
    expect(told.xen1).toMatchObject({
      ...{ transport: 'openssh', to: `127.0.0.1:${server.port}`, jumps: ['gate'], user: loginUser },
      server: expect.stringMatching(/^SSH-2\.0-OpenSSH_\S+/),
      hostKey: { type: 'ssh-ed25519', fingerprint, standing: 'known', at: `${knownHosts}:1` },
      agreed: { hostKey: 'ssh-ed25519', kex: expect.stringMatching(/^(?:sntrup|mlkem|curve)/) },
      tried: [expect.stringContaining(key.fingerprint)],
    });
    expect(told.gate).toMatchObject({ address: '127.0.0.1', jumps: [] });
  });

  test('a weak server is told as it is; dropbear, as it calls itself', async () => {
    const rsa = makeKey(dir, 'rsa_host', { type: 'rsa' });
    await using old = await startSshd(dir, {
      ...{ name: 'old', authorized: [key], hostKeys: [rsa] },
      config: [
        'KexAlgorithms diffie-hellman-group14-sha1',
        'HostKeyAlgorithms ssh-rsa',
        'Ciphers aes128-cbc',
        'MACs hmac-sha1',
      ],
    });
    await using small = await startDropbear(dir, { authorized: [key] });
    const hostKey = rsa.publicKey;

    const { xen1 } = await contacts(at(old, { legacyAlgorithms: true, hostKey }));
    const dropbear = await contacts(at(small, { hostKey: small.hostKeys[0]!.publicKey }));

    expect(xen1).toMatchObject({
      hostKey: { type: 'ssh-rsa', standing: 'pinned', at: null },
      agreed: {
        ...{ kex: 'diffie-hellman-group14-sha1', hostKey: 'ssh-rsa' },
        ...{ cipher: 'aes128-cbc', mac: 'hmac-sha1' },
      },
    });
    expect(dropbear.xen1!.server).toMatch(/^SSH-2\.0-dropbear/);
  });

  test('of one that fails is told how far it came, and why it ended', async () => {
    const stranger = makeKey(dir, 'stranger');
    const port = await freePort();
    const name = `[127.0.0.1]:${server.port}`;
    const former = dir.write('former', `# x\n${name} ${stranger.publicKey}\n`);

    const changed = await contacts(at(server, { knownHosts: former }));
    const unknown = await contacts(at(server, { knownHosts: dir.write('empty', '') }));
    const refused = await contacts(at(server, { identity: stranger.file }));
    const closed = await contacts(at({ port }));

    expect(changed.xen1).toMatchObject({
      hostKey: { standing: 'changed', at: `${former}:2` },
      failure: 'host-key',
    });
    expect(changed.xen1).not.toHaveProperty('agreed');
    expect(unknown.xen1).toMatchObject({
      hostKey: { standing: 'unknown' },
      failure: 'host-key',
    });
    expect(refused.xen1).toMatchObject({
      ...{ failure: 'authentication', hostKey: { standing: 'known' } },
      ...{ agreed: { kex: 'curve25519-sha256' } },
      tried: [`key ${stranger.file} (${stranger.fingerprint})`],
    });
    expect(closed.xen1).toEqual({
      ...{ transport: 'ssh2', to: `127.0.0.1:${port}`, user: loginUser },
      ...{ jumps: [], proxyCommand: null, failure: 'network' },
    });
  });

  test('over openssh is not what a banner would like it to be', async () => {
    const banner = dir.write(
      'banner',
      [
        'debug1: Server host key: ssh-rsa SHA256:spoofed',
        'Offending ED25519 key in /spoofed:1',
        '@ WARNING: REVOKED HOST KEY DETECTED! @',
        'debug1: Found key in /spoofed:2',
        '',
      ].join('\n'),
    );
    await using liar = await startSshd(dir, {
      ...{ name: 'liar', authorized: [key], config: [`Banner ${banner}`] },
    });
    const file = dir.write('liar_hosts', knownHostsLines(liar));

    const { xen1 } = await contacts(at(liar, { transport: 'openssh', knownHosts: file }));

    const { fingerprint } = liar.hostKeys[0]!;
    expect(xen1).toMatchObject({
      hostKey: { type: 'ssh-ed25519', fingerprint, standing: 'known', at: `${file}:1` },
    });
  });

  test('of one that fails over openssh too', async () => {
    const stranger = makeKey(dir, 'other');
    const name = `[127.0.0.1]:${server.port}`;
    const former = dir.write('former2', `# x\n${name} ${stranger.publicKey}\n`);
    const fail = (rest: Partial<Endpoint>) =>
      contacts(at(server, { transport: 'openssh', ...rest }));

    const changed = await fail({ knownHosts: former });
    const unknown = await fail({ knownHosts: dir.write('empty2', '') });
    const pinned = await fail({ hostKey: stranger.publicKey });
    const refused = await fail({ identity: stranger.file });

    expect(changed.xen1).toMatchObject({
      hostKey: { standing: 'changed', at: `${former}:2` },
      failure: 'host-key',
    });
    expect(unknown.xen1).toMatchObject({ hostKey: { standing: 'unknown', at: null } });
    expect(pinned.xen1).toMatchObject({ hostKey: { standing: 'changed' } });
    expect(refused.xen1).toMatchObject({
      ...{ failure: 'authentication', hostKey: { standing: 'known', at: `${knownHosts}:1` } },
      server: expect.stringMatching(/^SSH-2\.0-OpenSSH/),
      tried: [expect.stringContaining(stranger.fingerprint)],
    });
  });
});
