import * as v from 'valibot';
import type { CommandOutput } from '../host/answers.ts';
import { isVariable } from '../host/command-text.ts';
import { query } from '../host/query.ts';
import { noSecret } from '../source/schema-walk.ts';
import { described } from './described.ts';
import { accountName } from './group.ts';
import { hostPath } from './host-path.ts';
import { askScript, linesOf, valuesIn, whyUntold } from './host-script.ts';
import { askService, serviceState } from './service-state.ts';
import { defineStep, type Refusal, refuse } from './step.ts';
import { presence } from './text-parameters.ts';
import { type TimerSpec, timerFile, timerServiceFile } from './timer-files.ts';
import { planUnit, unitDirectory } from './unit-file.ts';

const why = 'the files of units are public on their host';
/** No control characters but those that have an escape. */
const word = v.pipe(
  v.string(),
  noSecret(why),
  v.regex(/^[\P{Cc}\n\t]*$/u, 'control characters can be in no unit'),
);
const time = v.pipe(
  v.string(),
  v.regex(
    /^[\w *,./:~+-]{1,200}$/,
    'not a time of systemd\nsuch as "daily", "Mon *-*-* 04:00" or "15min"',
  ),
);

const params = v.pipe(
  v.strictObject({
    name: described(
      v.pipe(v.string(), v.regex(/^[A-Za-z0-9_][\w.:-]{0,100}$/, 'not a name for a unit')),
      'What it is called: `NAME.timer` and `NAME.service`.',
    ),
    state: presence,
    argv: v.optional(
      described(
        v.pipe(
          v.array(word),
          v.check(
            ([program]) => (program ?? '').startsWith('/'),
            'the first word is the path of a program',
          ),
        ),
        'The command and its arguments; the first is an absolute path.',
      ),
    ),
    command: v.optional(
      described(
        v.pipe(word, v.nonEmpty('a line is needed')),
        'A line for `/bin/sh -c`, in place of `argv`.',
      ),
    ),
    on_calendar: v.optional(
      described(
        v.union([
          v.pipe(
            time,
            v.transform((one) => [one]),
          ),
          v.array(time),
        ]),
        'When it runs, as systemd.time(7) writes it: `daily`, `Mon *-*-* 04:00`; or a list.',
      ),
    ),
    on_boot: v.optional(described(time, 'How long after a boot it runs: `10min`.')),
    on_unit_active: v.optional(described(time, 'How long after its last run it runs again: `1h`.')),
    randomized_delay: v.optional(
      described(time, 'It is put off by up to so long, at random. Default: not at all.'),
    ),
    persistent: v.optional(
      described(
        v.boolean(),
        'Whether a run of `on_calendar` that was missed is made up for. Default: `true`.',
      ),
    ),
    user: v.optional(described(accountName, 'Whom it runs as. Default: root.')),
    chdir: v.optional(described(hostPath, 'The directory to run in. Default: `/`.')),
    environment: v.optional(
      described(
        v.record(v.pipe(v.string(), v.check(isVariable, 'not the name of a variable')), word),
        'Variables for the command.',
      ),
    ),
    description: v.optional(
      described(
        v.pipe(word, v.regex(/^[^\n\t\\]*$/, 'one line is needed')),
        'What it is, in words. Default: its name.',
      ),
    ),
    enabled: v.optional(
      described(v.boolean(), 'Whether it is on, now and after a boot. Default: `true`.'),
    ),
  }),
  v.check(
    ({ state, argv, command }) =>
      state === 'absent' || (argv === undefined) !== (command === undefined),
    'exactly one of "argv" and "command" is needed',
  ),
  v.check(
    ({ state, on_calendar: calendar, on_boot: boot, on_unit_active: active }) =>
      state === 'absent' || (calendar ?? boot ?? active) !== undefined,
    'one of "on_calendar", "on_boot" and "on_unit_active" is needed',
  ),
);

type Params = v.InferOutput<typeof params>;

export const timer = defineStep({
  name: 'timer',
  summary: 'Runs a command at times, by a timer of systemd.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, given) => ({
    timerFile: query.file(`${unitDirectory}/${given.name}.timer`),
    serviceFile: query.file(`${unitDirectory}/${given.name}.service`),
    timer: askService(`${given.name}.timer`),
    times: askTimes(given),
  }),

  plan: (_target, given, seen) => {
    const { name, enabled = true, state: wanted } = given;
    const state = serviceState(seen.timer);
    if (state === null) return refuse(whyUntold(seen.timer, `the state of ${name}.timer`));
    if (state.manager !== 'systemd') {
      return wanted === 'absent'
        ? { changes: [] }
        : refuse(
            'no systemd runs here, which has timers',
            'the step "cron" runs commands at times on any host',
          );
    }
    const bad = wanted === 'absent' ? null : judgeTimes(seen.times);
    if (bad !== null) return bad;
    const spec = wanted === 'absent' ? null : specOf(given);
    const unit = {
      ...{ name: `${name}.timer`, state, query: askService(`${name}.timer`), output: seen.timer },
      files: [
        {
          path: `${unitDirectory}/${name}.service`,
          content: spec === null ? null : timerServiceFile(spec),
          file: seen.serviceFile,
        },
        {
          path: `${unitDirectory}/${name}.timer`,
          content: spec === null ? null : timerFile(spec),
          file: seen.timerFile,
        },
      ],
      directories: [],
    };
    if (spec === null) return planUnit(unit, {});
    const plan = planUnit(unit, { enabled, state: enabled ? 'started' : 'stopped' });
    const path = `${unitDirectory}/${name}.timer`;
    const isNew =
      !('refusal' in plan) && plan.changes.some((one) => one.kind === 'write' && one.path === path);
    // a timer that runs keeps the times that it had
    return isNew && enabled && state.isRunning
      ? planUnit(unit, { enabled, state: 'restarted' })
      : plan;
  },
});

function specOf(given: Params): TimerSpec {
  const { name, argv, command = '' } = given;
  return {
    ...{ name, argv: argv ?? ['/bin/sh', '-c', command] },
    description: given.description ?? name,
    user: given.user ?? null,
    directory: given.chdir ?? null,
    environment: given.environment ?? {},
    onCalendar: given.on_calendar ?? [],
    onBoot: given.on_boot ?? null,
    onUnitActive: given.on_unit_active ?? null,
    randomizedDelay: given.randomized_delay ?? null,
    isPersistent: given.persistent ?? true,
  };
}

const timesScript = `
command -v systemd-analyze >/dev/null 2>&1 || exit 0
for time in "$@"; do
  case $time in
  calendar:*) systemd-analyze calendar -- "\${time#calendar:}" >/dev/null 2>&1 || echo "Bad=\${time#calendar:}" ;;
  *) systemd-analyze timespan -- "\${time#timespan:}" >/dev/null 2>&1 || echo "Bad=\${time#timespan:}" ;;
  esac
done
exit 0
`;

/** Which of its times systemd does not understand. */
function askTimes({ on_calendar: calendar = [], ...given }: Params) {
  const spans = [given.on_boot, given.on_unit_active, given.randomized_delay];
  const times = [
    ...calendar.map((one) => `calendar:${one}`),
    ...spans.flatMap((one) => (one === undefined ? [] : [`timespan:${one}`])),
  ];
  return askScript(timesScript, times, { isLasting: true });
}

function judgeTimes(output: CommandOutput): Refusal | null {
  const bad = valuesIn(linesOf(output) ?? []).get('Bad');
  return bad === undefined
    ? null
    : refuse(
        `systemd does not understand the time "${bad}"`,
        '`systemd-analyze calendar` and `timespan` say what they make of one',
      );
}
