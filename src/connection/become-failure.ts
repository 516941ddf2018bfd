import type { PasswordResult } from './password.ts';
import { printable, seconds } from './text.ts';
import { type Become, ConnectionError } from './transport.ts';

/** What is known of an attempt to become another user that came to nothing. */
export interface BecomeAttempt {
  readonly become: Become;
  /** null: the OpenSSH configuration says. */
  readonly loginUser: string | null;
  /** What the host said, with LC_ALL=C. */
  readonly said: string;
  /** Whether the login shell ran what it was given. */
  readonly hasBegun: boolean;
  readonly isMissing: boolean;
  readonly wasSent: boolean;
  /** How the command ended, in words. */
  readonly ending: string;
}

/** A refusal, and what it says of the password if that was sent. */
export interface BecomeRefusal {
  readonly error: ConnectionError;
  readonly password: PasswordResult;
}

interface Rule {
  readonly methods: readonly Become['method'][];
  readonly form: RegExp;
  /** Default: unknown. */
  readonly password?: PasswordResult;
  /** A sentence and what to do about it. */
  readonly explain: (attempt: BecomeAttempt, match: RegExpExecArray) => readonly [string, string];
}

/** How a host refused, as an error with what to do about it. Of the host's words only what is not known is shown. */
export function becomeRefusal(attempt: BecomeAttempt): BecomeRefusal {
  const { become, hasBegun, isMissing, said, ending } = attempt;
  const { method } = become;
  const words = said === '' ? '' : `; it said: ${inOneLine(said)}`;
  if (!hasBegun) {
    const message = `the login shell gives no sh (${ending})${words}`;
    const hint =
      'xpush runs "exec /bin/sh -c ..." in the login shell: try ssh HOST "exec /bin/sh -c id" by hand';
    return { error: new ConnectionError('channel', message, { hint }), password: 'unknown' };
  }
  if (isMissing) {
    const hint = `install ${method}, choose another method (become: { method: ... }), or log in as ${become.user}`;
    const error = new ConnectionError('become', `there is no ${method}`, { hint });
    return { error, password: 'unknown' };
  }
  for (const { methods, form, explain, password = 'unknown' } of rules) {
    const match = methods.includes(method) ? form.exec(said) : null;
    if (match === null) continue;
    const [message, hint] = explain(attempt, match);
    return { error: new ConnectionError('become', message, { hint }), password };
  }
  const message = `${method} gives no shell of ${become.user} (${ending})${words}`;
  const hint = `try it by hand: ssh HOST ${handLine(become)}`;
  return { error: new ConnectionError('become', message, { hint }), password: 'unknown' };
}

function inOneLine(said: string): string {
  return printable(said.replace(/\s*\n\s*/g, ' | '));
}

/** It asks for a password, and there is none to give. */
export function noPasswordError(attempt: BecomeAttempt): ConnectionError {
  const [message, hint] = needsPassword(attempt);
  return new ConnectionError('become', message, { hint });
}

/** What it was told was wrong. */
export function wrongPasswordError(attempt: BecomeAttempt): ConnectionError {
  const [message, hint] = wrongPassword(attempt);
  return new ConnectionError('become', message, { hint });
}

/** Other hosts have refused the same password. */
export function heldBackError({ become: { method } }: BecomeAttempt): ConnectionError {
  return new ConnectionError(
    'become',
    `${method} asks for the password, which was not sent: other hosts refused it`,
    { hint: 'one more wrong password could lock the account; see what those hosts say' },
  );
}

/** Nothing is heard any more. */
export function silentError(
  { become: { method }, hasBegun, said }: BecomeAttempt,
  timeoutMs: number,
): ConnectionError {
  const who = hasBegun ? method : 'the login shell';
  const words = said === '' ? 'nothing' : `"${inOneLine(said)}"`;
  const message = `${who} said ${words} in ${seconds(timeoutMs)}, and gives no shell`;
  return new ConnectionError('timeout', message, { hint: silenceHint(hasBegun, said) });
}

function silenceHint(hasBegun: boolean, said: string): string {
  if (!hasBegun) return 'it may read the standard input, or wait for something';
  return said === ''
    ? 'the host may be looking for names or users that no server answers for'
    : 'it may ask for something else than a password, which xpush cannot answer; "Defaults passprompt_override" in sudoers makes sudo ask in its own words';
}

/** Nobody could type it. */
export function unfitPasswordError(): ConnectionError {
  return new ConnectionError('become', 'the password has a line feed or a null byte in it', {
    hint: 'a secret that is a file of one line may end in one: store it without',
  });
}

function needsPassword({ become }: BecomeAttempt): readonly [string, string] {
  const { method, user } = become;
  const hint =
    method === 'sudo'
      ? 'give it with -K or as become: { password: !secret NAME }, or allow it without: NOPASSWD in sudoers(5)'
      : `give that of ${user} with -K or as become: { password: !secret NAME }`;
  return [`${method} asks for a password, and none was given`, hint];
}

