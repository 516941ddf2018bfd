import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import {
  type Connection,
  createSsh2Transport,
  type Endpoint,
  type Ssh2Transport,
} from '../../src/connection/index.ts';
import { ofProcess } from '../processes.ts';
import { until } from '../until.ts';

/** A temporary directory that goes away with its scope, and before it the servers that live in it. */
export class TempDir {
  readonly path = mkdtempSync(join(tmpdir(), 'xpush-ssh-'));
  readonly #servers: TestServer[] = [];

  file(name: string): string {
    return join(this.path, name);
  }

  write(name: string, text: string, mode = 0o600): string {
    const path = this.file(name);
    writeFileSync(path, text, { mode });
    return path;
  }

  /** Has a server end with the directory. */
  add(server: TestServer): TestServer {
    this.#servers.push(server);
    return server;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()));
    this[Symbol.dispose]();
  }
}

export interface KeyPair {
  readonly file: string;
  /** `ssh-ed25519 AAAA...` without a comment. */
  readonly publicKey: string;
  /** `SHA256:...`. */
  readonly fingerprint: string;
}

/** A key pair made by the real ssh-keygen. */
export function makeKey(
  dir: TempDir,
  name: string,
  options: {
    readonly type?: string;
    readonly passphrase?: string;
    readonly format?: 'PEM' | 'PKCS8';
  } = {},
): KeyPair {
  const { type = 'ed25519', passphrase = '', format = null } = options;
  const file = dir.file(name);
  const args = ['-q', '-t', type, '-N', passphrase, '-C', 'test', '-f', file];
  execFileSync('ssh-keygen', format === null ? args : [...args, '-m', format]);
  return readKeyPair(file);
}

