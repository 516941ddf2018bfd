import { randomBytes } from 'node:crypto';
import type { Become } from './transport.ts';

/** A command that another user is to run, and the words by which its output tells how far it is. */
export interface RaisedCommand {
  /** For the login shell. */
  readonly command: string;
  /** What both outputs say when the login shell is through with its own matters. */
  readonly began: string;
  /** What the error output says of a host that does not have the method. */
  readonly missing: string;
  /** How a question for the password begins. */
  readonly prompt: string;
  /** The line that the raised shell says first, on its output. */
  readonly raised: string;
}

/**
 * `command` as `user` runs it. Its shell says `raised` first. All words but su's prompt are made by the
 * host of halves, so that a shell that echoes what it is given never says them. The line is the same
 * to every login shell: sh, csh and fish read single quotes alike, and nothing in them is special.
 */
export function raisedCommand(command: string, become: Become): RaisedCommand {
  const [began, missing, raised, prompt] = [word(), word(), word(), word()];
  const { method, user } = become;
  const script = [
    `echo ${began.inHalves}; echo ${began.inHalves} >&2`,
    `test "$(id -un)" = "$1" && exec /bin/sh -c ${shellWords}`,
    'LC_ALL=C; export LC_ALL',
    'PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `command -v ${method} >/dev/null || { echo ${missing.inHalves} >&2; exit 127; }`,
    `exec ${methodLine(become, prompt)}`,
  ].join('; ');
  const inner = `${takingSession}; echo ${raised.inHalves}; ${command}`;
  return {
    command: `exec /bin/sh -c ${quoted(script)} xpush ${quoted(user)} ${quoted(inner)}`,
    began: began.whole,
    missing: missing.whole,
    prompt: method === 'sudo' ? `${prompt.begin}%${prompt.end}` : 'Password:',
    raised: raised.whole,
  };
}

/** What the raised shell runs, its name, and where the login came from, which the methods take out of the environment. */
const shellWords = '"$2" xpush "$SSH_CONNECTION"';
const takingSession = 'test -z "$1" || export SSH_CONNECTION="$1"; set --';

/** sudo(8), doas(1), su(1): `$1` is the user. */
function methodLine({ method, password }: Become, prompt: Word): string {
  switch (method) {
    case 'sudo': {
      // %% of a prompt is shown as %
      const asking = `-S -p "${prompt.begin}%%${prompt.end}: "`;
      return `sudo ${password === undefined ? '-n' : asking} -H -u "$1" -- /bin/sh -c ${shellWords}`;
    }
    case 'doas':
      // it would read a password from the terminal, which there is none of
      return `doas -n -u "$1" /bin/sh -c ${shellWords}`;
    case 'su':
      return `su -s /bin/sh -c "$2" "$1" xpush "$SSH_CONNECTION"`;
  }
}

interface Word {
  readonly begin: string;
  readonly end: string;
  readonly whole: string;
  /** For a shell, which puts it together. */
  readonly inHalves: string;
}

function word(): Word {
  const [begin, end] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')];
  return { begin, end, whole: `${begin}${end}`, inHalves: `${begin}""${end}` };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
