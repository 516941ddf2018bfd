import { readFile } from 'node:fs/promises';
import { hopsOf, lastHop } from './hops.ts';
import type { LocalUser } from './local-user.ts';
import {
  type ArgumentSources,
  endpointArguments,
  hostArgument,
  legacyArguments,
} from './openssh-arguments.ts';
import type { OpensshProgram } from './openssh-program.ts';
import { expandHome } from './openssh-tokens.ts';
import { fingerprint, parsePublicKey } from './public-key.ts';
import { codeOf } from './text.ts';
import { ConnectionError, type Endpoint } from './transport.ts';

/** An endpoint as `ssh` will take it. */
export interface OpensshTarget {
  /** What `ssh` is told to connect to. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly args: readonly string[];
  /** `ssh-ed25519 SHA256:...`; null: known_hosts decides. */
  readonly pin: string | null;
  readonly knownHostsFiles: readonly string[];
  /** Whether the way is a ProxyCommand of the user's. */
  readonly hasProxyCommand: boolean;
  readonly connectTimeoutMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveCount: number;
  /** The hop before this host; it has its own hop before it, and so on. */
  readonly via: OpensshTarget | null;
}

/** What targets are made with. */
export interface TargetSources {
  readonly program: OpensshProgram;
  readonly user: LocalUser;
  readonly config: string | null;
  readonly agentSocket: string | null | undefined;
  /** Writes a known_hosts file for a pinned key, and gives its path. */
  readonly pinFile: (key: string) => Promise<string>;
  readonly warn: (message: string) => void;
}

const defaultTimeoutMs = 10_000;
const defaultKeepaliveMs = 15_000;
const defaultKeepaliveCount = 3;

/**
 * Completes an endpoint by what the user's `ssh` says that it would do (`ssh -G`); its hops likewise.
 * Rejects with `ConnectionError` (`config`).
 */
export async function resolveOpensshTarget(
  endpoint: Endpoint,
  sources: TargetSources,
): Promise<OpensshTarget> {
  return await resolve(endpoint, sources, null, []);
}

/** `via` is a hop that is given already; `behind` are the names of the hosts that this one leads to. */
async function resolve(
  endpoint: Endpoint,
  sources: TargetSources,
  via: OpensshTarget | null,
  behind: readonly string[],
): Promise<OpensshTarget> {
  const { program, user, warn } = sources;
  const name = hostArgument(endpoint.name);
  if (endpoint.password !== undefined) throw passwordError(endpoint.name);
  const pin = endpoint.hostKey === undefined ? null : pinOf(endpoint.hostKey, endpoint.name);
  const arguments_: ArgumentSources = {
    config: sources.config,
    version: await program.version(),
    agentSocket: sources.agentSocket,
    pinFile: endpoint.hostKey === undefined ? null : await sources.pinFile(endpoint.hostKey),
    expand: (path) => expandHome(path, user.home),
  };
  const isGiven = via !== null;
  const own = endpointArguments(isGiven ? { ...endpoint, jump: [] } : endpoint, arguments_);
  const legacy =
    endpoint.legacyAlgorithms === true
      ? await legacyArguments((kind) => program.supported(kind))
      : [];
  const settings = await program.settings([...own, ...legacy], name);
  const value = (key: string) => settings.get(key)?.[0] ?? null;
  const number = (key: string) => Number(value(key) ?? 0) || 0;
  const knownHostsFiles = [
    ...(value('userknownhostsfile') ?? '').split(' '),
    ...(value('globalknownhostsfile') ?? '').split(' '),
  ].filter((file) => file !== '' && file !== '/dev/null');
  const wanted = pin !== null ? 'yes' : checkingOf(endpoint, value('stricthostkeychecking'), warn);
  const unread = wanted === 'yes' ? null : await unreadable(knownHostsFiles, user.home);
  // ssh would take a host for new that such a file knows by another key
  if (unread !== null) warn(`cannot read ${unread}: unknown host keys are refused`);
  const checking = unread === null ? wanted : 'yes';
  const target = {
    name,
    host: value('hostname') ?? endpoint.address,
    port: number('port') || 22,
    user: value('user') ?? user.name,
    args: [...own, ...legacy, '-o', `StrictHostKeyChecking=${checking}`],
    pin,
    knownHostsFiles,
    hasProxyCommand: ![null, 'none'].includes(value('proxycommand')),
    connectTimeoutMs:
      endpoint.connectTimeoutMs ?? (number('connecttimeout') * 1_000 || defaultTimeoutMs),
    keepaliveMs:
      endpoint.keepaliveMs ?? (number('serveraliveinterval') * 1_000 || defaultKeepaliveMs),
    keepaliveCount: number('serveralivecountmax') || defaultKeepaliveCount,
  };
  if (isGiven) return { ...target, via };
  const hops = endpoint.jump ?? namedHops(value, target, user);
  const before = await lastHop<OpensshTarget>(hops, endpoint.name, behind, (hop, hopVia, chain) =>
    resolve(hop, sources, hopVia, chain),
  );
  return { ...target, via: before };
}

/** The first of these files that is there and cannot be read; null: there is none such. */
async function unreadable(files: readonly string[], home: string): Promise<string | null> {
  for (const file of files) {
    const code = await readFile(expandHome(file, home)).then(() => null, codeOf);
    if (code !== null && code !== 'ENOENT') return file;
  }
  return null;
}

/** Those of the user's ProxyJump, whose tokens `ssh` leaves as they are. */
function namedHops(
  value: (key: string) => string | null,
  { name, host, port, user, connectTimeoutMs }: Omit<OpensshTarget, 'via'>,
  localUser: LocalUser,
): readonly Endpoint[] {
  const list = value('proxyjump');
  if (list === null || list === 'none') return [];
  const keyAlias = value('hostkeyalias') ?? name;
  const tokens = { name, host, port, remoteUser: user, keyAlias, jump: '', localUser };
  return hopsOf(list, tokens, connectTimeoutMs);
}

/** The same as over ssh2: `ask` is strict, since nobody can be asked, and `no` is not followed. */
function checkingOf(
  { hostKeyChecking }: Endpoint,
  configured: string | null,
  warn: (message: string) => void,
): 'yes' | 'accept-new' {
  if (hostKeyChecking !== undefined) return hostKeyChecking === 'strict' ? 'yes' : 'accept-new';
  if (configured === 'no' || configured === 'off' || configured === 'false') {
    warn(
      'StrictHostKeyChecking no of the OpenSSH configuration is not followed: unknown host keys are refused',
    );
  }
  return configured === 'accept-new' ? 'accept-new' : 'yes';
}

function passwordError(name: string): ConnectionError {
  return new ConnectionError('config', `${name} has a password, which ssh cannot be given`, {
    hint: 'the transport openssh logs in with keys, an agent or GSSAPI: use transport ssh2 for this host',
  });
}

function pinOf(text: string, name: string): string {
  const key = parsePublicKey(text);
  if (key !== null) return `${key.type} ${fingerprint(key.blob)}`;
  throw new ConnectionError('config', `the host_key of ${name} is not a public key`, {
    hint: 'it looks like: ssh-ed25519 AAAAC3Nz...',
  });
}
