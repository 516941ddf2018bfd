/** One part of a glob: any text, any character, or one character out of a class. */
type Part =
  | { readonly type: 'any-text' }
  | { readonly type: 'character'; readonly matches: (character: string) => boolean };

/**
 * A matcher for names: `*` any text, `?` any character, `[abc]` and `[a-c]` one of them,
 * `[!a]` any other. A `[` that is not closed stands for itself. Takes time in proportion to
 * pattern times name, whatever the pattern.
 */
export function globMatcher(glob: string): (name: string) => boolean {
  const parts = parseGlob(glob);
  return (name) => matches(parts, [...name]);
}

/** Whether a term has to be matched rather than looked up. */
export function isGlob(term: string): boolean {
  return /[*?[]/.test(term);
}

function parseGlob(glob: string): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at] ?? '';
    // The first character of a class may be `]` itself.
    const close = character === '[' ? glob.indexOf(']', at + (glob[at + 1] === '!' ? 3 : 2)) : -1;
    if (character === '*') parts.push({ type: 'any-text' });
    else if (character === '?') parts.push({ type: 'character', matches: () => true });
    else if (close !== -1) {
      parts.push({ type: 'character', matches: classMatcher(glob.slice(at + 1, close)) });
      at = close;
    } else parts.push({ type: 'character', matches: (other) => other === character });
  }
  return parts;
}

function classMatcher(body: string): (character: string) => boolean {
  const isNegated = body.startsWith('!');
  const members = isNegated ? body.slice(1) : body;
  const ranges: [string, string][] = [];
  for (let at = 0; at < members.length; at++) {
    const first = members[at] ?? '';
    const isRange = members[at + 1] === '-' && at + 2 < members.length;
    ranges.push([first, (isRange ? members[at + 2] : undefined) ?? first]);
    if (isRange) at += 2;
  }
  return (character) =>
    ranges.some(([first, last]) => first <= character && character <= last) !== isNegated;
}

/** Goes back to the last `*` only, which is enough and never exponential. */
function matches(parts: readonly Part[], name: readonly string[]): boolean {
  let part = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < name.length) {
    const current = parts[part];
    if (current?.type === 'character' && current.matches(name[at] ?? '')) {
      part++;
      at++;
    } else if (current?.type === 'any-text') {
      star = part++;
      starAt = at;
    } else if (star !== -1) {
      part = star + 1;
      at = ++starAt;
    } else return false;
  }
  return parts.slice(part).every(({ type }) => type === 'any-text');
}
