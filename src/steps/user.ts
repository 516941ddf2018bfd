import * as v from 'valibot';
import { query } from '../host/query.ts';
import { noSecret } from '../source/schema-walk.ts';
import { Secret } from '../source/secret.ts';
import { accountQueries } from './account-tools.ts';
import { described } from './described.ts';
import { accountName, accountNumber } from './group.ts';
import { hostPath } from './host-path.ts';
import { askScript } from './host-script.ts';
import { askShadow } from './shadow-script.ts';
import { defineStep } from './step.ts';
import { presence } from './text-parameters.ts';
import { planRemoval, planUser } from './user-plan.ts';

/** What may be a field of passwd(5). */
const field = v.pipe(
  v.string(),
  noSecret('what is in /etc/passwd is public on its host'),
  v.regex(/^[^:\n\0]*$/, 'no ":" and no second line can be in /etc/passwd'),
);
const path = v.pipe(hostPath, v.regex(/^[^:]*$/, 'no ":" can be in /etc/passwd'));

const hash = v.pipe(
  v.string(),
  v.regex(
    /^(\$[^:\s]+|[!*]+)$/,
    "not the hash of a password\nsuch as '$6$...' of `openssl passwd -6`",
  ),
);

const groupNames = v.union([
  v.pipe(
    v.string(),
    v.transform((text) =>
      text
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== ''),
    ),
    v.array(accountName),
  ),
  v.array(accountName),
]);

export const userParams = v.pipe(
  v.strictObject({
    name: described(accountName, 'The user.'),
    state: presence,
    uid: v.optional(
      described(
        accountNumber,
        'Its number. Default: as it is, the next that is free for a new one.',
      ),
    ),
    group: v.optional(
      described(
        v.union([accountName, accountNumber]),
        'Its first group, by name or number. Default: as it is, one of its own name for a new one.',
      ),
    ),
    groups: v.optional(
      described(
        groupNames,
        'Further groups, a list or with commas between them; an empty list for none. Default: as they are.',
      ),
    ),
    append: v.optional(
      described(
        v.boolean(),
        'Whether it stays in groups that `groups` does not have. Default: `false`.',
      ),
    ),
    comment: v.optional(
      described(
        field,
        'What is said of it in `/etc/passwd`, such as its full name. Default: as it is.',
      ),
    ),
    home: v.optional(described(path, 'Its home. Default: as it is, `/home/NAME` for a new one.')),
    create_home: v.optional(
      described(
        v.boolean(),
        'Whether a new user gets a home that is not there yet. Default: `true`.',
      ),
    ),
    shell: v.optional(
      described(path, 'Its shell. Default: as it is, what useradd has for a new one.'),
    ),
    system: v.optional(
      described(v.boolean(), 'Whether a new one gets a number of system users. Default: `false`.'),
    ),
    password: v.optional(
      described(
        v.union([hash, v.instance(Secret)]),
        'The hash of its password, as crypt(3) makes it, or a secret with that.',
      ),
    ),
    update_password: v.optional(
      described(
        v.picklist(['always', 'on_create']),
        'Whether the password of a user that is there is changed. Default: `always`.',
      ),
    ),
    password_lock: v.optional(
      described(v.boolean(), 'Whether nobody gets in with the password. Default: as it is.'),
    ),
    expires: v.optional(
      described(
        v.union([
          v.pipe(
            v.string(),
            v.isoDate('a date such as "2030-12-31" is needed'),
            v.transform((text) => Date.parse(text) / 86_400_000),
          ),
          v.pipe(
            v.number(),
            v.minValue(-1),
            v.transform((seconds) => (seconds < 0 ? null : Math.floor(seconds / 86_400))),
          ),
        ]),
        'The day on which it expires, as a date or in seconds since 1970; -1 for never. Default: as it is.',
      ),
    ),
    remove: v.optional(
      described(
        v.boolean(),
        'Whether `state: absent` removes its home and its mail. Default: `false`.',
      ),
    ),
  }),
  v.check(
    ({ append, groups }) => append === undefined || groups !== undefined,
    '"append" is about "groups"',
  ),
);

export type UserParams = v.InferOutput<typeof userParams>;

/** Names of what a new home begins with. */
function askSkeleton() {
  return askScript('ls -A /etc/skel 2>/dev/null; exit 0', [], { readsOnly: ['/etc/skel'] });
}

export const user = defineStep({
  name: 'user',
  summary: 'Makes a user, with groups, home, shell and password, or removes one.',
  on: ['dom0', 'domU', 'host'],
  params: userParams,
  shorthand: 'name',

  queries: (_target, { name, home }) => ({
    ...accountQueries,
    defaults: query.file('/etc/default/useradd'),
    shadow: askShadow(name),
    skeleton: askSkeleton(),
    homes: home === undefined ? [query.file(`/home/${name}`)] : [query.file(home)],
  }),

  plan: (_target, given, seen) =>
    given.state === 'absent' ? planRemoval(given, seen) : planUser(given, seen),
});
