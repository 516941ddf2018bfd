import { namesOf, type Section } from './html-words.ts';
import { type Child, element, fragment, type Markup } from './markup.ts';
import type { RunStory, StoryHost } from './run-story.ts';
import { counted } from './wording.ts';

interface Group {
  readonly diff: string | null;
  readonly names: string[];
}

const LINES_OF_A_DIFF = 2000;
const MOST_CHARACTERS = 16 * 1024 * 1024;
// Few enough to be read through.
const GROUPS_OPEN = 6;

/** What changed: each distinct diff once, with the hosts that share it. */
export function diffsSection({ hosts, isCheck }: RunStory): Section | null {
  const subjects = groupDiffs(hosts);
  if (subjects.size === 0) return null;
  const all = [...subjects.values()].flatMap((groups) => [...groups.values()]);
  const isOpen = all.length <= GROUPS_OPEN;
  const left = { characters: MOST_CHARACTERS };
  return {
    id: 'changes',
    title: isCheck ? 'What would change' : 'What changed',
    body: fragment(
      [...subjects].map(([subject, groups]) => subjectBlock(subject, groups, isOpen, left)),
    ),
  };
}

function subjectBlock(
  subject: string,
  byDiff: ReadonlyMap<string | null, Group>,
  isOpen: boolean,
  left: { characters: number },
): Markup {
  const groups = [...byDiff.values()].toSorted((a, b) => b.names.length - a.names.length);
  const names = new Set(groups.flatMap((group) => group.names));
  const ways = groups.length > 1 ? `, in ${groups.length} ways` : '';
  return element(
    'details',
    { class: 'diff', open: isOpen ? '' : null },
    element('summary', {}, element('h3', {}, subject), ` on ${counted(names.size, 'host')}${ways}`),
    groups.map((group) => groupBlock(group, left)),
  );
}

function groupBlock({ diff, names }: Group, left: { characters: number }): Markup {
  const body = diff === null ? null : diffBlock(diff, left);
  return fragment(element('p', {}, namesOf(names)), body);
}

function diffBlock(diff: string, left: { characters: number }): Markup {
  left.characters -= diff.length;
  if (left.characters < 0) {
    return element('p', { class: 'note' }, 'Left out: the page would be too large.');
  }
  const lines = diff.trimEnd().split('\n');
  const hidden = lines.length - LINES_OF_A_DIFF;
  return element(
    'pre',
    { class: 'lines', tabindex: 0 },
    lines.slice(0, LINES_OF_A_DIFF).flatMap(diffLine),
    hidden > 0 ? `... and ${hidden} more lines\n` : null,
  );
}

function diffLine(line: string, index: number): readonly Child[] {
  const name = index < 2 ? 'file' : { '+': 'plus', '-': 'minus', '@': 'hunk' }[line[0] ?? ''];
  if (name === undefined) return [line, '\n'];
  const tag = { plus: 'ins', minus: 'del' }[name] ?? 'span';
  return [element(tag, { class: name }, line), '\n'];
}

function groupDiffs(
  hosts: readonly StoryHost[],
): ReadonlyMap<string, ReadonlyMap<string | null, Group>> {
  const subjects = new Map<string, Map<string | null, Group>>();
  for (const { name, tasks } of hosts) {
    for (const { subject, diff } of tasks.flatMap(({ changes }) => changes)) {
      const groups = subjects.get(subject) ?? new Map<string | null, Group>();
      const group = groups.get(diff) ?? { diff, names: [] };
      if (group.names.at(-1) !== name) group.names.push(name);
      groups.set(diff, group);
      subjects.set(subject, groups);
    }
  }
  return subjects;
}
