import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { parsePublicKey } from './public-key.ts';
import type { HostKeyPolicy, IdentityChoice, Target } from './target.ts';
import { ConnectionError, type Endpoint } from './transport.ts';

/** The user on this machine: whose files are read, and the login name when nobody says another. */
export interface LocalUser {
  readonly name: string;
  readonly home: string;
  readonly id: number;
}

/** The user of this process, from the password database as in OpenSSH (not from $HOME). */
export function localUser(): LocalUser {
  try {
    const { username, homedir: home, uid } = userInfo();
    return { name: username, home, id: uid };
  } catch {
    return { name: 'root', home: homedir(), id: process.getuid?.() ?? 0 };
  }
}

/** In the order in which OpenSSH would offer those that are strong today. */
const defaultIdentities = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** Fills in an endpoint. Throws `ConnectionError` (`config`) for a pin that is no key. */
export function resolveTarget(
  endpoint: Endpoint,
  local: { readonly user: LocalUser; readonly agentSocket: string | null },
): Target {
  const { user } = local;
  const port = endpoint.port ?? 22;
  return {
    name: endpoint.name,
    host: endpoint.address,
    port,
    user: endpoint.user ?? user.name,
    hostKey: hostKeyPolicy(endpoint, port, user.home),
    identities: identityChoices(endpoint, user.home),
    identitiesOnly: endpoint.identity !== undefined,
    agentSocket: local.agentSocket,
    connectTimeoutMs: endpoint.connectTimeoutMs,
    legacyAlgorithms: endpoint.legacyAlgorithms,
    via: null,
  };
}

function identityChoices(endpoint: Endpoint, home: string): readonly IdentityChoice[] {
  return endpoint.identity === undefined
    ? defaultIdentities.map((name) => ({ file: join(home, '.ssh', name), origin: 'default' }))
    : [{ file: expandHome(endpoint.identity, home), origin: 'endpoint' }];
}

function hostKeyPolicy(endpoint: Endpoint, port: number, home: string): HostKeyPolicy {
  const userFiles =
    endpoint.knownHosts === undefined
      ? [join(home, '.ssh/known_hosts'), join(home, '.ssh/known_hosts2')]
      : [expandHome(endpoint.knownHosts, home)];
  const systemFiles =
    endpoint.knownHosts === undefined
      ? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']
      : [];
  return {
    name: { host: endpoint.address, port, alias: null },
    pin: endpoint.hostKey === undefined ? null : parsePin(endpoint.hostKey, endpoint.name),
    files: [...userFiles, ...systemFiles],
    recordFile: userFiles[0] ?? null,
    recordHashed: false,
    acceptNew: endpoint.hostKeyChecking === 'accept-new',
  };
}

function parsePin(text: string, name: string) {
  const key = parsePublicKey(text);
  if (key !== null) return key;
  throw new ConnectionError('config', `the host_key of ${name} is not a public key`, {
    hint: 'it looks like: ssh-ed25519 AAAAC3Nz...',
  });
}

function expandHome(path: string, home: string): string {
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}
