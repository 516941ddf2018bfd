/**
 * Whether a name matches a comma separated list of patterns (ssh_config(5), PATTERNS): `*` and
 * `?` are wildcards, a matching `!pattern` overrides all others. Upper and lower case are the same
 * in the patterns; `name` is expected in lower case.
 */
export function matchesPatternList(list: string, name: string): boolean {
  return matchesPatterns(list.toLowerCase().split(','), name);
}

/** The same for patterns that were split already; their case counts. */
export function matchesPatterns(patterns: readonly string[], name: string): boolean {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) {
      if (matchesPattern(pattern.slice(1), name)) return false;
    } else if (matchesPattern(pattern, name)) {
      matched = true;
    }
  }
  return matched;
}

/** Whether all of `text` matches one pattern. Linear in their product at worst: no regular expression. */
export function matchesPattern(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
