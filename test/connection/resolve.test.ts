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

async function resolve(text: string, endpoint: Endpoint = xen1) {
  const warnings: string[] = [];
  const config = await OpensshConfig.read(dir.write('config', `${text}\n`), dir.path);
  const target = resolveTarget(endpoint, {
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
      keepaliveCount: 3,
      identities: ['ed25519', 'ecdsa', 'rsa'].map((type) => ({
        file: `/home/me/.ssh/id_${type}`,
        origin: 'default',
      })),
      identitiesOnly: false,
      agentSocket: '/agent',
      connectTimeoutMs: 10_000,
      keepaliveMs: 15_000,
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
      UserKnownHostsFile ~/kh none %d/kh2
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
      'StrictHostKeyChecking no of the OpenSSH configuration is not followed: unknown host keys are refused',
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
    ['ProxyCommand nc %h %p', 'ProxyCommand'],
    ['RevokedHostKeys /krl', 'RevokedHostKeys'],
    ['CanonicalizeHostname yes', 'CanonicalizeHostname'],
  ])('refuses %j rather than to pass over it', async (text, keyword) => {
    await expect(resolve(text)).rejects.toMatchObject({
      reason: 'config',
      message: `${dir.file('config')}:1: ${keyword} is not supported by xpush 0.1; it is set for xen1`,
    });
  });

  test('does not mind settings that change nothing for the endpoint', async () => {
    const { publicKey } = makeKey(dir, 'pin2');
    const pinned = { name: 'xen1', address: '10.0.0.1', hostKey: publicKey, jump: [] };

    const { host } = await resolve(
      'ProxyCommand x\nRevokedHostKeys /krl\nCanonicalizeHostname yes',
      pinned,
    );
    const none = await resolve('ProxyCommand none\nRevokedHostKeys none\nCanonicalizeHostname no');

    expect([host, none.host]).toEqual(['10.0.0.1', 'xen1']);
  });

  test.each([
    ['IdentityFile ~/%C', '"~/%C" of the OpenSSH configuration: %C is not understood here'],
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

    const target = resolveTarget(xen1, { user, agentSocket: null, config, warn: () => {} });

    expect(target.user).toBe('fromfile');
  });
});
