import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/connection/index.ts';
import { until } from '../until.ts';
import {
  endpointOf,
  freePort,
  type KeyPair,
  knownHostsLines,
  loginUser,
  makeKey,
  never,
  run,
  sessionsOf,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';
import { transportNames, transports } from './transports.ts';

const dir = new TempDir();
let key: KeyPair;
let bastion: TestServer;
let inner: TestServer;
let target: TestServer;
let knownHosts: string;

beforeAll(async () => {
  key = makeKey(dir, 'id');
  const start = (name: string, config: readonly string[] = []) =>
    startSshd(dir, { name, authorized: [key], config: ['LogLevel VERBOSE', ...config] });
  [bastion, inner, target] = await Promise.all([
    start('bastion', ['MaxSessions 1']),
    start('inner'),
    start('target', ['MaxStartups 16:100:16']),
  ]);
  knownHosts = dir.write('known_hosts', [bastion, inner, target].map(knownHostsLines).join(''));
});

afterAll(() => dir[Symbol.asyncDispose]());

const at = (server: { readonly port: number }, rest: Partial<Endpoint> = {}) =>
  endpointOf(server, { identity: key.file, knownHosts, ...rest });

const logins = (server: TestServer) => server.log().match(/Accepted publickey/g)?.length ?? 0;

const through = (hop: Endpoint) => ({ jump: [hop] });

/** The port of the server that ran the command. */
const portOf = (sshConnection: string) => Number(sshConnection.split(' ')[3]);

describe.each(transportNames)('jump hosts over %s', (name) => {
  const create = transports[name];

  async function once(endpoint: Endpoint, config = 'none'): Promise<string> {
    const transport = create({ config, agentSocket: null });
    try {
      const connection = await transport.connect(endpoint, never);
      return (await run(connection, 'echo "$SSH_CONNECTION"')).stdout.trim();
    } finally {
      await transport.close();
    }
  }

  test('lead to the host, one or more of them', async () => {
    const before = [logins(bastion), logins(inner)];

    expect(portOf(await once(at(target, through(at(bastion)))))).toBe(target.port);
    expect(portOf(await once(at(target, { jump: [at(bastion), at(inner)] })))).toBe(target.port);

    expect([logins(bastion), logins(inner)]).toEqual([before[0]! + 2, before[1]! + 1]);
  });

  test('are found in the OpenSSH configuration, with hops of their own', async () => {
    const config = dir.write(
      'config',
      [
        'Host xen1',
        `  HostName 127.0.0.1`,
        `  Port ${target.port}`,
        '  ProxyJump inner',
        'Host inner outer',
        '  HostName 127.0.0.1',
        'Host inner',
        `  Port ${inner.port}`,
        '  ProxyJump outer',
        'Host outer',
        `  Port ${bastion.port}`,
        'Host *',
        `  User ${loginUser}`,
        `  IdentityFile ${key.file}`,
        `  UserKnownHostsFile ${knownHosts}`,
        '',
      ].join('\n'),
    );
    const before = [logins(bastion), logins(inner)];

    expect(portOf(await once({ name: 'xen1', address: 'xen1' }, config))).toBe(target.port);
    expect([logins(bastion), logins(inner)]).toEqual([before[0]! + 1, before[1]! + 1]);
    // An empty list of hops is none, whatever the configuration says.
    expect(portOf(await once({ name: 'xen1', address: 'xen1', jump: [] }, config))).toBe(
      target.port,
    );
    expect([logins(bastion), logins(inner)]).toEqual([before[0]! + 1, before[1]! + 1]);
  });

  test('are shared by the hosts behind them, and spare the hosts a crowd', async () => {
    const transport = create({ config: 'none', agentSocket: null });
    const before = logins(bastion);

    // The target drops whoever comes while sixteen are logging in.
    const connections = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        transport.connect(at(target, { name: `xen${i}`, ...through(at(bastion)) }), never),
      ),
    );
    const outputs = await Promise.all(connections.map((one) => run(one, 'echo here')));
    for (const connection of connections) await connection.close();
    await transport.close();

    expect(outputs.every(({ stdout }) => stdout === 'here\n')).toBe(true);
    expect(logins(bastion)).toBe(before + 1);
    expect(target.log()).not.toMatch(/MaxStartups/);
  });

  test('are verified by their own keys', async () => {
    const onlyTarget = dir.write('only_target', knownHostsLines(target));
    const onlyBastion = dir.write('only_bastion', knownHostsLines(bastion));
    const before = [logins(bastion), logins(target)];

    await expect(
      once(
        at(target, {
          knownHosts: onlyTarget,
          ...through(at(bastion, { name: 'bastion', knownHosts: onlyTarget })),
        }),
      ),
    ).rejects.toMatchObject({
      reason: 'host-key',
      message: expect.stringMatching(
        /^jump host bastion: the host key of 127\.0\.0\.1:\d+ is not known/,
      ),
    });
    expect([logins(bastion), logins(target)]).toEqual(before);
    await expect(
      once(
        at(target, {
          knownHosts: onlyBastion,
          ...through(at(bastion, { knownHosts: onlyBastion })),
        }),
      ),
    ).rejects.toMatchObject({
      reason: 'host-key',
      message: expect.stringMatching(/^the host key of/),
    });
    expect(logins(target)).toBe(before[1]);
  });

  test('say what is wrong with them, and what they cannot reach', async () => {
    const port = await freePort();
    const stranger = makeKey(dir, `stranger-${name}`);

    await expect(
      once(at(target, through(at({ port }, { name: 'bastion' })))),
    ).rejects.toMatchObject({
      reason: 'network',
      message: `jump host bastion: connection refused by 127.0.0.1:${port}`,
    });
    await expect(
      once(at(target, through(at(bastion, { name: 'bastion', identity: stranger.file })))),
    ).rejects.toMatchObject({
      reason: 'authentication',
      message: expect.stringContaining(`jump host bastion: authentication failed as ${loginUser}`),
    });
    await expect(
      once(at({ port }, through(at(bastion, { name: 'bastion' })))),
    ).rejects.toMatchObject({
      reason: 'network',
      message: `jump host bastion cannot reach 127.0.0.1:${port}: Connection refused`,
    });
    await using closed = await startSshd(dir, {
      name: `closed-${name}`,
      authorized: [key],
      config: ['AllowTcpForwarding no'],
    });
    const lines = dir.write(`closed-${name}_known_hosts`, knownHostsLines(closed));
    await expect(
      once(at(target, through(at(closed, { name: 'closed', knownHosts: lines })))),
    ).rejects.toMatchObject({
      reason: 'network',
      message: `jump host closed cannot reach 127.0.0.1:${target.port}: administratively prohibited`,
      hint: 'its sshd may have AllowTcpForwarding no',
    });
  });

  test('that go away take their commands along, and are opened again', async () => {
    const transport = create({ config: 'none', agentSocket: null });
    const hop = at(bastion, { name: 'bastion' });
    const first = await transport.connect(at(target, through(hop)), never);
    const exec = await first.exec('exec sleep 20');
    for (const pid of sessionsOf(bastion)) process.kill(pid, 'SIGKILL');

    expect(await exec.outcome).toEqual({
      kind: 'lost',
      reason: `127.0.0.1:${target.port} (through bastion) closed the connection`,
    });
    const second = await transport.connect(at(target, through(hop)), never);

    expect((await run(second, 'echo again')).stdout).toBe('again\n');
    await transport.close();
  });

  test('that go in a circle are refused', async () => {
    const config = dir.write('circle', 'Host a\n ProxyJump b\nHost b\n ProxyJump a\n');

    await expect(once({ name: 'a', address: 'a' }, config)).rejects.toMatchObject({
      reason: 'config',
      message: 'the jump hosts go in a circle: a, b, a',
    });
  });

  test('leave nothing open at the end', async () => {
    const transport = create({ config: 'none', agentSocket: null });
    await (await transport.connect(at(target, through(at(bastion))), never)).close();
    expect(sessionsOf(bastion)).not.toEqual([]);

    await transport.close();

    await until(() => sessionsOf(bastion).length === 0);
  });
});
