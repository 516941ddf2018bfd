import type { DiffGroup } from './diff-groups.ts';
import type { Paint } from './paint.ts';
import type { Spill } from './spill.ts';
import { counted, listNames } from './wording.ts';

const NAMES_OF_ONE_DIFF = 8;
const NAMES_OF_THE_OTHERS = 4;

/** The diffs of a run for people, each distinct one once, as lines with their line feeds. */
export async function* diffSection(
  subjects: readonly (readonly DiffGroup[])[],
  isCheck: boolean,
  paint: Paint,
  spill: Spill,
): AsyncGenerator<string> {
  for (const groups of subjects) {
    for (const [index, group] of groups.entries()) {
      const diff = group.diff === null ? null : await spill.read(group.diff);
      const title = paint('bold', heading(group, diff, isCheck)) + elsewhere(groups, index);
      yield ['', title, ...diffLines(diff, paint)].map((line) => `${line}\n`).join('');
    }
  }
}

function heading({ subject, hosts }: DiffGroup, diff: string | null, isCheck: boolean): string {
  const names = listNames(hosts, NAMES_OF_ONE_DIFF);
  if (diff === null) return `${subject}: ${isCheck ? 'would change' : 'changed'} on ${names}`;

  const size = `${changedLines(diff)}-line diff`;
  return hosts.length === 1
    ? `${subject}: a ${size} on ${names}`
    : `${subject}: the same ${size} on ${counted(hosts.length, 'host')}: ${names}`;
}

/** Where the same thing changes in another way; said once, beside the most common way. */
function elsewhere(groups: readonly DiffGroup[], index: number): string {
  if (index > 0) return '';
  const others = groups.slice(1).flatMap((group) => group.hosts);
  if (others.length === 0) return '';
  return `; different on ${listNames(others, NAMES_OF_THE_OTHERS)}`;
}

function changedLines(diff: string): number {
  return diffBody(diff).filter((line) => line.startsWith('+') || line.startsWith('-')).length;
}

function diffLines(diff: string | null, paint: Paint): readonly string[] {
  if (diff === null) return [];

  const lines = diff.trimEnd().split('\n');
  return lines.map((line, index) => (index < 2 ? paint('bold', line) : colored(line, paint)));
}

function diffBody(diff: string): readonly string[] {
  return diff.split('\n').slice(2);
}

function colored(line: string, paint: Paint): string {
  if (line.startsWith('+')) return paint('green', line);
  if (line.startsWith('-')) return paint('red', line);
  return line.startsWith('@@') ? paint('cyan', line) : line;
}
