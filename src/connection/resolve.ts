import { isIP } from 'node:net';
import { join } from 'node:path';
import { parseJumpList } from './jump-list.ts';
import type { LocalUser } from './local-user.ts';
import type { OpensshConfig } from './openssh-config.ts';
import { configError } from './openssh-config-lines.ts';
import type { OpensshSettings } from './openssh-settings.ts';
import { expandHome, expandPath, expandTokens, type TokenValues } from './openssh-tokens.ts';
import { type PublicKey, parsePublicKey } from './public-key.ts';
import type {
  AlgorithmChoice,
  HostKeyPolicy,
  IdentityChoice,
  LoginPolicy,
  Target,
} from './target.ts';
import { ConnectionError, type Endpoint } from './transport.ts';

/** What endpoints are completed from. */
export interface LocalSettings {
  readonly user: LocalUser;
  /** SSH_AUTH_SOCK. */
  readonly agentSocket: string | null;
  readonly config: OpensshConfig;
  readonly warn: (message: string) => void;
}

const defaultTimeoutMs = 10_000;
const defaultKeepaliveMs = 15_000;
const defaultKeepaliveCount = 3;
const defaultLeastRsaBits = 1024;
const defaultPasswordPrompts = 3;
const maximumHops = 8;

/** In the order in which OpenSSH would offer those that are strong today. */
const defaultIdentities = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/**
 * Completes an endpoint: what it says itself, then the user's OpenSSH configuration, then
 * OpenSSH's defaults; its hops likewise. Throws `ConnectionError` (`config`) for what can't be
 * followed: it is never passed over in silence.
 */
export function resolveTarget(endpoint: Endpoint, local: LocalSettings): Target {
  return resolve(endpoint, local, null, []);
}

/** `via` is a hop that is given already; `behind` are the names of the hosts that this one leads to. */
function resolve(
  endpoint: Endpoint,
  local: LocalSettings,
  via: Target | null,
  behind: readonly string[],
): Target {
  const settings = local.config.settingsFor({
    name: endpoint.name,
    hostname: endpoint.address === endpoint.name ? null : endpoint.address,
    user: endpoint.user ?? null,
    port: endpoint.port ?? null,
    localUser: local.user.name,
  });
  const tokens: TokenValues = {
    name: endpoint.name,
    host: settings.hostname ?? endpoint.address,
    port: settings.port ?? 22,
    remoteUser: settings.user ?? local.user.name,
    keyAlias: settings.hostKeyAlias ?? endpoint.name,
    localUser: local.user,
  };
  refuseUnsupported(settings, endpoint, tokens.host);
  const connectTimeoutMs =
    endpoint.connectTimeoutMs ?? settings.connectTimeoutMs ?? defaultTimeoutMs;
  return {
    name: endpoint.name,
    host: tokens.host,
    port: tokens.port,
    user: tokens.remoteUser,
    hostKey: hostKeyPolicy(endpoint, settings, tokens, local),
    identities: identityChoices(endpoint, settings, tokens),
    certificateFiles: settings.certificateFiles.map((file) => expandPath(file, tokens)),
    identitiesOnly: endpoint.identity !== undefined || settings.identitiesOnly === true,
    agentSocket: agentSocket(settings, tokens, local),
    login: loginPolicy(settings),
    algorithms: algorithmChoice(endpoint),
    dialling: {
      family: settings.addressFamily ?? 'any',
      bindAddress: settings.bindAddress ?? null,
      attempts: settings.connectionAttempts ?? 1,
    },
    proxyCommand: null,
    connectTimeoutMs,
    keepaliveMs: endpoint.keepaliveMs ?? defaultKeepaliveMs,
    keepaliveCount: defaultKeepaliveCount,
    legacyAlgorithms: endpoint.legacyAlgorithms ?? false,
    via:
      via ?? lastHop(hopsOf(endpoint, settings, tokens, connectTimeoutMs), endpoint, local, behind),
  };
}

function refuseUnsupported(settings: OpensshSettings, endpoint: Endpoint, host: string): void {
  for (const { keyword, at } of settings.unsupported) {
    const isMoot =
      (keyword === 'ProxyCommand' && endpoint.jump !== undefined) ||
      (keyword === 'CanonicalizeHostname' && isIP(host) !== 0) ||
      (keyword === 'RevokedHostKeys' && endpoint.hostKey !== undefined);
    if (isMoot) continue;
    throw configError(
      at,
      `${keyword} is not supported by xpush 0.1; it is set for ${endpoint.name}`,
    );
  }
}

function hopsOf(
  endpoint: Endpoint,
  settings: OpensshSettings,
  tokens: TokenValues,
  connectTimeoutMs: number,
): readonly Endpoint[] {
  if (endpoint.jump !== undefined) return endpoint.jump;
  if (settings.proxyJump == null) return [];
  return parseJumpList(expandTokens(settings.proxyJump, tokens)).map(({ host, user, port }) => ({
    name: host,
    address: host,
    ...(user === null ? {} : { user }),
    ...(port === null ? {} : { port }),
    connectTimeoutMs,
  }));
}

