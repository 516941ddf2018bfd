import { createHash } from 'node:crypto';
import { type CommandOutput, query } from '../host/query.ts';

/** What packs and unpacks it, by its name; null: nothing does. */
export function kindOf(name: string): string | null {
  const [, ending = ''] =
    /\.(tar|tar\.gz|tgz|tar\.xz|txz|tar\.bz2|tbz2?|tar\.zst|zip)$/i.exec(name) ?? [];
  return kinds[ending.toLowerCase()] ?? null;
}

/** Options of tar(1). */
const kinds: Readonly<Record<string, string>> = {
  ...{ tar: '-', 'tar.gz': '-z', tgz: '-z', 'tar.xz': '-J', txz: '-J' },
  ...{ 'tar.bz2': '-j', tbz: '-j', tbz2: '-j', 'tar.zst': '--zstd', zip: 'zip' },
};

/** Where a host remembers what it has unpacked: the sum of the archive, then all names. */
export function recordOf(dest: string, name: string): string {
  const mark = createHash('sha256')
    .update(`${dest}\0${name.replace(/^.*\//, '')}`)
    .digest('hex');
  return `/var/lib/xpush/unpacked/${mark.slice(0, 16)}`;
}

/** Where an archive of the controller lies until it is unpacked. */
export function stageOf(dest: string, name: string): string {
  return `${recordOf(dest, name)}.archive`;
}

const recordScript = `[ -f "$1" ] || exit 3
{
  read -r sum
  echo "sum $sum"
  missing=0
  while IFS= read -r name; do
    [ -e "$2/$name" ] || [ -L "$2/$name" ] || missing=$((missing + 1))
  done
  echo "missing $missing"
} <"$1"`;

/** Asks what was unpacked there, and how much of it is gone. */
export function recordQuery(dest: string, name: string) {
  const record = recordOf(dest, name);
  return query.output(['/bin/sh', '-c', recordScript, 'unpacked', record, dest], {
    ...{ readsOnly: [record, dest], timeoutSeconds: 120, limitBytes: 1024 },
  });
}

/** What it says. */
export function recordIn({ status, stdout }: CommandOutput): {
  readonly sum: string | null;
  readonly missing: number;
} {
  const [, sum = null, missing = '0'] =
    status === 0 ? (/^sum ([\da-f]{64})\nmissing (\d{1,9})\n$/.exec(stdout) ?? []) : [];
  return { sum, missing: Number(missing) };
}

/** The same once it is unpacked. */
export function recordAnswer(sum: string): string {
  return `sum ${sum}\nmissing 0\n`;
}

/** Names that lead out of the directory are refused before anything is unpacked. */
export const unpackScript = `archive=$1 dest=$2 kind=$3 strip=$4 owner=$5 mode=$6 record=$7 sum=$8 staged=$9
umask 077
mkdir -p -- "\${record%/*}" || exit
names=$record.new
trap 'rm -f "$names"; [ -z "$staged" ] || rm -f "$archive"' EXIT
trap 'exit 1' HUP INT TERM
[ "$kind" != - ] || kind=
case $kind in
zip)
  command -v unzip >/dev/null || { echo 'there is no unzip on this host' >&2; exit 1; }
  unzip -Z1 "$archive" >"$names" 2>/dev/null ||
    unzip -l "$archive" | sed -n 's/^ *[0-9][0-9]* *[-0-9]* *[0-9:]* *//p' | sed '/^[0-9]* files*$/d' >"$names"
  ;;
*) tar -t $kind -f "$archive" >"$names" || exit ;;
esac
if grep -qE '^/|(^|/)\\.\\.(/|$)' "$names"; then
  echo 'it holds names that lead out of the directory: nothing was unpacked' >&2
  exit 1
fi
umask 022
case $kind in
zip) unzip -qo "$archive" -d "$dest" || exit ;;
*)
  if [ "$strip" = 0 ]; then tar -x $kind -f "$archive" -C "$dest" || exit
  else tar -x $kind -f "$archive" -C "$dest" --strip-components="$strip" || exit; fi
  ;;
esac
umask 077
n=$strip
while [ "$n" -gt 0 ]; do
  sed 's,^[^/]*/*,,' "$names" >"$names.less" && mv "$names.less" "$names" || exit
  n=$((n - 1))
done
{
  echo "$sum"
  sed -e '/^$/d' -e '/^\\.\\/*$/d' "$names"
} >"$record.made" || exit
if [ -n "$owner$mode" ]; then
  {
    read -r _
    while IFS= read -r name; do
      [ -z "$owner" ] || chown -h -- "$owner" "$dest/$name" || exit
      [ -z "$mode" ] || [ -L "$dest/$name" ] || chmod -- "$mode" "$dest/$name" || exit
    done
  } <"$record.made" || exit
fi
sync "$record.made" 2>/dev/null
mv -f "$record.made" "$record"`;
