import { noKeywords } from '../playbook/keywords.ts';
import type { Task } from '../playbook/model.ts';
import { levelsOf } from '../playbook/names-used.ts';
import { templateAt } from '../playbook/written-templates.ts';
import { quoted } from '../source/quoted.ts';
import type { Finding } from './finding.ts';
import { hostsOf, type Subject } from './subject.ts';

/** Loops over a variable that is a text or a number, not a list. */
export function loopsOverTexts({ plays, inventory, within }: Subject): readonly Finding[] {
  return plays.flatMap((play) => {
    const hosts = inventory === null ? [] : hostsOf(play, inventory, within);
    return play.tasks.flatMap((task) =>
      findingsOf(
        task,
        hosts.map(({ vars }) => vars),
      ),
    );
  });
}

function findingsOf(task: Task, ofHosts: readonly Readonly<Record<string, unknown>>[]): Finding[] {
  const { loop } = task.keywords ?? noKeywords;
  if (loop?.items.kind !== 'scalar') return [];
  const template = templateAt(loop.items);
  if (template?.ok !== true || template.value.way?.path.segments.length !== 0) return [];
  const [use] = template.value.names;
  if (use === undefined || use.keys.length !== 1) return [];
  const [name] = use.keys;
  const levels = [...levelsOf(task), ...ofHosts].filter((level) => Object.hasOwn(level, name));
  const values = levels.map((level) => level[name]);
  if (values.length === 0 || !values.every(isNoList)) return [];
  return [
    {
      rule: 'loop-over-text',
      severity: 'error',
      place: use.place,
      message: `a loop goes over a list, and ${quoted(name)} is none`,
      hint: 'write its value as a list',
    },
  ];
}

function isNoList(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value) || value === null;
}
