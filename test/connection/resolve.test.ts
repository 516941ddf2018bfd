import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Endpoint } from '../../src/connection/index.ts';
import { OpensshConfig } from '../../src/connection/openssh-config.ts';
import { resolveTarget } from '../../src/connection/resolve.ts';
import { makeKey, TempDir } from './sshd.ts';

let dir: TempDir;
const user = { name: 'me', home: '/home/me', id: 1000 };
const xen1 = { name: 'xen1', address: 'xen1' };

beforeAll(() => {
  dir = new TempDir();
});

afterAll(() => {
  dir[Symbol.dispose]();
  vi.unstubAllEnvs();
});

/** A line of the configuration. */
const at = (line: number) => `${dir.file('config')}:${line}`;

async function resolve(text: string, endpoint: Endpoint = xen1) {
  const warnings: string[] = [];
  const config = await OpensshConfig.read(dir.write('config', `${text}\n`), dir.path);
  const target = await resolveTarget(endpoint, {
    user,
    agentSocket: '/agent',
    config,
    warn: (message) => warnings.push(message),
  });
  return { ...target, warnings };
}

describe('resolveTarget', () => {
  test('falls back to what OpenSSH would take', async () => {
    expect(await resolve('')).toEqual({
      name: 'xen1',
      host: 'xen1',
      port: 22,
      user: 'me',
      hostKey: {
        name: { host: 'xen1', port: 22, alias: null },
        pin: null,
        files: [
          '/home/me/.ssh/known_hosts',
          '/home/me/.ssh/known_hosts2',
          '/etc/ssh/ssh_known_hosts',
          '/etc/ssh/ssh_known_hosts2',
        ],
        recordFile: '/home/me/.ssh/known_hosts',
        recordHashed: false,
        acceptNew: false,
        revokedFiles: [],
        authoritySignatures: expect.arrayContaining(['ssh-ed25519']),
        checksAddress: false,
        leastRsaBits: 1024,
      },
      certificateFiles: [],
      login: expect.objectContaining({
        methods: ['publickey', 'keyboard-interactive', 'password'],
        passwordPrompts: 3,
        isBatch: false,
        leastRsaBits: 1024,
      }),
      algorithms: expect.objectContaining({ isHostKeyOrderFixed: false }),
      dialling: { family: 'any', bindAddress: null, attempts: 1 },
      proxyCommand: null,
      places: {},
      keepaliveCount: 3,
      identities: ['ed25519', 'ecdsa', 'rsa'].map((type) => ({
        file: `/home/me/.ssh/id_${type}`,
        origin: 'default',
      })),
      identitiesOnly: false,
      agentSocket: '/agent',
      connectTimeoutMs: 10_000,
      keepaliveMs: 15_000,
      password: null,
      legacyAlgorithms: false,
      via: null,
      warnings: [],
    });
  });

  test('takes the OpenSSH configuration where the endpoint is silent', async () => {
    const text = `Host xen1
      HostName %h.example
      User ops
      Port 2222
      IdentityFile ~/.ssh/%r@%n
      IdentityFile \${XPUSH_TEST_HOME}/%l-%p-%u-%i-%%
      IdentitiesOnly yes
      IdentityAgent ~/agent
      UserKnownHostsFile ~/kh %d/kh2
      GlobalKnownHostsFile none
      HostKeyAlias alias
      StrictHostKeyChecking accept-new
      HashKnownHosts yes
      ConnectTimeout 3`;

    vi.stubEnv('XPUSH_TEST_HOME', '/env/home');

    expect(await resolve(text)).toMatchObject({
      host: 'xen1.example',
      port: 2222,
      user: 'ops',
      identities: [
        { file: '/home/me/.ssh/ops@xen1', origin: 'config' },
        { file: `/env/home/${hostname()}-2222-me-1000-%`, origin: 'config' },
      ],
      identitiesOnly: true,
      agentSocket: '/home/me/agent',
      hostKey: {
        name: { host: 'xen1.example', port: 2222, alias: 'alias' },
        files: ['/home/me/kh', '/home/me/kh2'],
        recordFile: '/home/me/kh',
        recordHashed: true,
        acceptNew: true,
      },
      connectTimeoutMs: 3_000,
    });
  });

  test('records nothing where the OpenSSH configuration keeps nothing', async () => {
    const { hostKey } = await resolve('UserKnownHostsFile /dev/null');

    expect(hostKey).toMatchObject({ recordFile: null });
  });

  test('fills in a User, as newer versions of ssh do', async () => {
    expect((await resolve('User %u-%n-%%')).user).toBe('me-xen1-%');
    expect((await resolve('', { ...xen1, user: '%u' })).user).toBe('%u');
    await expect(resolve('User %r')).rejects.toThrow('%r is not understood here');
  });

  test('takes the endpoint first', async () => {
    const { publicKey } = makeKey(dir, 'pin');
    const text =
      'HostName other\nUser ops\nPort 2222\nIdentityFile /x\nUserKnownHostsFile /kh\nStrictHostKeyChecking accept-new\nConnectTimeout 3\nProxyJump j';

    expect(
      await resolve(text, {
        name: 'xen1',
        address: '10.0.0.1',
        user: 'root',
        port: 22,
        identity: '~/key',
        jump: [],
        hostKey: publicKey,
        knownHosts: '~/mine',
        hostKeyChecking: 'strict',
        connectTimeoutMs: 1,
        legacyAlgorithms: true,
      }),
    ).toMatchObject({
      host: '10.0.0.1',
      port: 22,
      user: 'root',
      identities: [{ file: '/home/me/key', origin: 'endpoint' }],
      identitiesOnly: true,
      hostKey: { pin: { type: 'ssh-ed25519' }, files: ['/home/me/mine'], acceptNew: false },
      connectTimeoutMs: 1,
      legacyAlgorithms: true,
      via: null,
    });
  });

  test('finds Host lines by the name and Match host lines by the address', async () => {
    const endpoint = { name: 'xen1', address: '10.0.0.1' };

    expect(await resolve('Host xen1\n User byname', endpoint)).toMatchObject({ user: 'byname' });
    expect(await resolve('Match host 10.*\n User at', endpoint)).toMatchObject({ user: 'at' });
    expect(await resolve('Host 10.*\n User no', endpoint)).toMatchObject({ user: 'me' });
  });

  test('knows the ways to name an agent', async () => {
    vi.stubEnv('XPUSH_TEST_AGENT', '/from/env');

    const sockets = [];
    for (const value of ['none', 'SSH_AUTH_SOCK', '$XPUSH_TEST_AGENT', '/x/%u']) {
      sockets.push((await resolve(`IdentityAgent ${value}`)).agentSocket);
    }

    expect(sockets).toEqual([null, '/agent', '/from/env', '/x/me']);
  });

  test('does not follow StrictHostKeyChecking no, and says so', async () => {
    const { hostKey, warnings } = await resolve('StrictHostKeyChecking no');

    expect(hostKey.acceptNew).toBe(false);
    expect(warnings).toEqual([
      `StrictHostKeyChecking no of ${at(1)} is not followed: unknown host keys are refused`,
    ]);
  });

  test('chains the hops', async () => {
    const { via } = await resolve('Host xen1\n ProxyJump u@a:1,[fe80::1]:2,c');

    expect(via).toMatchObject({
      host: 'c',
      port: 22,
      user: 'me',
      via: { host: 'fe80::1', port: 2, via: { host: 'a', port: 1, user: 'u', via: null } },
    });
  });

  test.each([
    ['BindInterface eth0', 'BindInterface'],
    ['KnownHostsCommand /bin/true', 'KnownHostsCommand'],
    ['CanonicalizePermittedCNAMEs *:*', 'CanonicalizePermittedCNAMEs'],
    ['ProxyUseFdpass yes\nProxyCommand x', 'ProxyUseFdpass'],
  ])('refuses %j rather than to pass over it', async (text, keyword) => {
    await expect(resolve(text)).rejects.toMatchObject({
      reason: 'config',
      message: `${dir.file('config')}:1: xpush cannot follow ${keyword}, which is set for xen1`,
      hint: expect.stringContaining('transport: openssh'),
    });
  });

  test('does not mind settings that change nothing for the endpoint', async () => {
    const { publicKey } = makeKey(dir, 'pin2');
    const pinned = { name: 'xen1', address: '10.0.0.1', hostKey: publicKey, jump: [] };

    const { host, proxyCommand } = await resolve(
      'ProxyCommand x\nProxyUseFdpass yes\nKnownHostsCommand x\nCanonicalizePermittedCNAMEs *:*',
      pinned,
    );
    const none = await resolve('ProxyUseFdpass no\nKnownHostsCommand none\nBindInterface none');

    expect([host, proxyCommand, none.host]).toEqual(['10.0.0.1', null, 'xen1']);
  });

  test('fills in a ProxyCommand, for the first hop only', async () => {
    const text = 'HostName h.%h\nUser ops\nProxyCommand nc "%h" %p %n %r %% # %k';

    expect(await resolve(text)).toMatchObject({
      proxyCommand: 'nc "h.xen1" 22 xen1 ops % # xen1',
      via: null,
    });
    expect(
      await resolve('Host xen1\n ProxyJump a,b\nHost *\n ProxyCommand nc %h %p'),
    ).toMatchObject({
      proxyCommand: null,
      via: { host: 'b', proxyCommand: null, via: { host: 'a', proxyCommand: 'nc a 22' } },
    });
  });

  test.each([
    ['a name', { name: 'x;id', address: '10.0.0.1' }, 'ProxyCommand nc %n', '"x;id" for %n'],
    ['an address', { name: 'x', address: '$(id)' }, 'ProxyCommand nc %h', '"$(id)" for %h'],
    ['an option', { name: 'x', address: '-ox' }, 'ProxyCommand ssh %h', '"-ox" for %h'],
    ['a user', { name: 'x', address: 'x', user: 'a b -x' }, 'ProxyCommand ssh %r', 'for %r'],
    ['an exec', { name: 'x`id`', address: 'x' }, 'Match exec "x %n"\n Port 1', 'for %n'],
  ])('lets %s run nothing', async (_what, endpoint, text, message) => {
    await expect(resolve(text, endpoint)).rejects.toMatchObject({
      reason: 'config',
      message: expect.stringContaining(message),
    });
  });

  test('takes over how to log in, how to dial and how long to wait', async () => {
    const text = `PreferredAuthentications gssapi-with-mic,password,publickey,keyboard-interactive
      KbdInteractiveAuthentication no
      NumberOfPasswordPrompts 1
      BatchMode yes
      RequiredRSASize 3072
      CertificateFile ~/%u-cert.pub
      AddressFamily inet
      BindAddress 127.0.0.2
      ConnectionAttempts 4
      ServerAliveInterval 7
      ServerAliveCountMax 2
      RevokedHostKeys ~/revoked /etc/ssh/%n
      CheckHostIP yes
      PubkeyAcceptedAlgorithms ssh-ed25519,rsa-*`;

    expect(await resolve(text)).toMatchObject({
      login: {
        methods: ['password', 'publickey'],
        passwordPrompts: 1,
        isBatch: true,
        leastRsaBits: 3072,
        signatures: [
          'ssh-ed25519',
          'rsa-sha2-512-cert-v01@openssh.com',
          'rsa-sha2-256-cert-v01@openssh.com',
          'rsa-sha2-512',
          'rsa-sha2-256',
        ],
      },
      certificateFiles: ['/home/me/me-cert.pub'],
      dialling: { family: 'inet', bindAddress: '127.0.0.2', attempts: 4 },
      keepaliveMs: 7_000,
      keepaliveCount: 2,
      hostKey: {
        revokedFiles: ['/home/me/revoked', '/etc/ssh/xen1'],
        checksAddress: true,
        leastRsaBits: 3072,
      },
    });
  });

  test.each([
    [
      'PreferredAuthentications gssapi-with-mic',
      () =>
        `the OpenSSH configuration leaves no way to log in to xen1 (PreferredAuthentications of ${at(1)})`,
    ],
    [
      'KexAlgorithms sntrup761x25519-sha512@openssh.com',
      () =>
        `KexAlgorithms sntrup761x25519-sha512@openssh.com of ${at(1)} leaves nothing that xpush speaks`,
    ],
    ['Port 1\nCiphers -*', () => `Ciphers -* of ${at(2)} leaves nothing that xpush speaks`],
  ])('refuses %j, says where that is, and names the transport that can', async (text, message) => {
    await expect(resolve(text)).rejects.toMatchObject({
      reason: 'config',
      message: message(),
      hint: expect.stringContaining('transport: openssh'),
    });
  });

  test('gives a legacy host what it needs, whatever the configuration lists', async () => {
    const text = 'KexAlgorithms curve25519-sha256\nHostKeyAlgorithms ^rsa-sha2-512';

    const { algorithms } = await resolve(text, { ...xen1, legacyAlgorithms: true });

    expect(algorithms.kex).toEqual([
      'curve25519-sha256',
      'diffie-hellman-group14-sha1',
      'diffie-hellman-group-exchange-sha1',
      'diffie-hellman-group1-sha1',
    ]);
    expect(algorithms.hostKeys[0]).toBe('rsa-sha2-512');
    expect(algorithms.hostKeys).toContain('ssh-dss');
    expect(algorithms.isHostKeyOrderFixed).toBe(true);
  });

  test('refuses a host that the configuration refuses', async () => {
    await expect(resolve('Host xen*\n RefuseConnection "moved to xen9"')).rejects.toThrow(
      `${at(2)} refuses xen1: moved to xen9`,
    );
  });

  test.each([
    ['IdentityFile ~/%K', '"~/%K" of the OpenSSH configuration: %K is not understood here'],
    [
      `IdentityFile \${NO_SUCH_VARIABLE}/x`,
      `"\${NO_SUCH_VARIABLE}/x" of the OpenSSH configuration: the environment has no NO_SUCH_VARIABLE`,
    ],
    ['ProxyJump a:x', '"a:x" is no hop of a ProxyJump: [user@]host[:port]'],
  ])('refuses %j', async (text, message) => {
    await expect(resolve(text)).rejects.toMatchObject({ reason: 'config', message });
  });

  test('reads the user’s files', async () => {
    mkdirSync(dir.file('home/.ssh'), { recursive: true });
    dir.write('home/.ssh/config', 'User fromfile\n');
    const config = await OpensshConfig.read(null, dir.file('home'));

    const target = await resolveTarget(xen1, { user, agentSocket: null, config, warn: () => {} });

    expect(target.user).toBe('fromfile');
  });
});
