import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Endpoint } from '../../src/connection/index.ts';
import { Leash } from '../../src/connection/leash.ts';
import { localUser } from '../../src/connection/local-user.ts';
import { OpensshMaster } from '../../src/connection/openssh-master.ts';
import { OpensshProgram } from '../../src/connection/openssh-program.ts';
import { resolveOpensshTarget } from '../../src/connection/openssh-target.ts';
import {
  createOpensshTransport,
  type OpensshTransport,
  type OpensshTransportOptions,
} from '../../src/connection/openssh-transport.ts';
import { until } from '../until.ts';
import { startProxy } from './faults.ts';
import {
  endpointOf,
  type KeyPair,
  knownHostsLines,
  listening,
  loginUser,
  makeKey,
  never,
  run,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';

const dir = new TempDir();
let key: KeyPair;
let server: TestServer;
let knownHosts: string;
let transport: OpensshTransport;

beforeAll(async () => {
  key = makeKey(dir, 'id');
  server = await startSshd(dir, { authorized: [key], config: ['LogLevel VERBOSE'] });
  knownHosts = dir.write('known_hosts', knownHostsLines(server));
});

afterAll(() => dir[Symbol.asyncDispose]());

beforeEach(() => {
  transport = createOpensshTransport({ config: 'none', agentSocket: null });
});

afterEach(async () => {
  await transport.close();
});

const at = (one: { readonly port: number }, rest: Partial<Endpoint> = {}) =>
  endpointOf(one, { identity: key.file, knownHosts, ...rest });

async function hello(endpoint: Endpoint, options: OpensshTransportOptions = {}): Promise<string> {
  const own = createOpensshTransport({ config: 'none', agentSocket: null, ...options });
  try {
    const connection = await own.connect(endpoint, never);
    return (await run(connection, 'echo hello')).stdout;
  } finally {
    await own.close();
  }
}

/** An endpoint of which the OpenSSH configuration says all. */
const named: Endpoint = { name: 'xen1', address: 'xen1' };

function configFor(one: { readonly port: number }, ...lines: readonly string[]): string {
  const text = [
    'Host xen1',
    ...lines.map((line) => `  ${line}`),
    '  HostName 127.0.0.1',
    `  Port ${one.port}`,
    `  User ${loginUser}`,
    `  IdentityFile ${key.file}`,
    `  UserKnownHostsFile ${knownHosts}`,
    '',
  ];
  return dir.write('config', text.join('\n'));
}

describe('what ssh2 cannot do', () => {
  test('is a server that allows post-quantum key exchange only', async () => {
    await using postQuantum = await startSshd(dir, {
      name: 'pq',
      authorized: [key],
      config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'],
    });
    const hostKey = postQuantum.hostKeys[0]?.publicKey ?? '';

    expect(await hello(at(postQuantum, { hostKey }))).toBe('hello\n');
  });

  test('is a host that proves itself by a certificate', async () => {
    const authority = makeKey(dir, 'host_ca');
    const hostKey = makeKey(dir, 'certified');
    const sign = ['-q', '-s', authority.file, '-I', 'h', '-h', '-n', '127.0.0.1'];
    execFileSync('ssh-keygen', [...sign, `${hostKey.file}.pub`], { stdio: 'ignore' });
    await using certified = await startSshd(dir, {
      name: 'certified',
      authorized: [key],
      hostKeys: [hostKey],
      config: [`HostCertificate ${hostKey.file}-cert.pub`],
    });
    const lines = `@cert-authority [127.0.0.1]:* ${authority.publicKey}\n`;

    expect(await hello(at(certified, { knownHosts: dir.write('authorities', lines) }))).toBe(
      'hello\n',
    );
  });

  test('is a certificate that an agent holds', async () => {
    const authority = makeKey(dir, 'user_ca');
    const user = makeKey(dir, 'user');
    const sign = ['-q', '-s', authority.file, '-I', 'u', '-n', loginUser];
    execFileSync('ssh-keygen', [...sign, `${user.file}.pub`], { stdio: 'ignore' });
    await using trusting = await startSshd(dir, {
      name: 'trusting',
      authorized: [],
      config: [`TrustedUserCAKeys ${authority.file}.pub`],
    });
    const agentSocket = dir.file('agent');
    const agent = spawn('ssh-agent', ['-D', '-a', agentSocket], { stdio: 'ignore' });
    await until(() => existsSync(agentSocket));
    const env = { ...process.env, SSH_AUTH_SOCK: agentSocket };
    execFileSync('ssh-add', ['-q', user.file], { env, stdio: 'ignore' });
    const { identity: _, ...endpoint } = at(trusting);
    const hostKey = trusting.hostKeys[0]?.publicKey ?? '';

    try {
      expect(await hello({ ...endpoint, hostKey }, { agentSocket })).toBe('hello\n');
    } finally {
      agent.kill();
      await once(agent, 'exit');
    }
  });

  test('is a ProxyCommand of any kind, which ends with its connection', async () => {
    await using proxy = await startProxy(server.port);
    const relay = dir.write(
      'relay.mjs',
      `import { connect } from 'node:net';
       const line = connect(${proxy.port}, '127.0.0.1');
       process.stdin.pipe(line).pipe(process.stdout);`,
    );
    const checked = dir.write('kh', knownHostsLines(server).replaceAll(/\[.*?\]:\d+/g, 'xen1'));
    const config = dir.write(
      'proxied',
      `Host xen1\n ProxyCommand ${process.execPath} ${relay}\n HostKeyAlias xen1\n User ${loginUser}\n IdentityFile ${key.file}\n UserKnownHostsFile ${checked}\n`,
    );

    expect(await hello(named, { config })).toBe('hello\n');
    expect(proxy.line.connections).toBe(1);
    await until(() => commandLines().every((line) => !line.includes(relay)));
  });
});

describe('a ProxyCommand that leads nowhere', () => {
  test.each([
    [
      'echo "no way" >&2; exit 3',
      'network',
      'closed the connection before the SSH banner; its ProxyCommand said: no way',
    ],
    ['echo waiting >&2; sleep 60', 'timeout', 'in 1 s; its ProxyCommand said: waiting'],
    ['exit 1', 'network', 'closed the connection before the SSH banner'],
  ])('says so: %j', async (command, reason, message) => {
    const config = configFor(server, `ProxyCommand sh -c '${command}'`);

    await expect(hello({ ...named, connectTimeoutMs: 1_000 }, { config })).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(message),
    });
  });
});

