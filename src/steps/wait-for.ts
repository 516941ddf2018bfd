import * as v from 'valibot';
import { query } from '../host/query.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep } from './step.ts';

const seconds = v.pipe(v.number(), v.minValue(0), v.maxValue(86_400));

const params = v.pipe(
  v.strictObject({
    port: v.optional(
      described(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
        'A TCP port that is listened on.',
      ),
    ),
    path: v.optional(described(hostPath, 'A file or directory that is there.')),
    search: v.optional(
      described(
        v.pipe(v.string(), v.nonEmpty('a text is needed')),
        'A text that a line of the file at `path` holds.',
      ),
    ),
    state: v.optional(
      described(
        v.picklist(['started', 'stopped', 'present', 'absent']),
        'What is waited for: `started` or `present`, that it is so; `stopped` or `absent`, that it is not. Default: that it is so.',
      ),
      'started',
    ),
    timeout: v.optional(described(seconds, 'After how many seconds it fails. Default: 300.'), 300),
    sleep: v.optional(
      described(
        v.pipe(v.number(), v.minValue(0.1), v.maxValue(3_600)),
        'Seconds between two looks. Default: 1.',
      ),
      1,
    ),
  }),
  v.check(
    ({ port, path }) => (port === undefined) !== (path === undefined),
    'exactly one of "port" and "path" is needed',
  ),
  v.check(
    ({ path, search }) => search === undefined || path !== undefined,
    '"search" needs "path"',
  ),
);

export const waitFor = defineStep({
  name: 'wait_for',
  summary: 'Waits until a port is listened on, or a file is there.',
  on: ['dom0', 'domU', 'host'],
  params,
  queries: (_target, { port, path, search }) => ({
    test: query.output(
      port !== undefined
        ? ['/bin/sh', '-c', listening, 'listening', hexadecimal(port)]
        : search !== undefined
          ? ['grep', '-qF', '-e', search, '--', path ?? '']
          : ['test', '-e', path ?? ''],
    ),
  }),
  plan: (_target, { port, path, search, state, timeout, sleep }, { test: { status } }) => {
    const isWanted = state === 'started' || state === 'present';
    if ((status === 0) === isWanted) return { changes: [] };
    const what =
      port !== undefined
        ? `nobody listens on port ${port}`
        : search === undefined
          ? `there is no ${path}`
          : `${path} does not hold ${JSON.stringify(search)}`;
    const still =
      port !== undefined ? `port ${port} is still listened on` : `${path} is still as it was`;
    return {
      changes: [],
      failure: isWanted ? what : still,
      patience: { delaySeconds: sleep, forSeconds: timeout },
    };
  },
});

/** Without tools: sockets in LISTEN (0A) of both families by their local port (proc(5), net/tcp). */
const listening = `
for file in /proc/net/tcp /proc/net/tcp6; do
  [ -r "$file" ] || continue
  while read -r _ local _ state _; do
    case "$local $state" in *":$1 0A") exit 0 ;; esac
  done <"$file"
done
exit 1`;

function hexadecimal(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}
