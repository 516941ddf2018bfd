import { chooseAuthoritySignatures } from './algorithm-choice.ts';
import { type OpensshSettings, placeOf } from './openssh-settings.ts';
import { expandHome, expandPath, type TokenValues } from './openssh-tokens.ts';
import { type PublicKey, parsePublicKey } from './public-key.ts';
import type { HostKeyPolicy } from './target.ts';
import { ConnectionError, type Endpoint } from './transport.ts';

/** As in OpenSSH, for keys of hosts and of users. */
export const defaultLeastRsaBits = 1024;

const userDefaults = ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'];
const systemDefaults = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

/**
 * What proves a host: the endpoint's own pin or file, else the user's and the system's known_hosts.
 * Throws `ConnectionError` (`config`).
 */
export function hostKeyPolicy(
  endpoint: Endpoint,
  settings: OpensshSettings,
  tokens: TokenValues,
  { isDirect, warn }: { readonly isDirect: boolean; readonly warn: (message: string) => void },
): HostKeyPolicy {
  const expand = (files: readonly string[]) => files.map((file) => expandPath(file, tokens));
  const { knownHosts } = endpoint;
  const userFiles =
    knownHosts === undefined
      ? expand(settings.userKnownHostsFiles ?? userDefaults)
      : [expandHome(knownHosts, tokens.localUser.home)];
  const systemFiles =
    knownHosts === undefined ? expand(settings.globalKnownHostsFiles ?? systemDefaults) : [];
  return {
    name: { host: tokens.host, port: tokens.port, alias: settings.hostKeyAlias ?? null },
    pin: endpoint.hostKey === undefined ? null : parsePin(endpoint.hostKey, endpoint.name),
    files: [...userFiles, ...systemFiles],
    revokedFiles: expand(settings.revokedHostKeys ?? []),
    authoritySignatures: chooseAuthoritySignatures(settings.caSignatureAlgorithms),
    checksAddress: isDirect && settings.checkHostIp === true,
    leastRsaBits: settings.requiredRsaSize ?? defaultLeastRsaBits,
    recordFile: userFiles[0] === '/dev/null' ? null : (userFiles[0] ?? null),
    recordHashed: settings.hashKnownHosts ?? false,
    acceptNew: (endpoint.hostKeyChecking ?? checkingOf(settings, warn)) === 'accept-new',
  };
}

/** `ask` is strict, since nobody can be asked; `no` would be no check at all, so it is not followed. */
function checkingOf(
  settings: OpensshSettings,
  warn: (message: string) => void,
): 'strict' | 'accept-new' {
  const { strictHostKeyChecking } = settings;
  if (strictHostKeyChecking === 'no') {
    warn(
      `StrictHostKeyChecking no of ${placeOf(settings, 'StrictHostKeyChecking')} is not followed: unknown host keys are refused`,
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
