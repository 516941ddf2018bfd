const longestPattern = 2000;

/** A pattern of the user's as an expression, or why it is none. */
export type ReadPattern = { readonly expression: RegExp } | { readonly problem: string };

/**
 * Python's `re` as JavaScript's: named groups `(?P<name>)`, `\A`, `\Z`, `{,3}`, lines that end at a line
 * feed alone, and flags at the beginning (`(?i)`). All else has JavaScript's meaning: `\d` and `\w` are
 * ASCII, there is no verbose mode.
 *
 * @param flags those of a RegExp
 * @see https://docs.python.org/3/library/re.html#regular-expression-syntax
 */
export function readPattern(pattern: string, flags = ''): ReadPattern {
  if (pattern.length > longestPattern) {
    return { problem: `an expression has at most ${longestPattern} characters` };
  }
  const inline = /^\(\?([aimsu]+)\)/.exec(pattern);
  const all = new Set([...flags, ...(inline?.[1] ?? '').replace(/[au]/g, '')]);
  try {
    const source = asJavaScript(pattern.slice(inline?.[0].length ?? 0), all);
    return { expression: new RegExp(source, [...all].join('')) };
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^.*: /s, '') : '';
    return { problem: `${JSON.stringify(pattern)} is no regular expression: ${why}` };
  }
}

/** An escape, a class, or what Python means something else by. */
const parts =
  /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?P?<(?![=!])|\(\?P=(\w+)\)|\{,(\d*)\}|[.^$]/g;

function asJavaScript(pattern: string, flags: ReadonlySet<string>): string {
  const isMultiline = flags.has('m');
  return pattern.replace(parts, (part: string, name?: string, most?: string) => {
    if (name !== undefined) return `\\k<${name}>`;
    if (most !== undefined) return `{0,${most}}`;
    switch (part) {
      case '\\A':
        return '(?<![\\s\\S])';
      case '\\Z':
        return '(?![\\s\\S])';
      case '(?P<':
        return '(?<';
      case '(?<':
        throw new Error('a group with a name is (?P<name>...)');
      case '[]':
      case '[^]':
        throw new Error('a class has no end');
      case '.':
        return flags.has('s') ? '.' : '[^\\n]';
      case '^':
        return isMultiline ? '(?<![^\\n])' : '^';
      case '$':
        // before a newline at the very end, too
        return isMultiline ? '(?![^\\n])' : '(?=\\n?(?![\\s\\S]))';
      default:
        // in Python a bracket that comes first is meant
        return part.replace(/^\[(\^?)\](?=.)/s, '[$1\\]').replace(/\\[\s\S]/g, escapeOf);
    }
  });
}

/** One that Python has not is an error there, where JavaScript has a letter, or a meaning of its own. */
function escapeOf(written: string): string {
  if (written === '\\a') return '\\x07';
  if (/[A-Za-z]/.test(written) && !/[bBdDsSwWfnrtvxu]/.test(written)) {
    throw new Error(`there is no escape ${written}`);
  }
  return written;
}

const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };
const groups = /\\(?:g<(\w+)>|(\d{1,2})|([nrt\\]))/g;

/** The groups that a replacement in Python's writing names: `\1`, `\g<1>`, `\g<name>`. */
export function groupsIn(replacement: string): readonly string[] {
  return [...replacement.matchAll(groups)].flatMap(([, named, number]) => named ?? number ?? []);
}

/** A replacement with the texts of its groups. */
export function replaced(replacement: string, textOf: (group: string) => string): string {
  return replacement.replace(groups, (_all, named, number, letter) =>
    letter === undefined ? textOf(named ?? number) : (letters[letter] ?? ''),
  );
}