function readKeyPair(file: string): KeyPair {
  const publicKey = readFileSync(`${file}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
  const listing = execFileSync('ssh-keygen', ['-l', '-f', `${file}.pub`], { encoding: 'utf8' });
  return { file, publicKey, fingerprint: listing.split(' ')[1] ?? '' };
}

/** A real SSH server on a free port of the loopback. */
export interface TestServer {
  readonly port: number;
  readonly hostKeys: readonly KeyPair[];
  readonly log: () => string;
  readonly process: ChildProcess;
  [Symbol.asyncDispose](): Promise<void>;
}

const isRoot = process.getuid?.() === 0;

/** What a run remembers on a host goes with the server, and is not this machine's. */
const ownState = [
  ...['unshare', '-m', 'sh', '-c', 'mount -t tmpfs -o mode=755 tmpfs /var/lib && exec "$@"', 'sh'],
];

/** An OpenSSH server, which ends with `dir`. `config` lines come first, so they win. */
export async function startSshd(
  dir: TempDir,
  options: {
    readonly name?: string;
    readonly authorized: readonly KeyPair[];
    readonly hostKeys?: readonly KeyPair[];
    readonly config?: readonly string[];
    /** Needs root. */
    readonly accounts?: Accounts;
    /** What starts the server in a place of its own; its command line follows. */
    readonly within?: readonly string[];
  },
): Promise<TestServer> {
  const name = options.name ?? 'sshd';
  const hostKeys = options.hostKeys ?? [makeKey(dir, `${name}_host_ed25519`)];
  const authorized = dir.write(
    `${name}_authorized`,
    options.authorized.map(({ publicKey }) => `${publicKey}\n`).join(''),
  );
  mkdirSync('/run/sshd', { recursive: true });
  const port = await freePort();
  const config = dir.write(
    `${name}_config`,
    [
      // The last MaxStartups wins, of all else the first.
      'MaxStartups 200',
      ...(options.config ?? []),
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      'PidFile none',
      'UsePAM no',
      'StrictModes no',
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      `AuthorizedKeysFile ${authorized}`,
      ...hostKeys.map(({ file }) => `HostKey ${file}`),
      '',
    ].join('\n'),
  );
  const argv = [
    ...(isRoot ? ownState : []),
    ...(options.within ?? []),
    ...['/usr/sbin/sshd', '-D', '-e', '-f', config],
  ];
  const [program = '', ...args] =
    options.accounts === undefined ? argv : amongAccounts(dir, name, options.accounts, argv);
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  return dir.add(await ready(server, port, hostKeys));
}

/** What a server is to know of the user of the tests, in place of what the machine knows. */
export interface Accounts {
  readonly password: string;
  /** Whether it has to be changed first. */
  readonly isExpired?: boolean;
}

/** A command that starts `argv` where /etc/shadow and sshd's PAM configuration are the test's own. */
function amongAccounts(
  dir: TempDir,
  name: string,
  { password, isExpired = false }: Accounts,
  argv: readonly string[],
): readonly string[] {
  const openssl = ['passwd', '-6', '-stdin'];
  const hash = execFileSync('openssl', openssl, { input: password, encoding: 'utf8' }).trim();
  const entry = `${loginUser}:${hash}:${isExpired ? 0 : 20_000}:0:99999:7:::`;
  const others = readFileSync('/etc/shadow', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(`${loginUser}:`));
  const shadow = dir.write(`${name}_shadow`, `${[entry, ...others].join('\n')}\n`);
  const pam = dir.write(
    `${name}_pam`,
    [
      'auth required pam_unix.so nodelay',
      'account required pam_unix.so',
      'password required pam_unix.so',
      'session required pam_permit.so',
      '',
    ].join('\n'),
    0o644,
  );
  const script =
    'mount --bind "$0" /etc/shadow && mount --bind "$1" /etc/pam.d/sshd && shift && exec "$@"';
  return ['unshare', '-m', 'sh', '-c', script, shadow, pam, ...argv];
}

/** A dropbear server. It reads root's own authorized_keys only, so it gets a /root of its own. */
export async function startDropbear(
  dir: TempDir,
  options: { readonly authorized: readonly KeyPair[]; readonly accounts?: Accounts },
): Promise<TestServer> {
  const file = dir.file('dropbear_host');
  execFileSync('dropbearkey', ['-t', 'ed25519', '-f', file], { stdio: 'ignore' });
  const publicText = execFileSync('dropbearkey', ['-y', '-f', file], { encoding: 'utf8' });
  writeFileSync(`${file}.pub`, `${publicText.match(/^ssh-\S+ \S+/m)?.[0]} x\n`);
  const port = await freePort();
  const script = `
    mount -t tmpfs -o mode=700 tmpfs /root && mkdir -m 700 /root/.ssh &&
    printf '%s\n' "$KEYS" > /root/.ssh/authorized_keys && chmod 600 /root/.ssh/authorized_keys &&
    exec /usr/sbin/dropbear -F -E -r "$0" -p 127.0.0.1:${port} -P "$0.pid"`;
  const argv = ['unshare', '-m', 'sh', '-c', script, file];
  const [program = '', ...args] =
    options.accounts === undefined ? argv : amongAccounts(dir, 'dropbear', options.accounts, argv);
  const server = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, KEYS: options.authorized.map((key) => key.publicKey).join('\n') },
  });
  return dir.add(await ready(server, port, [readKeyPair(file)]));
}

async function ready(
  server: ChildProcess,
  port: number,
  hostKeys: readonly KeyPair[],
): Promise<TestServer> {
  let log = '';
  server.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  await until(() => {
    if (server.exitCode !== null) throw new Error(`the server ended: ${log}`);
    return /listening on|Not backgrounding/.test(log);
  });
  return {
    port,
    hostKeys,
    log: () => log,
    process: server,
    async [Symbol.asyncDispose]() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      server.kill('SIGTERM');
      await once(server, 'exit');
    },
  };
}

/** A TCP server of the test's own on a free port; its connections are cut when it goes. */
export async function listening(server: Server) {
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    port: address.port,
    /** Waits until somebody has connected. */
    accepted: () => until(() => sockets.length > 0),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

/** The processes that a server has for its connections. */
export function sessionsOf(server: TestServer): readonly number[] {
  return descendantsOf(server.process.pid);
}

function descendantsOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return [];
  return ofProcess(pid, (directory) => readFileSync(`${directory}/task/${pid}/children`, 'utf8'))
    .split(' ')
    .filter((child) => child !== '')
    .flatMap((child) => [Number(child), ...descendantsOf(Number(child))]);
}

/** known_hosts lines for a test server. */
export function knownHostsLines(server: TestServer): string {
  return server.hostKeys
    .map(({ publicKey }) => `[127.0.0.1]:${server.port} ${publicKey}\n`)
    .join('');
}

/** Who runs these tests: an sshd that root did not start lets nobody else in. */
export const { username: loginUser } = userInfo();

/** An endpoint on the loopback, strict. */
export function endpointOf(server: { readonly port: number }, rest: Partial<Endpoint>): Endpoint {
  return {
    name: 'xen1',
    address: '127.0.0.1',
    port: server.port,
    user: loginUser,
    hostKeyChecking: 'strict',
    connectTimeoutMs: 10_000,
    legacyAlgorithms: false,
    ...rest,
  };
}

/** A transport with this OpenSSH configuration and no agent: nothing comes from whoever runs the tests. */
export function newTransport(config = 'none'): Ssh2Transport {
  return createSsh2Transport({ config, agentSocket: null });
}

/** A signal that never aborts. */
export const never: AbortSignal = new AbortController().signal;

async function text(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Runs a command to its end without input. */
export async function run(connection: Connection, command: string) {
  const exec = await connection.exec(command);
  exec.stdin.end();
  const [stdout, stderr, outcome] = await Promise.all([
    text(exec.stdout),
    text(exec.stderr),
    exec.outcome,
  ]);
  return { stdout, stderr, outcome };
}
