import { isIP } from 'node:net';
import { chooseAlgorithms } from './algorithm-choice.ts';
import { hopsOf, lastHop } from './hops.ts';
import { hostKeyPolicy } from './host-key-policy.ts';
import { lastHopName } from './jump-list.ts';
import type { LocalUser } from './local-user.ts';
import { agentSocket, identityChoices, loginPolicy } from './login-policy.ts';
import type { OpensshConfig } from './openssh-config.ts';
import { configError } from './openssh-config-lines.ts';
import { type OpensshSettings, placeOf } from './openssh-settings.ts';
import {
  expandPath,
  expandShellTokens,
  expandUser,
  hasTokens,
  proxyTokens,
  type TokenValues,
} from './openssh-tokens.ts';
import type { Target } from './target.ts';
import { printable } from './text.ts';
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

/**
 * Completes an endpoint: what it says itself, then the user's OpenSSH configuration, then
 * OpenSSH's defaults; its hops likewise. Rejects with `ConnectionError` (`config`) for what can't be
 * followed: it is never passed over in silence.
 */
export function resolveTarget(endpoint: Endpoint, local: LocalSettings): Promise<Target> {
  return resolve(endpoint, local, null, []);
}

/** `via` is a hop that is given already; `behind` are the names of the hosts that this one leads to. */
async function resolve(
  endpoint: Endpoint,
  local: LocalSettings,
  via: Target | null,
  behind: readonly string[],
): Promise<Target> {
  const settings = await local.config.settingsFor({
    name: endpoint.name,
    hostname: endpoint.address === endpoint.name ? null : endpoint.address,
    user: endpoint.user ?? null,
    port: endpoint.port ?? null,
    localUser: local.user,
  });
  const tokens = tokenValues(endpoint, settings, local.user);
  const connectTimeoutMs =
    endpoint.connectTimeoutMs ?? settings.connectTimeoutMs ?? defaultTimeoutMs;
  const proxyCommand =
    via === null && endpoint.jump === undefined ? proxyCommandOf(settings, tokens) : null;
  const jump = settings.proxyJump ?? null;
  const named = jump === null ? [] : hopsOf(jump, tokens, connectTimeoutMs);
  const hops = via === null ? (endpoint.jump ?? named) : [];
  const isDirect = via === null && hops.length === 0 && proxyCommand === null;
  refuse(settings, endpoint, { isDirect, isProxied: proxyCommand !== null, host: tokens.host });
  const legacyAlgorithms = endpoint.legacyAlgorithms ?? false;
  return {
    name: endpoint.name,
    host: tokens.host,
    port: tokens.port,
    user: tokens.remoteUser,
    hostKey: hostKeyPolicy(endpoint, settings, tokens, { isDirect, warn: local.warn }),
    identities: identityChoices(endpoint, settings, tokens),
    certificateFiles: settings.certificateFiles
      .filter((file) => file.toLowerCase() !== 'none')
      .map((file) => expandPath(file, tokens)),
    identitiesOnly: endpoint.identity !== undefined || settings.identitiesOnly === true,
    agentSocket: agentSocket(settings, tokens, local.agentSocket),
    password: endpoint.password ?? null,
    login: loginPolicy(endpoint, settings),
    algorithms: chooseAlgorithms(settings, legacyAlgorithms),
    dialling: {
      family: settings.addressFamily ?? 'any',
      bindAddress: settings.bindAddress ?? null,
      attempts: settings.connectionAttempts ?? 1,
    },
    proxyCommand,
    places: settings.places ?? {},
    connectTimeoutMs,
    ...keepalives(endpoint, settings, behind.length > 0),
    legacyAlgorithms,
    via:
      via ??
      (await lastHop(hops, endpoint.name, behind, (hop, before, chain) =>
        resolve(hop, local, before, chain),
      )),
  };
}

function tokenValues(
  { name, address, user }: Endpoint,
  settings: OpensshSettings,
  localUser: LocalUser,
): TokenValues {
  const values = {
    name,
    host: settings.hostname ?? address,
    port: settings.port ?? 22,
    remoteUser: settings.user ?? localUser.name,
    keyAlias: settings.hostKeyAlias?.toLowerCase() ?? name,
    jump: lastHopName(settings.proxyJump ?? null),
    localUser,
  };
  // What the endpoint says itself is meant as it is.
  const isOpen = user === undefined && hasTokens(values.remoteUser);
  return isOpen ? { ...values, remoteUser: expandUser(values.remoteUser, values) } : values;
}

/** A dead link must be noticed soon on the way to other hosts, or where the endpoint says so itself. */
function keepalives(
  { keepaliveMs }: Endpoint,
  { serverAliveIntervalMs, serverAliveCountMax = defaultKeepaliveCount }: OpensshSettings,
  isHop: boolean,
): Pick<Target, 'keepaliveMs' | 'keepaliveCount'> {
  return keepaliveMs === undefined && !isHop
    ? {
        keepaliveMs: serverAliveIntervalMs ?? defaultKeepaliveMs,
        keepaliveCount: Math.max(1, serverAliveCountMax),
      }
    : {
        keepaliveMs: keepaliveMs ?? defaultKeepaliveMs,
        keepaliveCount: defaultKeepaliveCount,
      };
}

/** What is only for ssh itself, where it would count for this host. */
function refuse(
  settings: OpensshSettings,
  endpoint: Endpoint,
  way: { readonly isDirect: boolean; readonly isProxied: boolean; readonly host: string },
): void {
  const { refuseConnection, unsupported } = settings;
  if (refuseConnection !== undefined) {
    const place = placeOf(settings, 'RefuseConnection');
    const message = `${place} refuses ${endpoint.name}: ${printable(refuseConnection)}`;
    throw new ConnectionError('config', message);
  }
  for (const { keyword, at } of unsupported) {
    const isMoot =
      (keyword === 'BindInterface' && !way.isDirect) ||
      (keyword === 'CanonicalizePermittedCNAMEs' && isIP(way.host) !== 0) ||
      (keyword === 'KnownHostsCommand' &&
        (endpoint.hostKey ?? endpoint.knownHosts) !== undefined) ||
      (keyword === 'ProxyUseFdpass' && !way.isProxied);
    if (isMoot) continue;
    throw configError(at, `xpush cannot follow ${keyword}, which is set for ${endpoint.name}`, {
      hint: 'with `transport: openssh` ssh itself connects, which can',
    });
  }
}

function proxyCommandOf({ proxyCommand }: OpensshSettings, tokens: TokenValues): string | null {
  if (proxyCommand == null) return null;
  if (proxyCommand === '-') {
    throw new ConnectionError(
      'config',
      `ProxyCommand - of ${tokens.name} leaves no line for xpush`,
    );
  }
  return expandShellTokens(proxyCommand, tokens, proxyTokens);
}
