import { groupsIn, readPattern, replaced } from '../source/python-pattern.ts';

/** The expression of a pattern that was read before. Throws for others. */
export function patternOf(pattern: string, flags = ''): RegExp {
  const read = readPattern(pattern, flags);
  if ('problem' in read) throw new Error(read.problem);
  return read.expression;
}

/** The replacement for a match. A group that took no part is empty. */
export function expanded(replacement: string, match: RegExpExecArray): string {
  return replaced(
    replacement,
    (name) => (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? '',
  );
}

/** A group that the replacement names and the pattern has not; null: it has all. */
export function missingGroup(pattern: string, replacement: string): string | null {
  const read = readPattern(`(?:${pattern.replace(/^\(\?[aimsu]+\)/, '')})|`);
  const match = 'expression' in read ? read.expression.exec('') : null;
  if (match === null) return null;
  const isThere = (name: string) =>
    /^\d+$/.test(name)
      ? Number(name) < match.length
      : match.groups !== undefined && Object.hasOwn(match.groups, name);
  return groupsIn(replacement).find((name) => !isThere(name)) ?? null;
}