/** The first hop may have hops of its own; each later one is reached through the one before it. */
function lastHop(
  hops: readonly Endpoint[],
  endpoint: Endpoint,
  local: LocalSettings,
  behind: readonly string[],
): Target | null {
  const chain = [...behind, endpoint.name];
  if (hops.length > 0 && (behind.includes(endpoint.name) || behind.length >= maximumHops)) {
    throw new ConnectionError('config', `the jump hosts go in a circle: ${chain.join(', ')}`);
  }
  return hops.reduce<Target | null>((via, hop) => resolve(hop, local, via, chain), null);
}

function identityChoices(
  endpoint: Endpoint,
  settings: OpensshSettings,
  tokens: TokenValues,
): readonly IdentityChoice[] {
  const { home } = tokens.localUser;
  if (endpoint.identity !== undefined) {
    return [{ file: expandHome(endpoint.identity, home), origin: 'endpoint' }];
  }
  if (settings.identityFiles.length > 0) {
    return settings.identityFiles
      .filter((file) => file.toLowerCase() !== 'none')
      .map((file) => ({ file: expandPath(file, tokens), origin: 'config' }));
  }
  return defaultIdentities.map((name) => ({ file: join(home, '.ssh', name), origin: 'default' }));
}

function agentSocket(
  { identityAgent }: OpensshSettings,
  tokens: TokenValues,
  local: LocalSettings,
): string | null {
  if (identityAgent === undefined || identityAgent === 'SSH_AUTH_SOCK') return local.agentSocket;
  if (identityAgent.toLowerCase() === 'none') return null;
  const { env } = process;
  return identityAgent.startsWith('$') && !identityAgent.startsWith('${')
    ? (env[identityAgent.slice(1)] ?? null)
    : expandPath(identityAgent, tokens);
}

function loginPolicy(settings: OpensshSettings): LoginPolicy {
  return {
    methods: ['publickey', 'keyboard-interactive', 'password'],
    passwordPrompts: settings.numberOfPasswordPrompts ?? defaultPasswordPrompts,
    isBatch: settings.batchMode ?? false,
    signatures: [],
    leastRsaBits: settings.requiredRsaSize ?? defaultLeastRsaBits,
  };
}

function algorithmChoice(_endpoint: Endpoint): AlgorithmChoice {
  return { kex: [], ciphers: [], macs: [], hostKeys: [], isHostKeyOrderFixed: false };
}

function hostKeyPolicy(
  endpoint: Endpoint,
  settings: OpensshSettings,
  tokens: TokenValues,
  local: LocalSettings,
): HostKeyPolicy {
  const { home } = local.user;
  const expand = (files: readonly string[]) =>
    files.filter((file) => file !== 'none').map((file) => expandPath(file, tokens));
  const userFiles =
    endpoint.knownHosts === undefined
      ? expand(settings.userKnownHostsFiles ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'])
      : [expandHome(endpoint.knownHosts, home)];
  const systemFiles =
    endpoint.knownHosts === undefined
      ? expand(
          settings.globalKnownHostsFiles ?? [
            '/etc/ssh/ssh_known_hosts',
            '/etc/ssh/ssh_known_hosts2',
          ],
        )
      : [];
  return {
    name: { host: tokens.host, port: tokens.port, alias: settings.hostKeyAlias ?? null },
    pin: endpoint.hostKey === undefined ? null : parsePin(endpoint.hostKey, endpoint.name),
    files: [...userFiles, ...systemFiles],
    revokedFiles: [],
    checksAddress: settings.checkHostIp ?? false,
    leastRsaBits: settings.requiredRsaSize ?? defaultLeastRsaBits,
    recordFile: userFiles[0] ?? null,
    recordHashed: settings.hashKnownHosts ?? false,
    acceptNew: (endpoint.hostKeyChecking ?? checkingOf(settings, local)) === 'accept-new',
  };
}

/** `ask` is strict, since nobody can be asked; `no` would be no check at all, so it is not followed. */
function checkingOf(
  { strictHostKeyChecking }: OpensshSettings,
  { warn }: LocalSettings,
): 'strict' | 'accept-new' {
  if (strictHostKeyChecking === 'no') {
    warn(
      'StrictHostKeyChecking no of the OpenSSH configuration is not followed: unknown host keys are refused',
    );
  }
  return strictHostKeyChecking === 'accept-new' ? 'accept-new' : 'strict';
}

function parsePin(text: string, name: string): PublicKey {
  const key = parsePublicKey(text);
  if (key !== null) return key;
  throw new ConnectionError('config', `the host_key of ${name} is not a public key`, {
    hint: 'it looks like: ssh-ed25519 AAAAC3Nz...',
  });
}
