import { badge, columnHead, type Ended, namesOf, type Section, table } from './html-words.ts';
import { element, fragment, type Markup } from './markup.ts';
import type { RunStory, StoryHost, StoryTask } from './run-story.ts';

interface Column {
  readonly task: string;
  readonly step: string;
}

/** Hosts that went through a play alike. */
interface Row {
  /** How each task ended, by column; undefined: the host has no such task. */
  readonly statuses: readonly (Ended | undefined)[];
  readonly ended: Ended;
  readonly names: string[];
}

/** Hosts by tasks: a table for each play, and in it a row for all hosts that went through it alike. */
export function matrixSection(story: RunStory): Section {
  const { hosts, isCheck } = story;
  const plays = [...new Set(hosts.flatMap(({ tasks }) => tasks.map(({ play }) => play)))];
  const without = hosts.filter(({ tasks }) => tasks.length === 0);
  return {
    id: 'tasks',
    title: 'Hosts by tasks',
    body: fragment(
      plays.map((play, index) => playTable(play, `Tasks of play ${index + 1}`, hosts, isCheck)),
      without.length === 0 ? null : untouched(without, isCheck),
    ),
  };
}

function playTable(
  play: string,
  label: string,
  hosts: readonly StoryHost[],
  isCheck: boolean,
): Markup {
  const { columns, rows } = gridOf(play, hosts);
  const head = [columnHead('Hosts'), columnHead('Host ended'), ...columns.map(taskHead)];
  const lines = rows.map(({ names, ended, statuses }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, namesOf(names)),
      element('td', {}, badge(ended, isCheck)),
      columns.map((_, index) => {
        const status = statuses[index];
        return element('td', {}, status === undefined ? '' : badge(status, isCheck));
      }),
    ),
  );
  return fragment(element('h3', {}, play), table(label, head, lines));
}

function taskHead({ task, step }: Column): Markup {
  const detail = step === task ? null : element('small', {}, step);
  return element('th', { scope: 'col' }, task, detail);
}

function gridOf(
  play: string,
  hosts: readonly StoryHost[],
): { readonly columns: readonly Column[]; readonly rows: readonly Row[] } {
  const columns = new Map<string, Column & { readonly index: number }>();
  const rows = new Map<string, Row>();
  for (const host of hosts) {
    const tasks = host.tasks.filter((task) => task.play === play);
    if (tasks.length === 0) continue;
    const statuses: (Ended | undefined)[] = [];
    for (const [key, task] of keyed(tasks)) {
      const column = columns.get(key) ?? { ...task, index: columns.size };
      columns.set(key, column);
      statuses[column.index] = task.status;
    }
    const key = JSON.stringify([host.status, statuses]);
    const row = rows.get(key) ?? { statuses, ended: host.status, names: [] };
    row.names.push(host.name);
    rows.set(key, row);
  }
  return {
    columns: [...columns.values()],
    rows: [...rows.values()].toSorted((one, other) => other.names.length - one.names.length),
  };
}

/** The same task may stand in a play twice. */
function keyed(tasks: readonly StoryTask[]): readonly (readonly [string, StoryTask])[] {
  const seen = new Map<string, number>();
  return tasks.map((task) => {
    const name = JSON.stringify([task.task, task.step]);
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    return [`${name} ${times}`, task];
  });
}

function untouched(hosts: readonly StoryHost[], isCheck: boolean): Markup {
  const groups = new Map<Ended, string[]>();
  for (const { name, status } of hosts) {
    groups.set(status, [...(groups.get(status) ?? []), name]);
  }
  return fragment(
    element('h3', {}, 'No task was begun on'),
    element(
      'ul',
      { class: 'blocks' },
      [...groups].map(([status, names]) =>
        element('li', {}, badge(status, isCheck), ' ', namesOf(names)),
      ),
    ),
  );
}
