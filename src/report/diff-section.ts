import type { DiffGroup } from './diff-groups.ts';
import type { Paint } from './paint.ts';
import { counted, listNames } from './wording.ts';

const NAMES_OF_ONE_DIFF = 8;
const NAMES_OF_THE_OTHERS = 4;

/** The diffs of a run for people, each distinct one once, as lines. */
export function diffSection(
  subjects: readonly (readonly DiffGroup[])[],
  isCheck: boolean,
  paint: Paint,
): readonly string[] {
  return subjects.flatMap((groups) =>
    groups.flatMap((group, index) => [
      '',
      paint('bold', heading(group, isCheck)) + elsewhere(groups, index),
      ...diffLines(group.diff, paint),
    ]),
  );
}

function heading({ subject, diff, hosts }: DiffGroup, isCheck: boolean): string {
  const names = listNames(hosts, NAMES_OF_ONE_DIFF);
  if (diff === null) return `${subject}: ${isCheck ? 'would change' : 'changed'} on ${names}`;

  const size = `${changedLines(diff)}-line diff`;
  return hosts.length === 1
    ? `${subject}: a ${size} on ${names}`
    : `${subject}: the same ${size} on ${counted(hosts.length, 'host')}: ${names}`;
}

/** Where the same thing changes in another way; said once, beside the most common way. */
function elsewhere(groups: readonly DiffGroup[], index: number): string {
  const others = groups.slice(1).flatMap((group) => group.hosts);
  if (index > 0 || others.length === 0) return '';
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
