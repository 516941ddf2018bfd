import { columnHead, type Section, table } from './html-words.ts';
import { element, fragment, type Markup } from './markup.ts';
import type { RunStory, StoryHost } from './run-story.ts';
import { duration } from './wording.ts';

const SLOWEST = 15;
const LEAST_HOSTS = 2;

interface TaskTimes {
  readonly play: string;
  readonly task: string;
  readonly seconds: number[];
  longest: { readonly host: string; readonly seconds: number };
}

/** Where the time went: the slowest hosts and tasks. */
export function timingsSection({ hosts }: RunStory): Section | null {
  const timed = hosts.filter(({ startedAt, seconds }) => startedAt !== null && seconds !== null);
  if (timed.length < LEAST_HOSTS) return null;
  const slowest = timed
    .toSorted((one, other) => (other.seconds ?? 0) - (one.seconds ?? 0))
    .slice(0, SLOWEST);
  const most = Math.max(0.001, slowest[0]?.seconds ?? 0);
  const tasks = taskTimes(hosts)
    .toSorted((one, other) => other.longest.seconds - one.longest.seconds)
    .slice(0, SLOWEST);
  return {
    id: 'timings',
    title: 'Timings',
    body: fragment(
      element('h3', {}, 'Slowest hosts'),
      table(
        'Slowest hosts',
        [columnHead('Host'), columnHead('Time', true), columnHead('')],
        slowest.map(({ name, seconds }) => hostRow(name, seconds ?? 0, most)),
      ),
      tasks.length === 0 ? null : taskTable(tasks),
    ),
  };
}

function hostRow(name: string, seconds: number, most: number): Markup {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, name),
    element('td', { class: 'number' }, duration(seconds)),
    element('td', { class: 'wide' }, bar(seconds / most)),
  );
}

function bar(share: number): Markup {
  return element(
    'svg',
    { class: 'bar', viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    element('rect', { width: Math.max(0.5, share * 100).toFixed(1), height: 8 }),
  );
}

function taskTable(tasks: readonly TaskTimes[]): Markup {
  const head = [
    ...[columnHead('Task'), columnHead('Play'), columnHead('Hosts', true)],
    ...[columnHead('Median', true), columnHead('Longest', true), columnHead('On')],
  ];
  const rows = tasks.map(({ task, play, seconds, longest }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, task),
      element('td', {}, play),
      element('td', { class: 'number' }, seconds.length),
      element('td', { class: 'number' }, duration(median(seconds))),
      element('td', { class: 'number' }, duration(longest.seconds)),
      element('td', {}, longest.host),
    ),
  );
  return fragment(element('h3', {}, 'Slowest tasks'), table('Slowest tasks', head, rows));
}

function taskTimes(hosts: readonly StoryHost[]): readonly TaskTimes[] {
  const times = new Map<string, TaskTimes>();
  for (const { name, tasks } of hosts) {
    for (const { play, task, seconds } of tasks) {
      const key = JSON.stringify([play, task]);
      const longest = { host: name, seconds };
      const found = times.get(key) ?? { play, task, seconds: [], longest };
      found.seconds.push(seconds);
      if (seconds > found.longest.seconds) found.longest = longest;
      times.set(key, found);
    }
  }
  return [...times.values()];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
