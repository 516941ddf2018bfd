import { change } from '../host/change.ts';
import { isHostPath } from '../host/names.ts';
import { type CommandOutput, type QueryOf, query } from '../host/query.ts';
import { type Plan, type Refusal, refuse } from './step.ts';
import { textSums } from './text-sums.ts';

/** A user's authorized_keys, as the user sees it. */
export interface UserKeys {
  readonly path: string;
  /** Permissions as `ls` writes them; null: it is not there. */
  readonly directoryMode: string | null;
  readonly fileMode: string | null;
  readonly text: string;
}

// the user's own rights are enough for all of it, so no link in a home leads root astray
const reading = `
eval "home=~$1"
case $home in /*) ;; *) exit 3 ;; esac
[ -d "$home" ] || exit 4
directory=$home/.ssh file=$home/.ssh/authorized_keys
echo "$file"
for path in "$directory" "$file"; do
  ls -ldnL "$path" 2>/dev/null || echo -
done
[ ! -e "$file" ] || cat "$file"`;

// by whichever of the two programs is there
const writing = `
has_sums() {
  sums=$(sha256sum <"$1" 2>/dev/null || cksum <"$1") || return 1
  case $2 in *"[$sums]"*) ;; *) return 1 ;; esac
}
file=$1 directory=\${1%/*}
umask 077
if [ "$4" = managed ]; then
  [ -d "$directory" ] || mkdir "$directory" || exit 1
  chmod 700 "$directory" || exit 1
elif [ ! -d "$directory" ]; then
  echo "there is no $directory" >&2
  exit 1
fi
[ ! -L "$file" ] || file=$(readlink -f "$file") || exit 1
if [ -e "$file" ]; then
  has_sums "$file" "$2"
else
  [ "$2" = - ]
fi || { echo "$file changed meanwhile" >&2; exit 1; }
new=$(mktemp "$file.XXXXXX") || exit 1
if cat >"$new" && has_sums "$new" "$3" && chmod 600 "$new" && mv -f "$new" "$file"; then
  command -v restorecon >/dev/null 2>&1 || exit 0
  restorecon "$directory" "$file" 2>/dev/null
  exit 0
fi
rm -f "$new"
exit 1`;

/** What asks for a user's keys. */
export function userKeysQuery(user: string): QueryOf<'output'> {
  return query.output(['/bin/sh', '-c', reading, 'sh', user], {
    user,
    readsOnly: ['/etc/passwd', '/root', '/home', `user:${user}`],
    isBrief: true,
  });
}

/** What the host says of a user's keys, or why it can't be told. */
export function userKeys(user: string, seen: CommandOutput): UserKeys | Refusal {
  const { status, stdout, stderr } = seen;
  if (status === 3)
    return refuse(`there is no user ${user}`, 'have a task before this one make it');
  if (status === 4) return refuse(`the home of ${user} does not exist`, 'give a "path"');
  const [path = '', directory = '', file = '', ...lines] = stdout.split('\n');
  const isPath = isHostPath(path) && path.endsWith('/.ssh/authorized_keys');
  if (status !== 0 || !isPath || seen.isCut || seen.isTimedOut) {
    const why = stderr.split('\n')[0] ?? '';
    return refuse(
      `the keys of ${user} can't be read${why === '' ? '' : `: ${why}`}`,
      `is there a user ${user}, and is the login root?`,
    );
  }
  const text = lines.join('\n');
  if (/[\0\ufffd]/.test(text)) return refuse(`${path} is no text of UTF-8`);
  const [directoryMode, fileMode] = [directory, file].map(modeOf);
  if (directoryMode?.startsWith('d') === false) return refuse(`${path}: no directory above it`);
  if (fileMode?.startsWith('-') === false) return refuse(`${path} is no regular file`);
  return { path, directoryMode: directoryMode ?? null, fileMode: fileMode ?? null, text };
}

function modeOf(line: string): string | null {
  return /^[a-z-][rwxsStT-]{9}/.exec(line)?.[0] ?? null;
}

/** Gives the user's file this text, as that user; modes as sshd wants them if the directory is ours to manage. */
export function planUserKeys(
  user: string,
  found: UserKeys,
  text: string,
  { asked, seen }: { readonly asked: QueryOf<'output'>; readonly seen: CommandOutput },
  isManaged: boolean,
): Plan {
  const isOpen = (mode: string | null, wanted: string) =>
    isManaged && mode !== null && mode !== wanted;
  const hasOpen = isOpen(found.directoryMode, 'drwx------') || isOpen(found.fileMode, '-rw-------');
  if (text === found.text && !hasOpen) return { changes: [] };
  if (text === '' && found.fileMode === null) return { changes: [] };
  const managed = isManaged ? 'drwx------' : (found.directoryMode ?? 'drwx------');
  const before = found.fileMode === null ? '-' : textSums(found.text);
  const argv = ['/bin/sh', '-c', writing, 'sh', found.path, before, textSums(text)];
  const answer = {
    ...seen,
    stdout: [found.path, managed, '-rw-------', text].join('\n'),
  };
  return {
    changes: [
      change.call([...argv, isManaged ? 'managed' : 'kept'], {
        effect: 'both',
        subject: found.path,
        before: shown(found),
        after: shown({ ...found, directoryMode: managed, fileMode: '-rw-------', text }),
        user,
        stdin: text,
        predicts: [{ query: asked, before: seen, answer }],
        isBrief: true,
        touches: [found.path],
      }),
    ],
  };
}

/** Modes are shown where they are what changes. */
function shown({ directoryMode, fileMode, text }: UserKeys): string {
  const modes = `# ${directoryMode ?? 'no directory'}, ${fileMode ?? 'no file'}`;
  return `${modes}\n${text}`.replace(/\n$/, '');
}