function wrongPassword({ become, loginUser }: BecomeAttempt): readonly [string, string] {
  return become.method === 'su'
    ? [
        `su refused the password of ${become.user}`,
        `su wants that of ${become.user}, not of the login user; where ${become.user} has none, use sudo`,
      ]
    : [
        'sudo refused the password',
        `it is that of ${loginUser ?? 'the login user'} on this host, unless sudoers(5) says rootpw or targetpw; it was sent once and is not tried again`,
      ];
}

const all = ['sudo', 'doas', 'su'] as const;

/** The first that fits; what is more telling comes first. The texts are of sudo 1.8-1.9, sudo-rs, opendoas, util-linux, shadow and busybox. */
const rules: readonly Rule[] = [
  {
    methods: ['sudo'],
    form: /must have a tty/,
    explain: ({ loginUser }) => [
      'sudo wants a terminal here (requiretty)',
      `switch that off on the host with visudo: Defaults:${loginUser ?? 'USER'} !requiretty`,
    ],
  },
  {
    methods: ['su', 'doas'],
    form: /must be run from a terminal|tty required/,
    explain: ({ become: { method } }) => [
      `this ${method} works on a terminal only`,
      'xpush uses none: use sudo (become: { method: sudo })',
    ],
  },
  {
    methods: all,
    form: /unknown user|Unknown id|user \S+ does not exist/,
    explain: ({ become: { user } }) => [
      `there is no user ${user} to become`,
      'look at the user of become',
    ],
  },
  {
    methods: all,
    form: /account has expired|account expired|[Pp]assword (?:is |has )?expired|account validation failure|required to change your password/,
    password: 'accepted',
    explain: ({ become, loginUser }, [words]) => {
      const who = become.method === 'su' ? become.user : (loginUser ?? 'the login user');
      return [
        `${become.method} says that the account or its password has expired (${words})`,
        `log in as ${who} by hand, or see: chage -l ${who}`,
      ];
    },
  },
  {
    methods: ['sudo'],
    form: /is not in the sudoers file|not allowed to (?:run sudo|execute)|may not run sudo|I'm sorry \S+\. I'm afraid/,
    password: 'accepted',
    explain: ({ become: { user }, loginUser }) => [
      `sudo does not let ${loginUser ?? 'the login user'} run /bin/sh as ${user}`,
      `allow it with visudo: ${loginUser ?? 'USER'} ALL=(${user}) /bin/sh`,
    ],
  },
  {
    methods: ['doas'],
    form: /Operation not permitted/,
    explain: ({ become: { user }, loginUser }) => [
      `doas does not let ${loginUser ?? 'the login user'} become ${user}`,
      `allow it in /etc/doas.conf: permit nopass ${loginUser ?? 'USER'} as ${user}`,
    ],
  },
  {
    methods: ['doas'],
    form: /Authori[sz]ation (?:required|failed)|Authentication (?:required|failed)/,
    explain: ({ become: { user }, loginUser }) => [
      'doas asks for a password, which it reads from a terminal only',
      `allow it without one in /etc/doas.conf: permit nopass ${loginUser ?? 'USER'} as ${user} ("persist" needs a terminal too); or use sudo`,
    ],
  },
  {
    methods: ['doas'],
    form: /doas is not enabled|doas\.conf|syntax error/,
    explain: ({ become: { user }, loginUser }) => [
      'doas has no rules that it can use',
      `write /etc/doas.conf, owned by root and mode 0400: permit nopass ${loginUser ?? 'USER'} as ${user}`,
    ],
  },
  {
    methods: ['su'],
    form: /Permission denied/,
    explain: ({ become: { user }, loginUser }) => [
      `su does not let ${loginUser ?? 'the login user'} become ${user}`,
      'its PAM configuration may ask for a group such as wheel: see /etc/pam.d/su',
    ],
  },
  {
    methods: all,
    form: /setuid|must be suid|effective uid is not 0|no new privileges|not installed correctly/,
    explain: ({ become: { method } }) => [
      `${method} cannot give rights there: it is not set-user-ID root, or its file system or service forbids that`,
      `see: ls -l $(command -v ${method}); a mount with nosuid and NoNewPrivileges do that as well`,
    ],
  },
  {
    methods: ['sudo'],
    form: /syntax error|parse error|no valid sudoers/,
    explain: () => ['sudo cannot read its sudoers', 'see on the host: visudo -c'],
  },
  {
    methods: ['sudo', 'su'],
    form: /password is required|authentication is required|[Nn]o password was provided|Authentication failure|incorrect password|Authentication failed|Maximum \d+ incorrect|terminal is required|try again/,
    password: 'refused',
    explain: (attempt) => (attempt.wasSent ? wrongPassword(attempt) : needsPassword(attempt)),
  },
];

function handLine({ method, user }: Become): string {
  switch (method) {
    case 'sudo':
      return `sudo -u ${user} /bin/sh -c id`;
    case 'doas':
      return `doas -u ${user} /bin/sh -c id`;
    case 'su':
      return `su -s /bin/sh -c id ${user}`;
  }
}
