import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { KeyPair, TempDir } from './sshd.ts';

/** The password of every user of a room, root too. */
export const roomPassword = 'Tr0ub4dor&3';

/** Users of a room that `startSshd` may let in. */
const roomUsers = ['ops', 'free', 'nobody2', 'tty', 'lister', 'noisy', 'spent', 'mute'] as const;

/** A machine's /etc of its own for an SSH server and all that it starts: needs root. */
export interface Room {
  /** Goes before a server's command line. */
  readonly argv: readonly string[];
  /** Lines for its configuration. */
  readonly config: readonly string[];
  /** The passwords that were tried in it, in order. */
  readonly tried: () => readonly string[];
}

/**
 * Users with all kinds of rights by the real sudo, doas and su: `ops` with the password, `free` without,
 * `nobody2` none, `tty` with requiretty, `lister` for ls alone, `noisy` as `ops` with a login shell that
 * talks; `spent` has expired, and the shell of `mute` is /bin/false. `without` takes programs away; `busyboxSu` has busybox's su.
 */
export function becomeRoom(
  dir: TempDir,
  name: string,
  options: {
    readonly keys: readonly KeyPair[];
    readonly without?: readonly string[];
    readonly busyboxSu?: boolean;
    /** Lines for sudoers(5). */
    readonly sudoers?: readonly string[];
  },
): Room {
  const { keys, without = [], busyboxSu = false, sudoers = [] } = options;
  const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], {
    input: roomPassword,
    encoding: 'utf8',
  }).trim();
  const tries = dir.file(`${name}_tries`);
  const files = {
    USERS: roomUsers.join(' '),
    HASH: hash,
    KEYS: keys.map(({ publicKey }) => `${publicKey}\n`).join(''),
    SUDOERS: [
      'Defaults env_reset, use_pty',
      'Defaults secure_path="/usr/sbin:/usr/bin:/sbin:/bin"',
      'root ALL=(ALL) ALL',
      'ops,noisy ALL=(ALL) ALL',
      'free,tty ALL=(ALL) NOPASSWD: ALL',
      'lister ALL=(ALL) NOPASSWD: /bin/ls',
      'Defaults:tty requiretty',
      ...sudoers,
      '',
    ].join('\n'),
    DOAS: ['permit nopass free', 'permit ops', ''].join('\n'),
    // Each try is told to a program, right or wrong.
    AUTH: [
      'auth optional pam_exec.so expose_authtok quiet seteuid /etc/tried',
      'auth required pam_unix.so nodelay try_first_pass',
      '',
    ].join('\n'),
    // in one write, since two may come at once
    TRIED: `#!/bin/sh\ntried=$(cat)\nprintf '%s\\n' "$tried" >>${tries}\n`,
    NOISY: '#!/bin/sh\necho Password: ; echo Password: >&2; set -x; eval "$2"\n',
  };
  return {
    argv: [
      ...['env', ...Object.entries(files).map(([key, text]) => `${key}=${text}`)],
      ...['unshare', '-m', 'sh', '-ec', script, busyboxSu ? 'busybox' : '', without.join(' ')],
    ],
    config: ['AuthorizedKeysFile /etc/xpush-keys'],
    tried: () =>
      existsSync(tries)
        ? readFileSync(tries, 'utf8')
            .split('\n')
            .filter((line) => line !== '')
        : [],
  };
}

const script = `
mount -t tmpfs -o mode=755,suid,exec tmpfs /mnt
mkdir /mnt/upper /mnt/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc
mkdir -p /run/sudo /var/lib/sudo
mount -t tmpfs tmpfs /run/sudo
mount -t tmpfs tmpfs /var/lib/sudo
id=1700
for user in $USERS; do
  id=$((id + 1)) shell=/bin/sh last=
  if [ $user = noisy ]; then shell=/etc/noisy; fi
  if [ $user = spent ]; then last=1; fi
  if [ $user = mute ]; then shell=/bin/false; fi
  echo "$user:x:$id:$id::/tmp:$shell" >>/etc/passwd
  echo "$user:x:$id:" >>/etc/group
  echo "$user:$HASH:20000:0:99999:7::$last:" >>/etc/shadow
done
sed -i "s|^root:[^:]*|root:$HASH|" /etc/shadow
printf %s "$KEYS" >/etc/xpush-keys
printf %s "$SUDOERS" >/etc/sudoers
rm -rf /etc/sudoers.d
printf %s "$DOAS" >/etc/doas.conf
chmod 400 /etc/doas.conf /etc/sudoers
printf %s "$AUTH" >/etc/pam.d/common-auth
printf %s "$TRIED" >/etc/tried
printf %s "$NOISY" >/etc/noisy
chmod 755 /etc/tried /etc/noisy
if [ "$0" = busybox ]; then
  cp "$(command -v busybox)" /mnt/su
  chmod 4755 /mnt/su
  mount --bind /mnt/su "$(readlink -f "$(command -v su)")"
fi
for program in $1; do mount --bind /dev/null "$(command -v $program)"; done
shift
unset USERS HASH KEYS SUDOERS DOAS AUTH TRIED NOISY
exec "$@"
`;
