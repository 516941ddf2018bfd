import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { type CommandOutput, type Entry, query } from '../host/query.ts';
import {
  type ChecksumKind,
  checksumAnswer,
  checksumIn,
  checksumKinds,
  checksumQuery,
} from './checksum.ts';
import { described } from './described.ts';
import { modeAfter, modeWord } from './file-mode.ts';
import { hostPath } from './host-path.ts';
import { chownWord, madeEntry, ownership, wantedOf } from './ownership.ts';
import { defineStep, refuse } from './step.ts';
import {
  curlConfig,
  needsCurl,
  requestOptions,
  requestParameters,
  webAddress,
} from './web-request.ts';

const checksum = new RegExp(`^(${checksumKinds.join('|')}):([0-9a-fA-F]{32,128})$`);
const lengths: Readonly<Record<ChecksumKind, number>> = {
  ...{ sha256: 64, sha512: 128, sha384: 96, sha224: 56, sha1: 40, md5: 32 },
};

const params = v.strictObject({
  url: described(webAddress, 'What to fetch: `http://` or `https://`.'),
  dest: described(
    hostPath,
    'The file on the host; with a `/` at its end, the directory, and the file has the name that the address has.',
  ),
  checksum: v.optional(
    described(
      v.pipe(
        v.string(),
        v.check((text) => {
          const [, kind, sum = ''] = checksum.exec(text) ?? [];
          return checksumKinds.some((one) => one === kind && lengths[one] === sum.length);
        }, "a checksum is its kind and its hexadecimal digits\nsuch as 'sha256:0123...'"),
      ),
      'What it must be, such as `sha256:...`; also `sha512`, `sha384`, `sha224`, `sha1`, `md5`. Without it, whatever comes is taken.',
    ),
  ),
  force: v.optional(
    described(
      v.boolean(),
      'Without a checksum: whether a file that is there is fetched again, in every run. Default: `false`.',
    ),
  ),
  ...ownership,
  timeout: v.optional(
    described(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(86_400)),
      'Seconds that it may take. Default: 600.',
    ),
  ),
  ...requestParameters,
});

type Params = v.InferOutput<typeof params>;

export const getUrl = defineStep({
  name: 'get_url',
  summary: 'Has the host download a file, which is checked before it is in its place.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, given) => ({
    entry: query.followedEntry(pathOf(given)),
    above: query.followedEntry(pathOf(given).replace(/\/[^/]*$/, '') || '/'),
    sum: wantedSum(given) === null ? [] : [sumQuery(given)],
    curl: query.tool('curl'),
    wget: query.tool('wget'),
  }),

  plan: (_target, given, { entry, above, sum, curl, wget }) => {
    const path = pathOf(given);
    if (entry.type === 'directory') return refuse(`${path} is a directory`, 'end "dest" with "/"');
    if (entry.type === 'other') return refuse(`${path} is no regular file`);
    if (above.type !== 'directory') {
      return refuse(`there is no directory for ${path}`, 'have a task before this one make it');
    }
    const wanted = wantedSum(given);
    const own = sum.map(checksumIn)[0] ?? null;
    const isThere =
      entry.type !== 'absent' && (wanted === null ? given.force !== true : own === wanted.sum);
    const data = { dest: path, url: given.url };
    if (isThere)
      return { changes: change.setAttributes(path, wantedOf(given, entry), entry, 'boot'), data };
    if (!curl && (!wget || needsCurl(given))) {
      const hint = wget ? 'headers and passwords need curl: install it' : 'install curl or wget';
      return { ...refuse('nothing on this host can download it', hint), isLack: true };
    }
    return {
      changes: [download(given, entry, sum[0] ?? null)],
      data,
      message: wanted === null ? 'no checksum: whatever the server sends is taken' : null,
    };
  },
});

/** Into a directory beside its place that only the login enters. */
const script = `umask 077
dest=$1 url=$2 kind=$3 sum=$4 mode=$5 owner=$6 insecure=$7
[ ! -L "$dest" ] || dest=$(readlink -f -- "$dest") || exit
room=$(dirname -- "$dest")/.xpush-get-$$
mkdir -m 700 -- "$room" || exit
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
new=$room/new
if command -v curl >/dev/null; then
  curl -q -K - -o "$new" || exit
elif [ -n "$insecure" ]; then
  wget -q --no-check-certificate -O "$new" "$url" || exit
else
  wget -q -O "$new" "$url" || exit
fi
if [ -n "$kind" ]; then
  said=$("\${kind}sum" <"$new") || exit
  if [ "\${said%% *}" != "$sum" ]; then
    echo "its $kind checksum is \${said%% *}, not $sum: nothing was put in place" >&2
    exit 1
  fi
fi
[ -z "$owner" ] || chown -- "$owner" "$new" || exit
chmod "$mode" "$new" || exit
sync "$new" 2>/dev/null
mv -f -- "$new" "$dest"
`;

function download(given: Params, entry: Entry, seen: CommandOutput | null): Change {
  const { url, timeout = 600 } = given;
  const path = pathOf(given);
  const wanted = wantedSum(given);
  const own = seen === null ? null : checksumIn(seen);
  const old = entry.type === 'absent' ? { mode: 0o644, uid: null, gid: null } : entry;
  const mode = given.mode === undefined ? old.mode : modeAfter(given.mode, old.mode, false);
  const owner = given.owner ?? (old.uid === null ? undefined : `${old.uid}`);
  const group = given.group ?? (old.gid === null ? undefined : `${old.gid}`);
  const words = [
    ...[path, url, wanted?.kind ?? '', wanted?.sum ?? ''],
    ...[modeWord(mode), chownWord({ owner, group })],
    given.validate_certs === false ? 'insecure' : '',
  ];
  const options = () => [
    ...requestOptions(url, given, timeout),
    ...(['fail', 'location'] as const).map((name) => [name, null] as const),
    ['max-redirs', '10'] as const,
  ];
  const was = own === null ? 'absent' : `${wanted?.kind} ${own}`;
  return change.call(['/bin/sh', '-c', script, 'get_url', ...words], {
    ...{ effect: 'boot', subject: path, timeoutSeconds: timeout + 30, touches: [path] },
    before: wanted === null ? 'as it is' : was,
    after: wanted === null ? `what ${url} sends` : `${wanted.kind} ${wanted.sum}`,
    stdin: { reveal: () => curlConfig(options()) },
    predicts: [
      {
        query: query.followedEntry(path),
        before: entry,
        answer: madeEntry('file', entry, wantedOf({ ...given, mode: modeWord(mode) }, entry)),
      },
      ...(wanted === null || seen === null
        ? []
        : [{ query: sumQuery(given), before: seen, answer: checksumAnswer(wanted.sum) }]),
    ],
  });
}

function sumQuery(given: Params) {
  return checksumQuery(pathOf(given), wantedSum(given)?.kind);
}

function wantedSum({
  checksum: text,
}: Params): { readonly kind: ChecksumKind; readonly sum: string } | null {
  const [, word, sum] = checksum.exec(text ?? '') ?? [];
  const kind = checksumKinds.find((one) => one === word);
  return kind === undefined || sum === undefined ? null : { kind, sum: sum.toLowerCase() };
}

function pathOf({ dest, url }: Pick<Params, 'dest' | 'url'>): string {
  if (!dest.endsWith('/')) return dest;
  const name = new URL(url).pathname.split('/').at(-1) ?? '';
  return `${dest}${name === '' ? 'index.html' : name}`;
}