describe('the user’s configuration', () => {
  test('is followed as ssh follows it, and cannot add to the connection', async () => {
    const spoor = dir.file('spoor');
    const config = configFor(
      server,
      'ControlMaster auto',
      `ControlPath ${dir.file('own-%C')}`,
      'ControlPersist yes',
      'PermitLocalCommand yes',
      `LocalCommand touch ${spoor}`,
      'RemoteCommand touch /nowhere',
      'RequestTTY force',
      'ForwardAgent yes',
      `LocalForward ${dir.file('forward')} 127.0.0.1:1`,
      'LogLevel QUIET',
      'ForkAfterAuthentication yes',
    );

    expect(await hello(named, { config })).toBe('hello\n');
    expect(existsSync(spoor)).toBe(false);
    expect(readdirSync(dir.path).filter((name) => /^(own-|forward)/.test(name))).toEqual([]);
  });

  test('gives a host nothing of the user’s: no agent, no Kerberos ticket, no display', async () => {
    const config = configFor(
      server,
      'ForwardAgent yes',
      'GSSAPIDelegateCredentials yes',
      'ForwardX11 yes',
      'SendEnv *',
    );
    const own = createOpensshTransport({ config, agentSocket: null });
    await own.connect(named, never);
    const [line = ''] = commandLines().filter((text) => text.includes(`-F ${config}`));
    const args = readFileSync(`/proc/${line.split(' ')[0]}/cmdline`, 'utf8').split('\0');

    const settings = execFileSync('ssh', ['-G', ...args.slice(1, -1)], { encoding: 'utf8' });

    await own.close();
    expect(settings).toMatch(/^forwardagent no$/m);
    expect(settings).toMatch(/^gssapidelegatecredentials no$/m);
    expect(settings).toMatch(/^forwardx11 no$/m);
  });

  test('cannot weaken the check of the host key', async () => {
    const other = makeKey(dir, 'other_host');
    const wrong = `[127.0.0.1]:${server.port} ${other.publicKey}\n`;
    const warnings: string[] = [];
    const warn = (text: string) => void warnings.push(text);
    const weak = ['StrictHostKeyChecking no', 'NoHostAuthenticationForLocalhost yes'];

    await expect(
      hello(named, {
        config: configFor(server, ...weak, `UserKnownHostsFile ${dir.write('none', '')}`),
        warn,
      }),
    ).rejects.toMatchObject({
      reason: 'host-key',
      message: `the host key of 127.0.0.1:${server.port} is not known: ssh-ed25519 ${server.hostKeys[0]?.fingerprint}`,
    });
    expect(warnings).toEqual([expect.stringContaining('StrictHostKeyChecking no')]);
    await expect(
      hello(named, {
        config: configFor(server, ...weak, `UserKnownHostsFile ${dir.write('wrong', wrong)}`),
      }),
    ).rejects.toMatchObject({
      reason: 'host-key',
      message: expect.stringContaining(`wrong:1 has ssh-ed25519 ${other.fingerprint}`),
    });
  });

  test('that ssh does not take is the user’s mistake, known before anyone is contacted', async () => {
    const config = dir.write('bad', 'Host xen1\n  Prot 22\n');
    const own = createOpensshTransport({ config });

    const problems = await own.prepare([named, { name: 'b', address: 'b', identity: '/no/key' }]);

    await own.close();
    expect(problems).toMatchObject([
      { reason: 'config', message: 'there is no key file /no/key' },
      { reason: 'config', message: expect.stringContaining('bad: line 2: Bad configuration') },
    ]);
  });
});

