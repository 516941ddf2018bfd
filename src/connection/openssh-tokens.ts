import { hostname } from 'node:os';
import { join } from 'node:path';
import { ConnectionError } from './transport.ts';

/** What the tokens of ssh_config(5), TOKENS, stand for. */
export interface TokenValues {
  /** %n: the host as the user named it. */
  readonly name: string;
  /** %h: where it is. */
  readonly host: string;
  readonly port: number;
  /** %r */
  readonly remoteUser: string;
  /** %k: HostKeyAlias, or the name. */
  readonly keyAlias: string;
  readonly localUser: LocalUserValues;
}

interface LocalUserValues {
  readonly name: string;
  readonly home: string;
  readonly id: number;
}

/**
 * Replaces `%` tokens, `${VARIABLES}` and a leading `~/` in the path of a setting.
 * Throws `ConnectionError` (`config`) for a token or variable that is not known.
 */
export function expandPath(path: string, values: TokenValues): string {
  const withTokens = expandTokens(path, values);
  const { env } = process;
  const expanded = withTokens.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = env[name];
    if (value === undefined) throw tokenError(path, `the environment has no ${name}`);
    return value;
  });
  return expandHome(expanded, values.localUser.home);
}

/** Replaces the `%` tokens of ssh_config(5) but %C, %I, %K, %H, %T and %t. */
export function expandTokens(text: string, values: TokenValues): string {
  const { localUser } = values;
  const known: ReadonlyMap<string, string> = new Map([
    ['%', '%'],
    ['d', localUser.home],
    ['h', values.host],
    ['i', String(localUser.id)],
    ['k', values.keyAlias],
    ['L', hostname().split('.')[0] ?? ''],
    ['l', hostname()],
    ['n', values.name],
    ['p', String(values.port)],
    ['r', values.remoteUser],
    ['u', localUser.name],
  ]);
  return text.replace(/%(.?)/g, (token, letter: string) => {
    const value = known.get(letter);
    if (value === undefined) throw tokenError(text, `${token} is not understood here`);
    return value;
  });
}

/** `~/x` in a user's home. */
export function expandHome(path: string, home: string): string {
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

function tokenError(text: string, problem: string): ConnectionError {
  return new ConnectionError('config', `"${text}" of the OpenSSH configuration: ${problem}`);
}
