import * as v from 'valibot';
import { change } from '../host/change.ts';
import { isUser, isVariable } from '../host/command-text.ts';
import { type CommandOutput, query } from '../host/query.ts';
import { withJob, withVariable } from '../text/cron-edit.ts';
import { described } from './described.ts';
import { defineStep, type Refusal, refuse } from './step.ts';
import { editQueries, planEdit } from './text-edit.ts';
import { oneLine, presence } from './text-parameters.ts';
import { textSums } from './text-sums.ts';

const when = (what: string, example: string) =>
  v.optional(
    described(
      v.pipe(
        v.union([v.number(), v.string()]),
        v.transform((value) => `${value}`),
        v.regex(/^[\dA-Za-z*,/~-]+$/, 'not a time of cron\nsuch as 5, "*/10", "1-5" or "mon,fri"'),
      ),
      `${what}, such as ${example}. Default: \`*\`.`,
    ),
  );

const params = v.pipe(
  v.strictObject({
    name: described(
      v.pipe(oneLine, v.regex(/\S/, 'a name is needed')),
      'The name by which the job is found again; with `env`, that of the variable.',
    ),
    job: v.optional(described(oneLine, 'The command; with `env`, the value of the variable.')),
    state: presence,
    user: v.optional(
      described(
        v.pipe(v.string(), v.check(isUser, 'not the name of a user')),
        'Whose crontab, or whom the job of a `cron_file` runs as. Default: who is logged in; of a `cron_file`: root.',
      ),
    ),
    cron_file: v.optional(
      described(
        v.pipe(
          v.string(),
          v.regex(/^[A-Za-z\d_][\w-]*$/, 'cron reads files with letters, digits, "_" and "-" only'),
        ),
        "A file of `/etc/cron.d`, in place of a user's crontab.",
      ),
    ),
    minute: when('Minute', '`0` or `*/5`'),
    hour: when('Hour', '`3` or `8-17`'),
    day: when('Day of the month', '`1`'),
    month: when('Month', '`1` or `jan`'),
    weekday: when('Day of the week', '`0` or `mon-fri`'),
    special_time: v.optional(
      described(
        v.picklist(['reboot', 'yearly', 'annually', 'monthly', 'weekly', 'daily', 'hourly']),
        'A time with a name, in place of the five above.',
      ),
    ),
    disabled: v.optional(
      described(v.boolean(), 'Whether the job is commented out. Default: `false`.'),
    ),
    env: v.optional(
      described(
        v.boolean(),
        'Whether this is a variable of the crontab, no job. Default: `false`.',
      ),
    ),
  }),
  v.check(({ state, job }) => state === 'absent' || job !== undefined, 'a "job" is needed'),
  v.check(
    ({ special_time: special, minute, hour, day, month, weekday }) =>
      special === undefined || (minute ?? hour ?? day ?? month ?? weekday) === undefined,
    '"special_time" stands in place of the other times',
  ),
  v.check(
    ({ env, name, job = '' }) => env !== true || (isVariable(name) && !/["\\]/.test(job)),
    'not a variable: its name has letters, digits and "_", its value no quotes',
  ),
);

type Params = v.InferOutput<typeof params>;

// what others have written since is not overwritten
const writing = `
wanted=$1
shift
sums=$(crontab "$@" -l 2>/dev/null | { sha256sum 2>/dev/null || cksum; })
case $wanted in *"[$sums]"*) ;; *) echo 'the crontab changed meanwhile' >&2; exit 1 ;; esac
exec crontab "$@" -`;

function whose(user: string | undefined): readonly string[] {
  return user === undefined ? [] : ['-u', user];
}

/** The crontab of who is logged in may be that of a user with a name as well. */
const tables = ['crontab:login', 'crontab:named'] as const;

function crontabQuery(user: string | undefined) {
  const own = tables[user === undefined ? 0 : 1];
  return query.output(['crontab', ...whose(user), '-l'], {
    readsOnly: ['/var/spool/cron', '/etc/crontabs', `user:${user ?? ''}`, own],
  });
}

export const cron = defineStep({
  name: 'cron',
  summary: "Has cron run a command at its times: from a user's crontab, or a file of /etc/cron.d.",
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { user, cron_file: file }) => {
    const asked = editQueries(`/etc/cron.d/${file ?? ''}`);
    return file === undefined
      ? { table: [crontabQuery(user)], file: [], above: [] }
      : { table: [], file: [asked.file], above: [asked.above] };
  },

  plan: (_target, given, seen) => {
    const { user, cron_file: name, state, env = false, job = '' } = given;
    const isAbsent = state === 'absent';
    const edit = (text: string, own: (part: string) => string) => ({
      text: env
        ? withVariable(text, given.name, isAbsent ? null : own(job))
        : withJob(text, { name: own(given.name), line: isAbsent ? null : own(lineOf(given)) }),
    });
    const [table] = seen.table;
    const [file] = seen.file;
    const [above] = seen.above;
    if (file !== undefined && above !== undefined) {
      if (above.type !== 'directory' && !isAbsent) {
        return refuse('there is no /etc/cron.d', "without cron_file it goes to the user's crontab");
      }
      return planEdit(`/etc/cron.d/${name}`, { file, above, entry: [] }, edit, { create: true });
    }
    if (table === undefined) throw new Error('neither of the two was asked');
    const found = crontabIn(table);
    if (typeof found !== 'string') return found;
    const edited = edit(found, (part) => part);
    if (edited.text === found) return { changes: [] };
    const asked = crontabQuery(user);
    const answer = { ...table, status: 0, stdout: edited.text, stderr: '' };
    return {
      changes: [
        change.call(['/bin/sh', '-c', writing, 'sh', textSums(found), ...whose(user)], {
          effect: 'both',
          subject: user === undefined ? 'crontab' : `crontab of ${user}`,
          before: found.trimEnd(),
          after: edited.text.trimEnd(),
          stdin: edited.text,
          predicts: [{ query: asked, before: table, answer }],
          touches: [tables[user === undefined ? 1 : 0]],
        }),
      ],
    };
  },
});

function lineOf(given: Params): string {
  const { minute = '*', hour = '*', day = '*', month = '*', weekday = '*', disabled } = given;
  const { special_time: special, cron_file: file, user = 'root', job = '' } = given;
  const times = special === undefined ? [minute, hour, day, month, weekday] : [`@${special}`];
  const line = [...times, ...(file === undefined ? [] : [user]), job].join(' ');
  return disabled ? `#${line}` : line;
}

/** The text of a crontab; empty where the user has none. */
function crontabIn({ status, stdout, stderr, isCut, isTimedOut }: CommandOutput): string | Refusal {
  if (status === 127) return refuse('there is no crontab(1)', 'install cron');
  // vixie-cron, cronie, and busybox
  if (status !== 0 && /no crontab for|No such file/i.test(stderr)) return '';
  if (status !== 0 || isCut || isTimedOut || /[\0\ufffd]/.test(stdout)) {
    return refuse(`the crontab can't be read: ${stderr.split('\n')[0] || 'it is no text'}`);
  }
  return stdout;
}
