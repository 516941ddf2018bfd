import { createContext, Script } from 'node:vm';

const longestPattern = 2000;
/** A controller that is busy may have slept in the first turn: there is a second. */
const turnsMs = [500, 3000] as const;

/** A text is searched for longer than is bearable. */
export class SlowPattern extends Error {
  constructor(pattern: string) {
    super(`the expression ${pattern} takes longer than ${turnsMs[1] / 1000} s`);
  }
}

/** A pattern of the user's as an expression, or why it is none. */
export type ReadPattern = { readonly expression: RegExp } | { readonly problem: string };

/**
 * Python's `re` as JavaScript's: named groups `(?P<name>)`, `\A`, `\Z`, and flags at the beginning
 * (`(?i)`). All else has JavaScript's meaning: `\d` and `\w` are ASCII, there is no verbose mode.
 */
export function readPattern(pattern: string, flags = ''): ReadPattern {
  if (pattern.length > longestPattern) {
    return { problem: `an expression has at most ${longestPattern} characters` };
  }
  const inline = /^\(\?([aimsu]+)\)/.exec(pattern);
  const all = new Set([...flags, ...(inline?.[1] ?? '').replace(/[au]/g, '')]);
  try {
    const source = asJavaScript(pattern.slice(inline?.[0].length ?? 0), all.has('m'));
    return { expression: new RegExp(source, [...all].join('')) };
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^.*: /s, '') : '';
    return { problem: `${JSON.stringify(pattern)} is no regular expression: ${why}` };
  }
}

/** The expression of a pattern that was read before. Throws for others. */
export function patternOf(pattern: string, flags = ''): RegExp {
  const read = readPattern(pattern, flags);
  if ('problem' in read) throw new Error(read.problem);
  return read.expression;
}

function asJavaScript(pattern: string, isMultiline: boolean): string {
  const parts = /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?P<|\(\?P=(\w+)\)|\$/g;
  return pattern.replace(parts, (part: string, name?: string) => {
    if (part === '\\A') return '(?<![\\s\\S])';
    if (part === '\\Z') return '(?![\\s\\S])';
    if (part === '(?P<') return '(?<';
    // before a newline at the very end, too
    if (part === '$') return isMultiline ? '$' : '(?=\\n?(?![\\s\\S]))';
    if (name !== undefined) return `\\k<${name}>`;
    // in Python a bracket that comes first is meant
    return part.replace(/^\[(\^?)\](?=.)/s, '[$1\\]');
  });
}

const searching = new Script(
  'texts.map((text) => (isAll ? [...text.matchAll(expression)] : [expression.exec(text)]))',
);

/** What the search has for variables. Making a context takes a hundred times as long as a search. */
const room: { context?: ReturnType<typeof createContext> } = {};

/**
 * What is found in each of the texts: the first match of each, all of them where the expression is
 * global. V8's expressions may take for ever: a clock stops them. Throws SlowPattern.
 */
export function matchesIn(
  texts: readonly string[],
  expression: RegExp,
): readonly (readonly RegExpExecArray[])[] {
  room.context ??= createContext(room);
  Object.assign(room, { texts, expression, isAll: expression.global });
  try {
    for (const timeout of turnsMs) {
      try {
        const found: (RegExpExecArray | null)[][] = searching.runInContext(room.context, {
          timeout,
        });
        return found.map((matches) => matches.filter((match) => match !== null));
      } catch {
        expression.lastIndex = 0;
      }
    }
  } finally {
    Object.assign(room, { texts: [], expression: null });
  }
  throw new SlowPattern(expression.source);
}

const groups = /\\(?:g<(\w+)>|(\d{1,2})|([nrt\\]))/g;

/** What a replacement in Python's writing names: `\1`, `\g<1>`, `\g<name>`. */
function groupsIn(replacement: string): readonly string[] {
  return [...replacement.matchAll(groups)].flatMap(([, named, number]) => named ?? number ?? []);
}

/** The replacement for a match. A group that took no part is empty. */
export function expanded(replacement: string, match: RegExpExecArray): string {
  const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };
  return replacement.replace(groups, (_all, named, number, letter) => {
    if (letter !== undefined) return letters[letter] ?? '';
    const name: string = named ?? number;
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? '';
  });
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
