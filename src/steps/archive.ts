import * as v from 'valibot';
import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { described } from './described.ts';
import { modeAfter, modeWord } from './file-mode.ts';
import { hostPath } from './host-path.ts';
import { printing } from './host-script.ts';
import { chownWord, madeEntry, ownership, wantedOf } from './ownership.ts';
import { defineStep, refuse } from './step.ts';
import { kindOf } from './unpacked.ts';

const params = v.pipe(
  v.strictObject({
    path: described(
      v.union([
        v.pipe(
          hostPath,
          v.transform((one) => [one]),
        ),
        v.pipe(v.array(hostPath), v.nonEmpty('a path is needed')),
      ]),
      'A file or a directory of the host, or a list of them.',
    ),
    dest: described(
      hostPath,
      'The archive on the host; its name tells what it is: `.tar`, `.tar.gz`, `.tar.xz`, `.tar.bz2`, `.tar.zst` or `.zip`.',
    ),
    remove: v.optional(
      described(v.boolean(), 'Whether what was packed is removed then. Default: `false`.'),
    ),
    ...ownership,
  }),
  v.check(
    ({ dest }) => kindOf(dest) !== null,
    'the name of "dest" tells what it is: .tar, .tar.gz, .tgz, .tar.xz, .tar.bz2, .tar.zst or .zip',
  ),
  v.check(
    ({ path, dest }) => !path.some((one) => dest.startsWith(`${trimmed(one)}/`) || dest === one),
    "an archive can't be in what it holds",
  ),
  v.check(({ path }) => !path.some((one) => /^\/*$/.test(one)), 'that is everything'),
);

type Params = v.InferOutput<typeof params>;

export const archive = defineStep({
  name: 'archive',
  summary: 'Packs files and directories of the host into an archive there.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, given) => ({ said: ageQuery(given), entry: query.entry(given.dest) }),

  plan: (_target, given, { said, entry }) => {
    const { dest, path, remove = false } = given;
    const word = said.status === 0 ? said.stdout.trim() : '';
    const data = { dest };
    if (entry.type !== 'absent' && entry.type !== 'file') return refuse(`${dest} is in the way`);
    if (word === 'current') {
      return { changes: change.setAttributes(dest, wantedOf(given, entry), entry, 'boot'), data };
    }
    if (word === 'nothing') return refuse(`there is nothing at ${path.join(', ')}`);
    if (word !== 'absent' && word !== 'older') return refuse(`${dest}: its age can't be told`);
    const old = entry.type === 'absent' ? 0o644 : entry.mode;
    const mode = given.mode === undefined ? old : modeAfter(given.mode, old, false);
    const owner =
      entry.type === 'absent' || entry.uid === null
        ? {}
        : { owner: `${entry.uid}`, group: `${entry.gid}` };
    const whose = {
      owner: given.owner ?? owner.owner,
      group: given.group ?? owner.group,
    };
    const paths = path.map(trimmed);
    const words = [
      dest,
      kindOf(dest) ?? '',
      modeWord(mode),
      chownWord(whose),
      remove ? 'remove' : '',
    ];
    return {
      changes: [
        change.call(['/bin/sh', '-c', packScript, 'archive', ...words, ...paths], {
          ...{ effect: 'boot', subject: dest, timeoutSeconds: 3600 },
          before: word === 'absent' ? 'absent' : 'older than what it holds',
          after: `${paths.join(', ')}${remove ? ', which go' : ''}`,
          predicts: [
            { query: ageQuery(given), before: said, answer: printing('current\n') },
            {
              query: query.entry(dest),
              before: entry,
              answer: madeEntry('file', entry, wantedOf({ ...given, mode: modeWord(mode) }, entry)),
            },
          ],
          touches: [dest, ...(remove ? paths : [])],
        }),
      ],
      data,
    };
  },
});

const ageScript = `dest=$1 remove=$2 any=
shift 2
for path; do
  if [ -e "$path" ] || [ -L "$path" ]; then any=yes; fi
done
if [ ! -f "$dest" ]; then
  if [ -n "$any" ]; then echo absent; else echo nothing; fi
elif [ -z "$any" ]; then echo current
elif [ -n "$remove" ] || [ -n "$(find "$@" -newer "$dest" 2>/dev/null | head -n 1)" ]; then echo older
else echo current; fi`;

/** Whether it is there, and nothing in it has changed since. */
function ageQuery({ dest, path, remove }: Params) {
  const paths = path.map(trimmed);
  const words = [dest, remove === true ? 'remove' : '', ...paths];
  return query.output(['/bin/sh', '-c', ageScript, 'archive', ...words], {
    ...{ readsOnly: [dest, ...paths], timeoutSeconds: 120, limitBytes: 1024 },
  });
}

/** It has the time at which packing began: what changes meanwhile is newer. */
const packScript = `umask 077
pack() (
room=$(dirname -- "$dest")/.xpush-archive-$$
mkdir -m 700 -- "$room" || exit 1
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
: >"$room/begun"
case $kind in
zip)
  command -v zip >/dev/null || { echo 'there is no zip on this host' >&2; exit 1; }
  for path; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    (cd "$(dirname -- "$path")" && zip -qry "$room/new.zip" "./$(basename -- "$path")") || exit 1
  done
  mv "$room/new.zip" "$room/new" || exit 1
  ;;
*)
  [ "$kind" != - ] || kind=
  count=$#
  while [ "$count" -gt 0 ]; do
    if [ -e "$1" ] || [ -L "$1" ]; then
      name=$(basename -- "$1")
      case $name in -* | /) name=./$name ;; esac
      set -- "$@" -C "$(dirname -- "$1")" "$name"
    fi
    shift
    count=$((count - 1))
  done
  tar -c $kind -f "$room/new" "$@" || exit 1
  ;;
esac
[ -z "$owner" ] || chown -- "$owner" "$room/new" || exit 1
chmod "$mode" "$room/new" && touch -r "$room/begun" "$room/new" || exit 1
sync "$room/new" 2>/dev/null
mv -f -- "$room/new" "$dest" || exit 1
)
dest=$1 kind=$2 mode=$3 owner=$4 remove=$5
shift 5
pack "$@" || exit
[ -z "$remove" ] || rm -rf -- "$@"`;

function trimmed(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}
