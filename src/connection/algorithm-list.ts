import { matchesPattern, matchesPatterns } from './pattern.ts';

/**
 * What a list of algorithms in an OpenSSH configuration asks for (ssh_config(5), Ciphers): `+LIST` is behind
 * `usual`, `^LIST` before it, `-LIST` takes away from it, and a list without a sign replaces it. A list may
 * have patterns, which stand for those of `spoken`. Names that are not spoken here are left out, so nothing may be
 * left. Null for a list that ssh would refuse. As kex_assemble_names in OpenSSH's kex-names.c.
 */
export function readAlgorithmList<T extends string>(
  list: string,
  usual: readonly T[],
  spoken: readonly T[],
): readonly T[] | null {
  const sign = /^[+^-]/.exec(list)?.[0] ?? '';
  const wanted = list.slice(sign.length).split(',');
  if (sign === '-') return usual.filter((name) => !matchesPatterns(wanted, name));
  if (wanted.some((pattern) => pattern === '' || pattern.startsWith('!'))) return null;
  const found = wanted.flatMap((pattern) => spoken.filter((name) => matchesPattern(pattern, name)));
  switch (sign) {
    case '+':
      return [...new Set([...usual, ...found])];
    case '^':
      return [...new Set([...found, ...usual])];
    default:
      return [...new Set(found)];
  }
}