describe('a host key', () => {
  const hostKey = () => server.hostKeys[0]?.publicKey ?? '';

  test('is recorded with accept-new, and known the next time', async () => {
    const file = dir.write('fresh', '');

    expect(await hello(at(server, { knownHosts: file, hostKeyChecking: 'accept-new' }))).toBe(
      'hello\n',
    );
    expect(readFileSync(file, 'utf8')).toBe(`[127.0.0.1]:${server.port} ${hostKey()}\n`);
    expect(await hello(at(server, { knownHosts: file }))).toBe('hello\n');
  });

  test('that is pinned needs no known_hosts, and takes no other key', async () => {
    const stranger = makeKey(dir, 'stranger_host');
    const none = dir.write('empty', '');

    expect(await hello(at(server, { hostKey: hostKey(), knownHosts: none }))).toBe('hello\n');
    await expect(hello(at(server, { hostKey: stranger.publicKey }))).rejects.toMatchObject({
      reason: 'host-key',
      message: `127.0.0.1:${server.port} showed the host key ssh-ed25519 ${server.hostKeys[0]?.fingerprint}, but the inventory's host_key is ssh-ed25519 ${stranger.fingerprint}`,
    });
    expect(await hello(at(server, { hostKeyChecking: 'accept-new', hostKey: hostKey() }))).toBe(
      'hello\n',
    );
    expect(readFileSync(none, 'utf8')).toBe('');
  });

  test('that is revoked is refused', async () => {
    const lines = `@revoked * ${hostKey()}\n${knownHostsLines(server)}`;

    await expect(
      hello(at(server, { knownHosts: dir.write('revoked', lines) })),
    ).rejects.toMatchObject({
      reason: 'host-key',
      message: expect.stringContaining(`the host key of 127.0.0.1:${server.port} is REVOKED`),
    });
  });
});

describe('an endpoint', () => {
  test.each([
    ['a name that is an option', { name: '-oProxyCommand=touch x' }, 'no name that ssh'],
    ['a name with a user in it', { name: 'root@xen1' }, 'no name that ssh'],
    ['an address that is an option', { address: '-x' }, 'no name that ssh'],
    ['a user with a line end', { user: 'root\nProxyCommand x' }, 'no user name that ssh'],
    ['a path with a quote', { knownHosts: '/tmp/"x' }, 'no path that ssh'],
    ['a path with a variable', { knownHosts: '/tmp/$' + '{HOME}' }, 'no path that ssh'],
    ['a pin that is none', { hostKey: 'ssh-ed25519 x y' }, 'is not a public key'],
  ])('with %s is refused', async (_, rest, message) => {
    const problems = await transport.prepare([at(server, rest)]);

    expect(problems).toMatchObject([
      { reason: 'config', message: expect.stringContaining(message) },
    ]);
  });

  test('may have a space and a percent sign in its paths', async () => {
    const file = dir.write('known %h hosts', knownHostsLines(server));

    expect(await hello(at(server, { knownHosts: file }))).toBe('hello\n');
  });
});

