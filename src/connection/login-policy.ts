import { join } from 'node:path';
import { chooseSignatures } from './algorithm-choice.ts';
import { defaultLeastRsaBits } from './host-key-policy.ts';
import type { OpensshSettings } from './openssh-settings.ts';
import { expandHome, expandPath, type TokenValues } from './openssh-tokens.ts';
import type { IdentityChoice, LoginMethod, LoginPolicy } from './target.ts';
import { ConnectionError, type Endpoint } from './transport.ts';

/** In the order in which OpenSSH would offer those that are strong today. */
const defaultIdentities = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const defaultPasswordPrompts = 3;

/** Of OpenSSH's own order, those that this side can go. */
const defaultMethods = 'publickey,keyboard-interactive,password';

/** What may be tried to log in. Throws `ConnectionError` (`config`) when nothing may. */
export function loginPolicy(endpoint: Endpoint, settings: OpensshSettings): LoginPolicy {
  const isAllowed: Record<LoginMethod, boolean> = {
    publickey: settings.pubkeyAuthentication ?? true,
    'keyboard-interactive': settings.kbdInteractiveAuthentication ?? true,
    password: settings.passwordAuthentication ?? true,
  };
  const preferred = (settings.preferredAuthentications ?? defaultMethods).split(',');
  const methods = [...new Set(preferred)].filter(isMethod).filter((name) => isAllowed[name]);
  if (methods.length === 0) {
    const places = Object.entries(settings.places ?? {})
      .filter(([keyword]) => keyword.endsWith('Authentication') || keyword.startsWith('Preferred'))
      .map(([keyword, at]) => `${keyword} of ${at}`);
    throw new ConnectionError(
      'config',
      `the OpenSSH configuration leaves no way to log in to ${endpoint.name} (${places.join(', ')})`,
      {
        hint: `xpush knows ${defaultMethods.replaceAll(',', ', ')}; with \`transport: openssh\` ssh itself logs in`,
      },
    );
  }
  return {
    methods,
    passwordPrompts: settings.numberOfPasswordPrompts ?? defaultPasswordPrompts,
    isBatch: settings.batchMode ?? false,
    signatures: chooseSignatures(settings, endpoint.legacyAlgorithms ?? false),
    leastRsaBits: settings.requiredRsaSize ?? defaultLeastRsaBits,
  };
}

function isMethod(name: string): name is LoginMethod {
  return defaultMethods.split(',').includes(name);
}

/** The private key files that may be offered. Throws `ConnectionError` (`config`). */
export function identityChoices(
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

/** The socket of the agent that may be asked, if any; `usual` is that of SSH_AUTH_SOCK. */
export function agentSocket(
  { identityAgent }: OpensshSettings,
  tokens: TokenValues,
  usual: string | null,
): string | null {
  if (identityAgent === undefined || identityAgent === 'SSH_AUTH_SOCK') return usual;
  if (identityAgent.toLowerCase() === 'none') return null;
  const { env } = process;
  return identityAgent.startsWith('$') && !identityAgent.startsWith('${')
    ? (env[identityAgent.slice(1)] ?? null)
    : expandPath(identityAgent, tokens);
}
