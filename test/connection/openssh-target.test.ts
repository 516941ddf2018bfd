import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/connection/index.ts';
import { localUser } from '../../src/connection/local-user.ts';
import { OpensshProgram } from '../../src/connection/openssh-program.ts';
import { type OpensshTarget, resolveOpensshTarget } from '../../src/connection/openssh-target.ts';
import { TempDir } from './sshd.ts';

let dir: TempDir;
beforeAll(() => {
  dir = new TempDir();
});
afterAll(() => dir[Symbol.dispose]());

const warnings: string[] = [];

async function resolve(endpoint: Partial<Endpoint>, ...lines: string[]): Promise<OpensshTarget> {
  return await resolveOpensshTarget(
    { name: 'xen1', address: 'xen1', ...endpoint },
    {
      program: new OpensshProgram(),
      user: localUser(),
      config: dir.write('config', `${lines.join('\n')}\n`),
      agentSocket: null,
      pinFile: async () => '/run/pin',
      warn: (message) => warnings.push(message),
    },
  );
}

const optionsOf = ({ args }: OpensshTarget) => args.filter((_, index) => args[index - 1] === '-o');

describe('resolveOpensshTarget', () => {
  test('takes what the endpoint leaves open from the configuration, as ssh reads it', async () => {
    const target = await resolve(
      {},
      'Match exec "true"',
      '  HostName 192.0.2.7',
      'Host xen1',
      '  Port 2222',
      '  User ops',
      '  ConnectTimeout 3',
      '  ServerAliveInterval 7',
      '  ServerAliveCountMax 2',
    );

    expect(target).toMatchObject({
      name: 'xen1',
      host: '192.0.2.7',
      port: 2222,
      user: 'ops',
      connectTimeoutMs: 3_000,
      keepaliveMs: 7_000,
      keepaliveCount: 2,
      via: null,
    });
  });

  test('has its own defaults where nobody says anything', async () => {
    expect(await resolve({})).toMatchObject({
      host: 'xen1',
      port: 22,
      user: localUser().name,
      connectTimeoutMs: 10_000,
      keepaliveMs: 15_000,
      keepaliveCount: 3,
      pin: null,
      hasProxyCommand: false,
    });
  });

  test('lets the endpoint go before the configuration', async () => {
    const target = await resolve(
      { address: '192.0.2.1', port: 22, user: 'root', connectTimeoutMs: 1_000, jump: [] },
      'Host xen1',
      '  HostName 192.0.2.7',
      '  Port 2222',
      '  User ops',
      '  ConnectTimeout 3',
      '  ProxyJump gate',
    );

    expect(target).toMatchObject({
      host: '192.0.2.1',
      port: 22,
      user: 'root',
      connectTimeoutMs: 1_000,
      via: null,
    });
  });

  test.each([
    ['ask', 'yes'],
    ['yes', 'yes'],
    ['accept-new', 'accept-new'],
    ['no', 'yes'],
    ['off', 'yes'],
  ])('with StrictHostKeyChecking %s says %s', async (word, wanted) => {
    warnings.splice(0);

    const target = await resolve({}, `StrictHostKeyChecking ${word}`);

    expect(optionsOf(target)).toContain(`StrictHostKeyChecking=${wanted}`);
    expect(warnings).toHaveLength(word === 'no' || word === 'off' ? 1 : 0);
  });

  test('takes nobody for new while a known_hosts file cannot be read', async () => {
    warnings.splice(0);
    const file = dir.write('known', '');
    const accepting = `StrictHostKeyChecking accept-new\nUserKnownHostsFile ${file}`;

    const bad = await resolve({}, `${accepting} ${dir.path}`);
    const good = await resolve({}, `${accepting} ${dir.file('missing')}`);

    expect(optionsOf(bad)).toContain('StrictHostKeyChecking=yes');
    expect(optionsOf(good)).toContain('StrictHostKeyChecking=accept-new');
    expect(warnings).toEqual([`cannot read ${dir.path}: unknown host keys are refused`]);
  });

  test('says yes to a pin whatever else is said', async () => {
    const hostKey =
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJbkZzYwSUgkNZyhOSV7GdHjLBvyXY7XcvCCWVbcFJGz';
    const target = await resolve({ hostKey, hostKeyChecking: 'accept-new' });

    expect(optionsOf(target)).toEqual(
      expect.arrayContaining([
        'StrictHostKeyChecking=yes',
        'UserKnownHostsFile="/run/pin"',
        'GlobalKnownHostsFile=/dev/null',
        'HostKeyAlias=xpush-pin',
        'VerifyHostKeyDNS=no',
      ]),
    );
    expect(target.pin).toMatch(/^ssh-ed25519 SHA256:/);
  });

  test('goes through the hops of ProxyJump, each with its own settings', async () => {
    const target = await resolve(
      {},
      'Host xen1',
      '  ProxyJump admin@gate:2200,inner',
      'Host gate',
      '  HostName 192.0.2.1',
      '  ProxyJump outer',
      'Host inner',
      '  User x',
      // Not asked: it is reached through the hop before it.
      '  ProxyJump elsewhere',
    );

    const inner = target.via;
    const gate = inner?.via;
    expect(inner).toMatchObject({ name: 'inner', user: 'x' });
    expect(gate).toMatchObject({ name: 'gate', host: '192.0.2.1', port: 2200, user: 'admin' });
    expect(gate?.via).toMatchObject({ name: 'outer', via: null });
  });

  test('knows what the tokens of a ProxyJump stand for', async () => {
    const target = await resolve(
      { user: 'ops' },
      'Host xen1',
      '  HostName 192.0.2.7',
      '  ProxyJump %r@gate-%n,%h.gate',
    );

    expect(target.via).toMatchObject({ name: '192.0.2.7.gate' });
    expect(target.via?.via).toMatchObject({ name: 'gate-xen1', user: 'ops', via: null });
  });

  test('finds hops that go in a circle', async () => {
    await expect(
      resolve({}, 'Host xen1', ' ProxyJump b', 'Host b', ' ProxyJump xen1'),
    ).rejects.toMatchObject({
      reason: 'config',
      message: 'the jump hosts go in a circle: xen1, b, xen1',
    });
  });

  test('refuses a password, which would have to pass the command line', async () => {
    await expect(resolve({ password: { reveal: () => 'x' } })).rejects.toMatchObject({
      reason: 'config',
      message: 'xen1 has a password, which ssh cannot be given',
    });
  });

  test('asks for old algorithms only where it is told to, and only for those that ssh has', async () => {
    const old = optionsOf(await resolve({ legacyAlgorithms: true })).join('\n');

    expect(old).toMatch(/KexAlgorithms=\+diffie-hellman-group14-sha1/);
    expect(old).toMatch(/HostKeyAlgorithms=\+ssh-rsa/);
    expect(optionsOf(await resolve({})).join('\n')).not.toMatch(/sha1|ssh-rsa/);
  });
});
