import type { TaskStatus } from '../engine/events.ts';
import { closing, element, type Markup, opening } from './markup.ts';
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
 * of its own. It comes a suite at a time.
 */
export async function* junitDocument(story: RunStory): AsyncGenerator<string> {
  const { hosts, end } = story;
  const all = hosts.flatMap(outcomesOf);
  const attributes = { name: 'xpush', ...counts(all), time: (end?.seconds ?? 0).toFixed(3) };
  yield `<?xml version="1.0" encoding="UTF-8"?>\n${opening('testsuites', attributes)}`;
  for (const host of hosts) yield `\n${suite(host, await casesOf(host, story), story).text}`;
  yield `\n${closing('testsuites')}\n`;
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
      ...counts(cases.map(({ outcome }) => outcome)),
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

/** How the cases of a host ended, in order. */
function outcomesOf(host: StoryHost): readonly Outcome[] {
  const own = ownCase(host);
  return [
    ...host.tasks.map(({ status }) => outcomes[status]),
    ...(own === null ? [] : [own.outcome]),
  ];
}

async function casesOf(host: StoryHost, story: RunStory): Promise<readonly Case[]> {
  const cases: Case[] = [];
  for (const task of host.tasks) cases.push(await taskCase(host, task, story));
  const own = ownCase(host);
  return own === null ? cases : [...cases, own];
}

const outcomes: Readonly<Record<TaskStatus, Outcome>> = {
  ok: 'passed',
  changed: 'passed',
  failed: 'failures',
  skipped: 'skipped',
  unknown: 'skipped',
};

async function taskCase({ name }: StoryHost, task: StoryTask, story: RunStory): Promise<Case> {
  const unknown = 'unknown until it is applied';
  const message = await story.text(task.message);
  const diffs: string[] = [];
  for (const { diff } of task.changes) diffs.push((await story.text(diff)) ?? '');
  const said = task.status === 'ok' || task.status === 'changed' ? message : null;
  const lines = [
    ...(task.status === 'changed' ? [story.isCheck ? 'would change' : 'changed'] : []),
    ...task.changes.map(({ kind, subject }) => `${kind} ${subject}`),
    ...(said === null ? [] : [said]),
    ...task.pending.map((what) => `pending: ${what}`),
    ...diffs.filter((diff) => diff !== ''),
  ];
  return {
    name: `${task.task} (${task.step})`,
    classname: `${undotted(task.play)}.${undotted(name)}`,
    seconds: task.seconds,
    outcome: outcomes[task.status],
    message: task.status === 'unknown' ? unknown : message,
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

function counts(all: readonly Outcome[]): Readonly<Record<string, number>> {
  const of = (wanted: Outcome): number => all.filter((outcome) => outcome === wanted).length;
  return {
    tests: all.length,
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
