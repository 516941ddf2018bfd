import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { query } from '../host/query.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep, refuse } from './step.ts';

const params = v.strictObject({
  src: described(
    v.pipe(
      hostPath,
      v.check((path) => !path.split('/').includes('..'), 'a path without ".." is needed'),
    ),
    'The file on the host; a symbolic link is followed.',
  ),
  dest: described(
    v.pipe(v.string(), v.regex(/^[^\0\n]{1,2000}$/, 'a path of one line is needed')),
    'The directory here, relative to the playbook: the file comes to `DEST/HOST/SRC`; with `flat`, the file itself.',
  ),
  flat: v.optional(
    described(
      v.boolean(),
      'Whether `dest` names the file, or with a `/` at its end its directory. Default: `false`.',
    ),
  ),
  fail_on_missing: v.optional(
    described(v.boolean(), 'Whether it is a failure when the file is missing. Default: `true`.'),
  ),
});

type Params = v.InferOutput<typeof params>;

/** Larger files are not fetched: they come with the answers of a look, in base64. */
const mostBytes = 6 * 1024 * 1024;

const script = `[ -f "$1" ] || exit 3
[ -r "$1" ] || exit 4
if command -v base64 >/dev/null; then exec base64 <"$1"; fi
exec openssl base64 <"$1"`;

export const fetch = defineStep({
  name: 'fetch',
  summary: 'Keeps a file of the host here.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { src }) => ({
    said: query.output(['/bin/sh', '-c', script, 'fetch', src], {
      ...{ readsOnly: [src], timeoutSeconds: 300, limitBytes: 8 * 1024 * 1024 },
    }),
  }),

  plan: ({ host }, given, { said }) => {
    const { src, fail_on_missing: isNeeded = true } = given;
    if (said.status === 3) {
      return isNeeded
        ? refuse(`there is no file ${src}`, 'fail_on_missing: false goes on without it')
        : { changes: [], message: `there is no file ${src}` };
    }
    if (said.status === 4) return refuse(`${src} cannot be read`, 'log in as root');
    const bytes = said.isCut ? null : Buffer.from(said.stdout, 'base64');
    if (bytes === null || bytes.length > mostBytes) {
      return refuse(`${src} is larger than ${mostBytes / 1024 / 1024} MiB`);
    }
    if (said.status !== 0 || said.isTimedOut) {
      return refuse(`${src} could not be read${said.stderr === '' ? '' : `: ${said.stderr}`}`);
    }
    const path = pathOf(given, host.name);
    const checksum = createHash('sha256').update(bytes).digest('hex');
    return {
      changes: [],
      fetched: [{ path, content: bytes.toString('latin1') }],
      data: { dest: path, checksum },
      message: `kept as ${path}`,
    };
  },
});

function pathOf({ src, dest, flat = false }: Params, host: string): string {
  if (!flat) return `${dest.replace(/\/+$/, '')}/${host}${src}`;
  return dest.endsWith('/') ? `${dest}${src.replace(/^.*\//, '')}` : dest;
}
