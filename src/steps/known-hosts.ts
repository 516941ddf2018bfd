import * as v from 'valibot';
import { readAuthorizedKey } from '../text/authorized-keys-edit.ts';
import {
  type HostKey,
  knownName,
  withHostKeys,
  withoutHostKeys,
} from '../text/known-hosts-edit.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep } from './step.ts';
import { editQueries, planEdit } from './text-edit.ts';
import { presence } from './text-parameters.ts';

/** Of all users of a host (ssh_config(5), GlobalKnownHostsFile). */
const globalPath = '/etc/ssh/ssh_known_hosts';

const keyLine = v.pipe(
  v.string(),
  v.check(
    (text) => keyOf(text) !== null,
    'not the key of an SSH server\nsuch as "ssh-ed25519 AAAA...", or a line of ssh-keyscan',
  ),
);

const params = v.pipe(
  v.strictObject({
    name: described(
      v.pipe(v.string(), v.regex(/^[\w.:-]{1,255}$/, 'not the name or the address of a host')),
      'The host, as it is logged in to: its name or address.',
    ),
    port: v.optional(
      described(
        v.pipe(
          v.number(),
          v.integer('a port is a whole number'),
          v.minValue(1, 'a port is 1 to 65535'),
          v.maxValue(65_535, 'a port is 1 to 65535'),
        ),
        'Its port. Default: 22.',
      ),
    ),
    key: v.optional(
      described(
        v.union([keyLine, v.pipe(v.array(keyLine), v.nonEmpty('a key is needed'))]),
        'Its key, or a list of them: `TYPE BASE64`, or with the host before it, as `ssh-keyscan` prints it.',
      ),
    ),
    state: presence,
    path: v.optional(described(hostPath, `The file. Default: \`${globalPath}\`, for all users.`)),
    hash_host: v.optional(
      described(v.boolean(), 'Whether the name is written as a hash. Default: `false`.'),
    ),
  }),
  v.check(({ state, key }) => state === 'absent' || key !== undefined, 'a "key" is needed'),
);

/** `type key`, or `host type key`. */
function keyOf(text: string): HostKey | null {
  const words = text.trim();
  const found = readAuthorizedKey(words) ?? readAuthorizedKey(words.replace(/^\S+\s+/, ''));
  return /[\r\n]/.test(words) ? null : found;
}

export const knownHosts = defineStep({
  name: 'known_hosts',
  summary: 'Makes the key of an SSH server known to the users of a host.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { path = globalPath }) => editQueries(path),

  plan: (_target, given, seen) => {
    const { name, port = 22, key = [], state, path = globalPath, hash_host: isHashed } = given;
    const keys = [key].flat().flatMap((text) => keyOf(text) ?? []);
    const known = knownName(name, port);
    return planEdit(
      path,
      seen,
      (text) => ({
        text:
          state === 'absent'
            ? withoutHostKeys(text, known, keys)
            : withHostKeys(text, known, keys, isHashed ?? false),
      }),
      { create: true },
    );
  },
});
