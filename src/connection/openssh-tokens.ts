import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { LocalUser } from './local-user.ts';
import { printable } from './text.ts';
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
  /** %j: the host that ProxyJump names last, or nothing. */
  readonly jump: string;
  readonly localUser: LocalUser;
}

/** The tokens that ProxyCommand and ProxyJump know. */
export const proxyTokens = '%hknpr';

/** Those that the most keywords know. */
const commonTokens = '%CLdhijklnpru';

/**
 * Replaces a leading `~/`, `%` tokens and `${VARIABLES}` in the path of a setting.
 * Throws `ConnectionError` (`config`) for a token or variable that is not known.
 */
export function expandPath(path: string, values: TokenValues): string {
  const { home } = values.localUser;
  if (/^~[^/]/.test(path)) throw tokenError(path, "another user's home is to be written out");
  const expanded = expand(path, values, commonTokens, true);
  return path.startsWith('~') ? join(home, expanded.slice(1)) : expanded;
}

/** Replaces the `%` tokens of `letters`, by default those that the most keywords know. */
export function expandTokens(text: string, values: TokenValues, letters = commonTokens): string {
  return expand(text, values, letters, false);
}

/**
 * The same in a shell command. What stands for names may be anybody's, so what a shell would take for more
 * than a word is refused, more strictly than by ssh, which looks at its arguments only.
 */
export function expandShellTokens(
  command: string,
  values: TokenValues,
  letters = commonTokens,
): string {
  for (const [letter, pattern] of Object.entries(unsafe)) {
    const value = tokenValue(letter, values);
    if (pattern.test(value) && command.includes(`%${letter}`)) {
      throw tokenError(command, `"${printable(value)}" for %${letter} is unfit for a shell`);
    }
  }
  return expandTokens(command, values, letters);
}

/** As ssh_valid_hostname and ssh_valid_ruser in OpenSSH's misc.c. */
const unsafeHost = /^-|['`"$\\;&<>|(){},\s\p{Cc}]/u;
const unsafeUser = /^-|['`";&<>|(){}$\p{Cc}]|\s-|\\$/u;
const unsafe = { h: unsafeHost, j: unsafeHost, k: unsafeHost, n: unsafeHost, r: unsafeUser };

/** Replaces tokens and variables in a User, which is part of what `%r` and `%C` stand for. */
export function expandUser(user: string, values: TokenValues): string {
  return expand(user, values, commonTokens.replace(/[Cr]/g, ''), true);
}

/** `~/x` in a user's home. */
export function expandHome(path: string, home: string): string {
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

/** Whether a text has anything that `expandPath` would replace. */
export function hasTokens(text: string): boolean {
  return text.includes('%') || text.includes('${');
}

/** In one pass, so that nothing is replaced in what a token stood for. */
function expand(
  text: string,
  values: TokenValues,
  letters: string,
  withVariables: boolean,
): string {
  const pattern = withVariables ? /%([\s\S]?)|\$\{([^}]*)(\}?)/g : /%([\s\S]?)/g;
  return text.replace(pattern, (found, letter?: string, name = '', end = '') => {
    if (letter !== undefined) {
      if (letter !== '' && letters.includes(letter)) return tokenValue(letter, values);
      throw tokenError(text, `${found} is not understood here`);
    }
    if (end === '' || name === '') throw tokenError(text, `${found} is no variable`);
    const { [name]: value } = process.env;
    if (value === undefined) throw tokenError(text, `the environment has no ${name}`);
    return value;
  });
}

function tokenValue(letter: string, values: TokenValues): string {
  const { localUser } = values;
  switch (letter) {
    case 'C':
      return connectionHash(values);
    case 'L':
      return hostname().split('.')[0] ?? '';
    case 'd':
      return localUser.home;
    case 'h':
      return values.host;
    case 'i':
      return String(localUser.id);
    case 'j':
      return values.jump;
    case 'k':
      return values.keyAlias;
    case 'l':
      return hostname();
    case 'n':
      return values.name;
    case 'p':
      return String(values.port);
    case 'r':
      return values.remoteUser;
    case 'u':
      return localUser.name;
    default:
      return letter;
  }
}

/** %C: as ssh_connection_hash in OpenSSH's readconf.c. */
function connectionHash({ host, port, remoteUser, jump }: TokenValues): string {
  return createHash('sha1').update(`${hostname()}${host}${port}${remoteUser}${jump}`).digest('hex');
}

function tokenError(text: string, problem: string): ConnectionError {
  return new ConnectionError('config', `"${text}" of the OpenSSH configuration: ${problem}`);
}
