import type { Play } from '../playbook/model.ts';
import { isHandler, tagsOf } from '../playbook/select-tasks.ts';
import { escapeControls } from '../source/escape-controls.ts';
import type { ReadPlays } from './load-work.ts';
import { aligned } from './table.ts';

/** What of the plays is listed; nothing is done then. */
export interface Listed {
  readonly hosts: boolean;
  readonly tasks: boolean;
  readonly tags: boolean;
}

/** A play as programs read of it. */
export interface PlayDocument {
  readonly name: string;
  readonly hosts: readonly string[];
  /** Plays before it may add to its hosts. Absent: none does. */
  readonly hosts_may_come?: true;
  readonly tags: readonly string[];
  readonly tasks: readonly {
    readonly name: string;
    readonly step: string;
    readonly tags: readonly string[];
    readonly file: string;
    readonly line: number;
    readonly column: number;
  }[];
}

/** The plays of a command line, as programs read them: all that any of the lists shows. */
export function playsDocument({ written, plays, inventory }: ReadPlays): {
  readonly schema: 1;
  readonly plays: readonly PlayDocument[];
} {
  const documents = written.map((play): PlayDocument => {
    const { hosts = new Set(), isOpen = false } = plays.find((one) => one.play === play) ?? {};
    const tasks = play.tasks.filter((task) => !isHandler(task));
    return {
      name: play.name,
      hosts: [...inventory.hosts.keys()].filter((name) => hosts.has(name)),
      ...(isOpen ? { hosts_may_come: true } : {}),
      tags: tagsIn(play),
      tasks: tasks.map((task) => ({
        ...{ name: task.name, step: task.step.name, tags: tagsOf(task) },
        ...task.place.source.positionAt(task.place.start),
      })),
    };
  });
  return { schema: 1, plays: documents };
}

/** The same for people. */
export function playsText(read: ReadPlays, listed: Listed): string {
  return playsDocument(read)
    .plays.map(({ name, hosts, hosts_may_come: mayCome, tags, tasks }) => {
      const known = hosts.length === 1 ? '1 host' : `${hosts.length} hosts`;
      const count = mayCome === true ? `${known} by now, more may be added before it` : known;
      const rows = tasks.map((task) => ['', escapeControls(task.name), tagsInWords(task.tags)]);
      return [
        `${escapeControls(name)}: ${count}\n`,
        ...(listed.hosts ? hosts.map((host) => `  ${host}\n`) : []),
        ...(listed.tasks ? [aligned(rows)] : []),
        ...(listed.tags ? [`  tags: ${tags.join(', ') || 'none'}\n`] : []),
      ].join('');
    })
    .join('\n');
}

function tagsIn({ tasks }: Play): readonly string[] {
  return [...new Set(tasks.flatMap(tagsOf))].toSorted();
}

function tagsInWords(tags: readonly string[]): string {
  return tags.length === 0 ? '' : `[${tags.map(escapeControls).join(', ')}]`;
}
