import * as v from 'valibot';
import { query } from '../host/query.ts';
import { type Limit, limitIn, withLimit, withoutLimit } from '../text/limits-edit.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep } from './step.ts';
import { editQueries, planEdit } from './text-edit.ts';
import { presence } from './text-parameters.ts';

const limitsDirectory = '/etc/security/limits.d';
const usualPath = `${limitsDirectory}/60-xpush.conf`;

/** limits.conf(5). */
const items = [
  ...['core', 'data', 'fsize', 'memlock', 'nofile', 'rss', 'stack', 'cpu', 'nproc', 'as'],
  ...['maxlogins', 'maxsyslogins', 'nonewprivs', 'priority', 'locks', 'sigpending', 'msgqueue'],
  ...['nice', 'rtprio', 'chroot'],
] as const;

const params = v.pipe(
  v.strictObject({
    domain: described(
      v.pipe(v.string(), v.regex(/^[@%]?[\w.:*-]+$/, 'not a user, a group or "*"')),
      'A user, `@` and a group, or `*` for all but root.',
    ),
    limit_type: described(
      v.picklist(['soft', 'hard', '-'], 'a limit is "soft", "hard" or "-" (both)'),
      'Sort of limit: `soft`, `hard`, or `-` for both.',
    ),
    limit_item: described(v.picklist(items), 'What is limited, such as `nofile`.'),
    value: v.optional(
      described(
        v.pipe(
          v.union([v.number(), v.string()]),
          v.transform((value) => `${value}`),
          v.regex(
            /^(?:-?\d+|unlimited|infinity|\/[\w/.-]*)$/,
            'not a limit: a number, "unlimited"',
          ),
        ),
        'The limit: a number, or `unlimited`.',
      ),
    ),
    state: presence,
    dest: v.optional(described(hostPath, `The file. Default: \`${usualPath}\`.`)),
  }),
  v.check(({ state, value }) => state === 'absent' || value !== undefined, 'a "value" is needed'),
);

export const limits = defineStep({
  name: 'limits',
  summary: 'Limits what users may use: files, processes, memory; from their next login on.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { dest = usualPath }) => ({
    ...editQueries(dest),
    others: query.directory(limitsDirectory, '.conf'),
  }),

  plan: (_target, given, seen) => {
    const {
      domain,
      limit_type: type,
      limit_item: item,
      value = '',
      state,
      dest = usualPath,
    } = given;
    const wanted: Limit = { domain, type, item, value };
    const isAbsent = state === 'absent';
    const plan = planEdit(
      dest,
      seen,
      (text) => ({ text: isAbsent ? withoutLimit(text, wanted) : withLimit(text, wanted) }),
      { create: true },
    );
    if ('refusal' in plan || isAbsent) return plan;
    // of several lines the last one read counts: limits.conf, then these files by their names
    const later = [...seen.others.files].flatMap(([path, file]) => {
      const isLater = path > dest || !dest.startsWith(`${limitsDirectory}/`);
      const text = file.type === 'file' && path !== dest && isLater ? file.content : null;
      const said = text === null ? null : limitIn(text, wanted);
      return said === null || said === value ? [] : [`${path} says ${said}, and is read later`];
    });
    return later.length === 0 ? plan : { ...plan, message: later.join('; ') };
  },
});