describe('a connection', () => {
  test('names the algorithms that are missing', async () => {
    await using old = await startSshd(dir, {
      name: 'older',
      authorized: [key],
      config: ['Ciphers aes128-cbc'],
    });

    await expect(hello(at(old))).rejects.toMatchObject({
      reason: 'network',
      message: `127.0.0.1:${old.port}: no matching cipher found. Their offer: aes128-cbc`,
      hint: expect.stringContaining('legacy_algorithms'),
    });
  });

  test('that is cut in the middle of a login says so, and is not tried again', async () => {
    await using proxy = await startProxy(server.port, { cutAt: 1_500 });

    await expect(
      hello(at(proxy, { hostKey: server.hostKeys[0]?.publicKey ?? '' })),
    ).rejects.toMatchObject({
      reason: 'network',
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ cut the connection during the /),
    });
    expect(proxy.line.connections).toBe(1);
  });

  test('whose line is dead is lost after three keepalives', async () => {
    await using proxy = await startProxy(server.port);
    const endpoint = at(proxy, {
      hostKey: server.hostKeys[0]?.publicKey ?? '',
      keepaliveMs: 1_000,
    });
    const connection = await transport.connect(endpoint, never);
    const exec = await connection.exec('exec sleep 20');
    proxy.line.freeze();

    expect(await exec.outcome).toEqual({
      kind: 'lost',
      reason: `127.0.0.1:${proxy.port} has been silent for 3 s`,
    });
  });

  test('that was refused is not tried again in a run', async () => {
    const stranger = makeKey(dir, 'stranger');
    const refused = at(server, { identity: stranger.file });
    const before = server.log().match(/Connection closed by authenticating/g)?.length ?? 0;

    for (let i = 0; i < 3; i += 1) {
      await expect(transport.connect(refused, never)).rejects.toThrow('authentication failed');
    }

    const failures = () => server.log().match(/Connection closed by authenticating/g)?.length ?? 0;
    await until(() => failures() > before);
    expect(failures()).toBe(before + 1);
  });

  test('leaves no process and no file behind, and is no child of the terminal', async () => {
    const connection = await transport.connect(at(server), never);
    const [line = ''] = commandLines().filter((text) => text.includes(knownHosts));
    const [pid = '', session = ''] = line.split(' ');
    const socket = / -S (\S+) /.exec(line)?.[1] ?? '';
    expect(session).toBe(pid);
    expect(existsSync(socket)).toBe(true);

    await connection.close();
    await transport.close();

    expect(commandLines().filter((text) => text.includes(knownHosts))).toEqual([]);
    await until(() => !existsSync(join(socket, '..')));
  });

  test('ends with the program that holds it, however that ends', async () => {
    const module = join(import.meta.dirname, '../../dist/connection/openssh-transport.js');
    const file = dir.write(
      'holder.mjs',
      `import { createOpensshTransport } from ${JSON.stringify(module)};
       const transport = createOpensshTransport({ config: 'none', agentSocket: null });
       await transport.connect(${JSON.stringify(at(server))}, new AbortController().signal);
       console.log('in');`,
    );
    const holder = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const mine = () => commandLines().filter((line) => line.includes(knownHosts));
    const socket = / -S (\S+) /.exec(mine()[0] ?? '')?.[1] ?? '';
    expect(existsSync(socket)).toBe(true);

    holder.kill('SIGKILL');

    await until(() => mine().length === 0 && !existsSync(join(socket, '..')));
  });

  test('needs the program ssh', async () => {
    vi.stubEnv('PATH', dir.path);
    try {
      await expect(transport.connect(at(server), never)).rejects.toMatchObject({
        reason: 'config',
        message: 'the transport openssh needs the program ssh: there is none',
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('goes nowhere else when its jump host is gone', async () => {
    const target = await resolveOpensshTarget(at(server), {
      ...{ program: new OpensshProgram(), user: localUser(), config: 'none', agentSocket: null },
      pinFile: async () => '',
      warn: () => {},
    });
    const leash = new Leash(dir.file('leash'));

    const start = OpensshMaster.start({
      ...{ target, leash, signal: never, socket: dir.file('master') },
      hopSocket: dir.file('gone'),
    });

    // not: no address is known for "hop"
    await expect(start).rejects.toMatchObject({
      reason: 'network',
      message: expect.stringContaining('closed the connection before the SSH banner'),
    });
    leash.end();
  });

  test('through a jump host does not wait for ever for a host that says nothing', async () => {
    await using silent = await listening(createServer());
    const endpoint = at(silent, {
      connectTimeoutMs: 1_500,
      jump: [at(server, { name: 'gate', connectTimeoutMs: 10_000 })],
    });

    await expect(transport.connect(endpoint, never)).rejects.toMatchObject({
      reason: 'timeout',
      message: `no SSH banner from 127.0.0.1:${silent.port} (through gate) in 1.5 s`,
    });
  });
});

/** `PID SESSION COMMAND` of all processes. */
function commandLines(): readonly string[] {
  const text = execFileSync('ps', ['-e', '-ww', '-o', 'pid=,sid=,args='], { encoding: 'utf8' });
  return text.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
}
