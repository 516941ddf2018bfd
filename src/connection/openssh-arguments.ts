import { isIP } from 'node:net';
import { legacyAlgorithms } from './ssh2-algorithms.ts';
import { ConnectionError, type Endpoint } from './transport.ts';

/**
 * What holds for every connection: nothing but the connection is set up, and no setting of the user's can weaken how a host proves itself.
 */
const fixedOptions = [
  'ForwardAgent=no',
  'ForwardX11=no',
  'ClearAllForwardings=yes',
  'ExitOnForwardFailure=no',
  'GatewayPorts=no',
  'Tunnel=no',
  'PermitLocalCommand=no',
  'RequestTTY=no',
  'EscapeChar=none',
  'ControlPersist=no',
  'NoHostAuthenticationForLocalhost=no',
  'VerifyHostKeyDNS=no',
  'VisualHostKey=no',
  // Many would rewrite one known_hosts file at once.
  'UpdateHostKeys=no',
  // It could ask.
  'AddKeysToAgent=no',
];

/** Options that older programs refuse, and since when they are known. */
const laterOptions: readonly (readonly [number, string])[] = [
  [7.6, 'RemoteCommand=none'],
  [8.7, 'ForkAfterAuthentication=no'],
  [8.7, 'StdinNull=yes'],
];

/** Since when KnownHostsCommand is known. */
const knownHostsCommandSince = 8.5;

/** What the arguments of one endpoint are made with. */
export interface ArgumentSources {
  /** As `ssh -F`; null: the user's and the system's. */
  readonly config: string | null;
  /** Of the program. */
  readonly version: number;
  /** Undefined: that of the environment. */
  readonly agentSocket: string | null | undefined;
  /** The path of a known_hosts file with the pinned key, for the name `pinName`. */
  readonly pinFile: string | null;
  /** Makes a path of a user's absolute. */
  readonly expand: (path: string) => string;
}

/** What a pinned key stands for in its own known_hosts file. */
export const pinName = 'xpush-pin';

/**
 * What an endpoint says, as arguments of `ssh`; all else is left to the user's configuration.
 * Throws `ConnectionError` (`config`) for what cannot be told to it.
 */
export function endpointArguments(endpoint: Endpoint, sources: ArgumentSources): readonly string[] {
  const { config, version, agentSocket, expand } = sources;
  const options = [...fixedOptions];
  for (const [since, option] of laterOptions) if (version >= since) options.push(option);
  if (endpoint.address !== endpoint.name) options.push(`HostName=${hostName(endpoint.address)}`);
  if (endpoint.port !== undefined) options.push(`Port=${endpoint.port}`);
  if (endpoint.user !== undefined) options.push(`User=${userName(endpoint.user)}`);
  if (endpoint.identity !== undefined) {
    options.push(`IdentityFile=${quotedPath(expand(endpoint.identity))}`, 'IdentitiesOnly=yes');
  }
  if (agentSocket === null) options.push('IdentityAgent=none');
  if (typeof agentSocket === 'string') options.push(`IdentityAgent=${quotedPath(agentSocket)}`);
  options.push(...hostKeyOptions(endpoint, sources));
  if (endpoint.jump !== undefined) options.push('ProxyCommand=none');
  const file = config === null ? [] : ['-F', config === 'none' ? config : expand(config)];
  return [...file, ...options.flatMap((option) => ['-o', option])];
}

/** The name as an argument of `ssh`. Throws `ConnectionError` (`config`) when it would be taken for something else. */
export function hostArgument(name: string): string {
  if (/^[\w:][\w.:%-]{0,254}$/.test(name)) return name;
  throw new ConnectionError('config', `"${name}" is no name that ssh could be given`, {
    hint: 'letters, digits, ".", "-", "_" and ":" make a name',
  });
}

/** Asks for algorithms that `ssh` has, but does not offer by itself. */
export async function legacyArguments(
  supported: (kind: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const lists = [
    ['KexAlgorithms', 'kex', legacyAlgorithms.kex],
    ['Ciphers', 'cipher', legacyAlgorithms.cipher],
    ['MACs', 'mac', legacyAlgorithms.mac],
    ['HostKeyAlgorithms', 'key', legacyAlgorithms.hostKey],
    ['PubkeyAcceptedKeyTypes', 'key', legacyAlgorithms.hostKey],
  ] as const;
  const args: string[] = [];
  for (const [option, kind, names] of lists) {
    const known = await supported(kind);
    const added = names.filter((name) => known.includes(name));
    if (added.length > 0) args.push('-o', `${option}=+${added.join(',')}`);
  }
  return args;
}

function hostKeyOptions(
  { hostKey, knownHosts }: Endpoint,
  { pinFile, version, expand }: ArgumentSources,
): readonly string[] {
  if (hostKey === undefined && knownHosts === undefined) return [];
  const file = pinFile ?? expand(knownHosts ?? '');
  return [
    `UserKnownHostsFile=${quotedPath(file)}`,
    'GlobalKnownHostsFile=/dev/null',
    ...(version >= knownHostsCommandSince ? ['KnownHostsCommand=none'] : []),
    ...(pinFile === null ? [] : [`HostKeyAlias=${pinName}`]),
  ];
}

/** `%` begins a token (ssh_config(5), TOKENS). */
function hostName(address: string): string {
  if (isIP(address) === 0) hostArgument(address);
  return address.replaceAll('%', '%%');
}

function userName(user: string): string {
  if (/^[\w][\w.@+\\-]{0,127}\$?$/.test(user)) return user.replaceAll('\\', '\\\\');
  throw new ConnectionError('config', `"${user}" is no user name that ssh could be given`);
}

function quotedPath(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be there
  if (!/["\\\u0000-\u001f]|\$\{/.test(path)) return `"${path.replaceAll('%', '%%')}"`;
  throw new ConnectionError('config', `"${path}" is no path that ssh could be given`, {
    hint: 'quotes, backslashes and "${" have a meaning of their own there',
  });
}
