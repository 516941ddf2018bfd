import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSsh2Transport, type Endpoint } from '../../src/connection/index.ts';
import { until } from '../until.ts';
import {
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
let rsa: KeyPair;
let server: TestServer;
let knownHosts: string;

beforeAll(async () => {
  key = makeKey(dir, 'id');
  rsa = makeKey(dir, 'host_rsa', { type: 'rsa' });
  server = await startSshd(dir, {
    authorized: [key],
    hostKeys: [makeKey(dir, 'host_ed25519'), rsa],
    config: ['LogLevel DEBUG1'],
  });
  knownHosts = dir.write('known_hosts', knownHostsLines(server));
});

afterAll(() => dir[Symbol.asyncDispose]());

/** A configuration that leads `xen1` to the test server, with `more` before it. */
function configOf(more: string): string {
  return dir.write(
    'config',
    `${more}
Match all
  HostName 127.0.0.1
  Port ${server.port}
  User ${loginUser}
  IdentityFile ${key.file}
  UserKnownHostsFile ${knownHosts}
  GlobalKnownHostsFile none
`,
  );
}

/** What `command` says on the host that `ssh xen1` would reach with this configuration. */
async function ask(
  more: string,
  {
    command = 'echo in',
    signal = never,
    endpoint = {},
  }: {
    readonly command?: string;
    readonly signal?: AbortSignal;
    readonly endpoint?: Partial<Endpoint>;
  } = {},
): Promise<string> {
  const transport = createSsh2Transport({ config: configOf(more), agentSocket: null });
  try {
    const connection = await transport.connect(
      { name: 'xen1', address: 'xen1', ...endpoint },
      signal,
    );
    const { stdout } = await run(connection, command);
    await connection.close();
    return stdout;
  } finally {
    await transport.close();
  }
}

/** A program that passes a TCP connection on, as nc does, and says in `trace` how it ended. */
const relay = (trace: string) =>
  dir.write(
    'relay.mjs',
    `import { connect } from 'node:net';
import { appendFileSync } from 'node:fs';
const socket = connect({ port: Number(process.argv[2]), host: '127.0.0.1' });
process.stdin.pipe(socket).pipe(process.stdout);
process.on('SIGHUP', () => { appendFileSync(${JSON.stringify(trace)}, 'hung up'); process.exit(); });
appendFileSync(${JSON.stringify(trace)}, process.pid + '\\n');
`,
  );

describe('ProxyCommand', () => {
  test('is the line to the host', async () => {
    const script = relay(dir.file('trace'));

    const big = await ask(`ProxyCommand ${process.execPath} ${script} %p`, {
      command: 'head -c 3000000 /dev/zero | tr "\\0" x',
    });

    expect(big.length).toBe(3_000_000);
  });

  test('may be ssh -W, through a host that has a ProxyCommand too', async () => {
    const config = dir.file('config');
    const one = `Host xen1\n  ProxyCommand ssh -F ${config} -o BatchMode=yes -W [%h]:%p through\n`;
    const two = `Host through\n  ProxyCommand ${process.execPath} ${relay(dir.file('t2'))} %p\n`;

    expect(await ask(`${one}${two}`)).toBe('in\n');
  });

  test('ends when the connection is closed', async () => {
    const trace = dir.file('ends');

    await ask(`ProxyCommand ${process.execPath} ${relay(trace)} %p; true`);

    await until(() => /hung up/.test(readFileSync(trace, 'utf8')) || !isAlive(pidIn(trace)));
  });

  test('ends when connecting is given up', async () => {
    const silent = await listening(createServer());
    const trace = dir.file('aborted');
    const controller = new AbortController();

    const asked = ask(`ProxyCommand ${process.execPath} ${relay(trace)} ${silent.port}`, {
      signal: controller.signal,
    });
    await silent.accepted();
    controller.abort();

    await expect(asked).rejects.toMatchObject({ reason: 'aborted' });
    await until(() => !isAlive(pidIn(trace)));
    await silent[Symbol.asyncDispose]();
  });

  test.each([
    [
      'echo "no way: \\033[31m red" >&2; exit 3',
      'closed the connection before the SSH banner; its ProxyCommand ended with exit code 3 and said: no way: ',
    ],
    ['exit 1', 'before the SSH banner; its ProxyCommand ended with exit code 1'],
    ['/no/such/program', 'its ProxyCommand ended with exit code 127 and said: '],
  ])('says why %j is no line', async (command, message) => {
    const started = performance.now();
    const failure = ask(
      `ProxyCommand ${command.startsWith('/') ? '' : 'sh -c '}${command.startsWith('/') ? command : `'${command}'`}`,
      {
        endpoint: { connectTimeoutMs: 1_500 },
      },
    );

    await expect(failure).rejects.toMatchObject({ message: expect.stringContaining(message) });
    await expect(failure).rejects.toMatchObject({ message: expect.not.stringContaining('\x1b') });
    // Trying again would not help.
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  test('that says nothing is waited for as long as a host', async () => {
    await expect(
      ask('ProxyCommand sh -c "echo waiting >&2; sleep 60"', {
        endpoint: { connectTimeoutMs: 300 },
      }),
    ).rejects.toMatchObject({
      reason: 'timeout',
      message: `no SSH banner from 127.0.0.1:${server.port} (through its ProxyCommand) in 0.3 s; its ProxyCommand said: waiting`,
    });
  });

  test('may be the way to a jump host', async () => {
    const script = relay(dir.file('t3'));

    expect(
      await ask(
        `Host through\n ProxyCommand ${process.execPath} ${script} %p\nHost xen1\n ProxyJump through\n`,
      ),
    ).toBe('in\n');
  });
});

describe('BindAddress and AddressFamily', () => {
  const clientAddress = { command: 'echo $SSH_CLIENT' };

  test('say where connections come from', async () => {
    expect(await ask('BindAddress 127.0.0.7', clientAddress)).toMatch(/^127\.0\.0\.7 /);
    expect(await ask('BindAddress localhost\nAddressFamily inet', clientAddress)).toMatch(
      /^127\.0\.0\.1 /,
    );
  });

  test('are refused when they lead nowhere', async () => {
    await expect(ask('BindAddress 192.0.2.1')).rejects.toThrow('from that BindAddress');
    await expect(ask('BindAddress no-such-name.invalid')).rejects.toMatchObject({
      message: 'BindAddress no-such-name.invalid has no address',
      hint: expect.stringMatching(/^it is set in \/\S+:\d+$/),
    });
    await expect(ask('AddressFamily inet6')).rejects.toThrow(
      '127.0.0.1 is no address of AddressFamily inet6',
    );
  });
});

describe('ConnectionAttempts', () => {
  test('are a second apart', async () => {
    const later = createServer((socket) => socket.end('SSH-2.0-x\r\n'));
    const { port } = await listening(later);
    later.close();
    const started = performance.now();

    await expect(ask('ConnectionAttempts 2', { endpoint: { port } })).rejects.toThrow(
      'connection refused',
    );

    expect(performance.now() - started).toBeGreaterThan(950);
  });
});

describe('lists of algorithms', () => {
  test.each([
    ['KexAlgorithms ecdh-sha2-nistp384', /kex: algorithm: ecdh-sha2-nistp384/],
    [
      'KexAlgorithms ^diffie-hellman-group14-sha256',
      /kex: algorithm: diffie-hellman-group14-sha256/,
    ],
    [
      'KexAlgorithms diffie-hellman-group18-sha512',
      /kex: algorithm: diffie-hellman-group18-sha512/,
    ],
    ['HostKeyAlgorithms rsa-sha2-256', /kex: host key algorithm: rsa-sha2-256/],
    ['HostKeyAlgorithms -ssh-ed25519,ecdsa*', /kex: host key algorithm: rsa-sha2-512/],
    ['Ciphers chacha20-poly1305@openssh.com', /cipher: chacha20-poly1305@openssh.com/],
    ['Ciphers aes256-ctr\nMACs hmac-sha2-512', /cipher: aes256-ctr MAC: hmac-sha2-512 /],
  ])('%j are what is agreed', async (text, agreed) => {
    const before = server.log().length;

    await ask(text);

    await until(() => agreed.test(server.log().slice(before)));
  });

  test('of which the host has none are refused by name', async () => {
    await expect(ask('MACs hmac-md5\nCiphers aes128-ctr')).rejects.toThrow('no matching');
  });
});

describe('RevokedHostKeys', () => {
  test('are never accepted, not even when they are pinned', async () => {
    const [shown] = server.hostKeys;
    const list = dir.write('revoked', `# gone\n\n${shown?.publicKey} comment\n`);

    await expect(ask(`RevokedHostKeys ${list}`)).rejects.toThrow(`is REVOKED by ${list}:3`);
    await expect(
      ask(`RevokedHostKeys ${list}`, { endpoint: { hostKey: shown?.publicKey ?? '' } }),
    ).rejects.toThrow('is REVOKED by');
    expect(await ask(`RevokedHostKeys ${list}\nHostKeyAlgorithms rsa-sha2-512`)).toBe('in\n');
  });

  test('that cannot be read refuse every host, as with ssh', async () => {
    const krl = dir.file('krl');
    spawnSync('ssh-keygen', ['-k', '-f', krl, `${rsa.file}.pub`]);

    await expect(ask(`RevokedHostKeys ${dir.file('missing')}`)).rejects.toThrow('cannot read');
    await expect(ask(`RevokedHostKeys ${krl}`)).rejects.toThrow('is a binary list (KRL)');
    await expect(ask(`RevokedHostKeys ${dir.write('bad', 'x y\n')}`)).rejects.toThrow(
      ':1 of RevokedHostKeys is no public key',
    );
  });
});

describe('RequiredRSASize', () => {
  test('refuses shorter keys of hosts', async () => {
    const text = 'HostKeyAlgorithms rsa-sha2-512\n';

    expect(await ask(`${text}RequiredRSASize 3072`)).toBe('in\n');
    await expect(ask(`${text}RequiredRSASize 3073`)).rejects.toThrow(
      'has 3072 bits, fewer than 3073',
    );
  });
});

describe('CheckHostIP', () => {
  test('refuses an address that is known by another key', async () => {
    const other = makeKey(dir, 'other');
    const lines = server.hostKeys.map(
      ({ publicKey }) => `[localhost]:${server.port} ${publicKey}\n`,
    );
    const files = [
      dir.write('by_name', lines.join('')),
      dir.write('by_address', `[127.0.0.1]:${server.port} ${other.publicKey}\n`),
    ];
    const text = `HostName localhost\nAddressFamily inet\nUserKnownHostsFile ${files.join(' ')}`;

    expect(await ask(text)).toBe('in\n');
    await expect(ask(`${text}\nCheckHostIP yes`)).rejects.toMatchObject({
      reason: 'host-key',
      message: expect.stringMatching(/by its address 127\.0\.0\.1, has CHANGED.*by_address:1/),
    });
  });
});

describe('BatchMode', () => {
  test('asks nobody for the passphrase of a key', async () => {
    const locked = makeKey(dir, 'locked', { passphrase: 'secret' });
    const asked: string[] = [];
    const transport = createSsh2Transport({
      config: configOf(`BatchMode yes\nIdentityFile ${locked.file}`),
      agentSocket: null,
      passphrase: async (file) => {
        asked.push(file);
        return 'secret';
      },
    });

    const connection = await transport.connect({ name: 'xen1', address: 'xen1' }, never);

    expect(asked).toEqual([]);
    await connection.close();
    await transport.close();
  });
});

describe('Match exec', () => {
  test('leads where its command says', async () => {
    const flag = dir.file('flag');
    const text = `Match host xen1 exec "test -e ${flag}"\n  Port 1\nMatch !exec "test -e ${flag}"\n  Tag away`;

    expect(existsSync(flag)).toBe(false);
    expect(await ask(text)).toBe('in\n');
    dir.write('flag', '');
    await expect(ask(text)).rejects.toThrow('connection refused by 127.0.0.1:1');
  });
});

function pidIn(file: string): number {
  return Number(readFileSync(file, 'utf8').split('\n')[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
