import type { TaskStatus } from '../engine/events.ts';
import { element, type Markup } from './markup.ts';
import type { RunStory, StoryHost, StoryTask } from './run-story.ts';

type Outcome = 'passed' | 'failures' | 'errors' | 'skipped';

interface Case {
  readonly name: string;
  readonly classname: string;
  readonly seconds: number;
  readonly outcome: Outcome;
  /** What is wrong, or why it was skipped. */
  readonly message: string | null;
  /** Of what is wrong: a status. */
  readonly type: string;
  readonly output: string;
}

/**
 * A run as JUnit XML, in the form that Jenkins (xUnit plugin's junit-10.xsd) and GitLab read: a test suite for
 * each host, a test case for each task. A host that ended badly other than by a task has a test case
 * of its own.
 */
export function junitDocument(story: RunStory): string {
  const suites = story.hosts.map((host) => ({ host, cases: casesOf(host, story.isCheck) }));
  const all = suites.flatMap(({ cases }) => cases);
  const root = element(
    'testsuites',
    { name: 'xpush', ...counts(all), time: (story.end?.seconds ?? 0).toFixed(3) },
    suites.flatMap(({ host, cases }) => ['\n', suite(host, cases, story)]),
    '\n',
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root.text}\n`;
}

function suite(host: StoryHost, cases: readonly Case[], { start }: RunStory): Markup {
  const { name, kind, dom0, addresses, startedAt, seconds } = host;
  const properties = [
    ['kind', kind],
    ['status', host.status ?? 'not done'],
    ...(dom0 === null ? [] : [['dom0', dom0]]),
    ...addresses.map((address) => ['address', address]),
  ];
  return element(
    'testsuite',
    {
      name,
      ...counts(cases),
      time: (seconds ?? 0).toFixed(3),
      timestamp: timestamp(start?.run.since ?? '', startedAt ?? 0),
      hostname: name,
    },
    '\n',
    element(
      'properties',
      {},
      properties.map(([key = '', value = '']) => element('property', { name: key, value })),
    ),
    cases.flatMap((one) => ['\n', testCase(one)]),
    '\n',
  );
}

function testCase({ name, classname, seconds, outcome, message, type, output }: Case): Markup {
  const why = message ?? type;
  const [summary = ''] = why.split('\n');
  return element(
    'testcase',
    { name, classname, time: seconds.toFixed(3) },
    outcome === 'failures' ? element('failure', { message: summary, type }, why) : null,
    outcome === 'errors' ? element('error', { message: summary, type }, why) : null,
    outcome === 'skipped' ? element('skipped', { message: summary }) : null,
    output === '' ? null : element('system-out', {}, output),
  );
}

function casesOf(host: StoryHost, isCheck: boolean): readonly Case[] {
  const tasks = host.tasks.map((task) => taskCase(host, task, isCheck));
  const own = ownCase(host);
  return own === null ? tasks : [...tasks, own];
}

const outcomes: Readonly<Record<TaskStatus, Outcome>> = {
  ok: 'passed',
  changed: 'passed',
  failed: 'failures',
  skipped: 'skipped',
  unknown: 'skipped',
};

function taskCase({ name }: StoryHost, task: StoryTask, isCheck: boolean): Case {
  const unknown = 'unknown until it is applied';
  const said = task.status === 'ok' || task.status === 'changed' ? task.message : null;
  const lines = [
    ...(task.status === 'changed' ? [isCheck ? 'would change' : 'changed'] : []),
    ...task.changes.map(({ kind, subject }) => `${kind} ${subject}`),
    ...(said === null ? [] : [said]),
    ...task.pending.map((what) => `pending: ${what}`),
    ...task.changes.flatMap(({ diff }) => (diff === null ? [] : [diff])),
  ];
  return {
    name: `${task.task} (${task.step})`,
    classname: `${undotted(task.play)}.${undotted(name)}`,
    seconds: task.seconds,
    outcome: outcomes[task.status],
    message: task.status === 'unknown' ? unknown : task.message,
    type: task.status,
    output: lines.map((each) => `${each.trimEnd()}\n`).join(''),
  };
}

/** null: its tasks say all. */
function ownCase(host: StoryHost): Case | null {
  const { name, status, error, tasks } = host;
  if (status === 'ok' || status === 'changed') return null;
  if (status === 'failed' && tasks.some((task) => task.status === 'failed')) return null;
  const hint = error?.hint == null ? '' : `\nhint: ${error.hint}`;
  const isSkipped = status === 'skipped' && tasks.length === 0;
  if (status === 'skipped' && !isSkipped) return null;
  return {
    name: 'The host as a whole',
    classname: `Host.${undotted(name)}`,
    seconds: host.seconds ?? 0,
    outcome: isSkipped ? 'skipped' : 'errors',
    message:
      status === null
        ? 'the run ended before this host was done'
        : error && `${error.message}${hint}`,
    type: status ?? 'not done',
    output: '',
  };
}

function counts(cases: readonly Case[]): Readonly<Record<string, number>> {
  const of = (wanted: Outcome): number => cases.filter(({ outcome }) => outcome === wanted).length;
  return {
    tests: cases.length,
    failures: of('failures'),
    errors: of('errors'),
    skipped: of('skipped'),
  };
}

/** Readers cut class names into packages at the dots. */
function undotted(name: string): string {
  return name.replaceAll('.', '_');
}

/** Without a zone, as the schema has it; null where the run does not say when it began. */
function timestamp(since: string, seconds: number): string | null {
  const began = Date.parse(since);
  if (Number.isNaN(began)) return null;
  const moment = new Date(began + seconds * 1000);
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString().replace(/\.\d+Z$/, '');
}
