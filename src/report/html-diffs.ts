import { namesOf, type Section } from './html-words.ts';
import { type Child, closing, element, type Markup, opening } from './markup.ts';
import type { RunStory, StoryHost } from './run-story.ts';
import type { Kept } from './spill.ts';
import { counted } from './wording.ts';

interface Group {
  readonly diff: Kept | null;
  readonly names: string[];
}

type Groups = ReadonlyMap<Kept | null, Group>;

const LINES_OF_A_DIFF = 2000;
const MOST_CHARACTERS = 16 * 1024 * 1024;
// Few enough to be read through.
const GROUPS_OPEN = 6;

/** What changed: each distinct diff once, with the hosts that share it. */
export function diffsSection(story: RunStory): Section | null {
  const subjects = groupDiffs(story.hosts);
  if (subjects.size === 0) return null;
  const title = story.isCheck ? 'What would change' : 'What changed';
  return { id: 'changes', title, body: subjectBlocks(subjects, story) };
}

async function* subjectBlocks(
  subjects: ReadonlyMap<string, Groups>,
  story: RunStory,
): AsyncGenerator<string> {
  const all = [...subjects.values()].reduce((sum, groups) => sum + groups.size, 0);
  const isOpen = all <= GROUPS_OPEN;
  const left = { characters: MOST_CHARACTERS };
  for (const [subject, byDiff] of subjects) {
    const groups = [...byDiff.values()].toSorted((a, b) => b.names.length - a.names.length);
    yield opening('details', { class: 'diff', open: isOpen ? '' : null });
    yield subjectSummary(subject, groups).text;
    for (const { diff, names } of groups) {
      yield element('p', {}, namesOf(names)).text;
      if (diff === null) continue;
      const text = left.characters < 0 ? null : await story.text(diff);
      yield diffBlock(text ?? '', left).text;
    }
    yield closing('details');
  }
}

function subjectSummary(subject: string, groups: readonly Group[]): Markup {
  const names = new Set(groups.flatMap((group) => group.names));
  const ways = groups.length > 1 ? `, in ${groups.length} ways` : '';
  const hosts = ` on ${counted(names.size, 'host')}${ways}`;
  return element('summary', {}, element('h3', {}, subject), hosts);
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

function groupDiffs(hosts: readonly StoryHost[]): ReadonlyMap<string, Groups> {
  const subjects = new Map<string, Map<Kept | null, Group>>();
  for (const { name, tasks } of hosts) {
    for (const { subject, diff } of tasks.flatMap(({ changes }) => changes)) {
      const groups = subjects.get(subject) ?? new Map<Kept | null, Group>();
      const group = groups.get(diff) ?? { diff, names: [] };
      if (group.names.at(-1) !== name) group.names.push(name);
      groups.set(diff, group);
      subjects.set(subject, groups);
    }
  }
  return subjects;
}
