import * as v from 'valibot';
import { isUser } from '../host/command-text.ts';
import { noSecret } from '../source/schema-walk.ts';
import {
  type AuthorizedKey,
  readAuthorizedKey,
  withKeys,
  withoutKeys,
} from '../text/authorized-keys-edit.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep } from './step.ts';
import { editQueries, planEdit } from './text-edit.ts';
import { presence } from './text-parameters.ts';
import { planUserKeys, userKeys, userKeysQuery } from './user-keys.ts';

const keyText = v.pipe(
  v.string(),
  noSecret('public keys are shown in diffs and plans'),
  v.check(
    (text) => keyLines(text).length > 0 && keyLines(text).every((line) => readAuthorizedKey(line)),
    'not public keys of SSH, a line each\nsuch as "ssh-ed25519 AAAA... name"',
  ),
);

const params = v.pipe(
  v.strictObject({
    user: described(
      v.pipe(
        v.string(),
        v.check(
          (name) => isUser(name) && /^[A-Za-z_][\w.-]*$/.test(name),
          'not the name of a user',
        ),
      ),
      'Whose keys these are: who may log in as that user.',
    ),
    key: described(
      v.union([keyText, v.pipe(v.array(keyText), v.nonEmpty('a key is needed'))]),
      'The public key, or several: a text with a line each, or a list.',
    ),
    state: presence,
    exclusive: v.optional(
      described(v.boolean(), 'Whether all other keys of the user go. Default: `false`.'),
    ),
    key_options: v.optional(
      described(
        v.pipe(
          v.string(),
          v.check(
            (options) => readAuthorizedKey(`${options} ${sample}`)?.options === options,
            `not options of a key\nsuch as 'from="10.0.0.0/8",no-pty'`,
          ),
        ),
        'Options of the keys, in place of those that are written before them.',
      ),
    ),
    comment: v.optional(
      described(
        v.pipe(v.string(), v.regex(/^[^\0\r\n]*$/, 'a comment is one line')),
        'Comment of the keys, in place of the one that is written behind them.',
      ),
    ),
    path: v.optional(
      described(
        hostPath,
        'The file, where it is not `.ssh/authorized_keys` in the home; it stays, or comes to be, of root.',
      ),
    ),
    manage_dir: v.optional(
      described(
        v.boolean(),
        'Whether `~/.ssh` is made, and it and the file closed to all others. Default: `true`.',
      ),
    ),
  }),
  v.check(
    ({ state, exclusive }) => state !== 'absent' || exclusive !== true,
    '"exclusive" says what is there: not with "state: absent"',
  ),
  v.check(
    ({ path, manage_dir: managed }) => path === undefined || managed === undefined,
    '"manage_dir" is about ~/.ssh: not with a "path"',
  ),
);

/** To read options with. */
const sample = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

function keyLines(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => !/^\s*(?:#|$)/.test(line));
}

function wantedKeys({
  key,
  key_options: options,
  comment,
}: v.InferOutput<typeof params>): readonly AuthorizedKey[] {
  const keys = [key].flat().flatMap((text) => keyLines(text));
  return keys.flatMap((line) => {
    const read = readAuthorizedKey(line);
    return read === null
      ? []
      : { ...read, options: options ?? read.options, comment: comment ?? read.comment };
  });
}

export const authorizedKey = defineStep({
  name: 'authorized_key',
  summary: 'Lets holders of SSH keys log in as a user, or no longer.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { user, path }) => {
    const { file, above } = editQueries(path ?? '/');
    return path === undefined
      ? { own: [userKeysQuery(user)], file: [], above: [] }
      : { own: [], file: [file], above: [above] };
  },

  plan: (_target, given, seen) => {
    const { user, path, state, exclusive = false, manage_dir: isManaged = true } = given;
    const keys = wantedKeys(given);
    const edit = (text: string) =>
      state === 'absent' ? withoutKeys(text, keys) : withKeys(text, keys, exclusive);
    const [own] = seen.own;
    const [file] = seen.file;
    const [above] = seen.above;
    if (path !== undefined && file !== undefined && above !== undefined) {
      return planEdit(path, { file, above, entry: [] }, (text) => ({ text: edit(text) }), {
        create: true,
      });
    }
    if (own === undefined) throw new Error('neither of the two was asked');
    const found = userKeys(user, own);
    if ('refusal' in found) return found;
    const text = edit(found.text);
    return planUserKeys(user, found, text, { asked: userKeysQuery(user), seen: own }, isManaged);
  },
});
