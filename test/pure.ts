import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** What a file starts processes or servers with, or changes its own process with. */
const impure =
  /'node:(child_process|http|net|v8|worker_threads)'|\/lab\/|bin\/xpush|tuneV8|process\.(chdir|exitCode|std|umask)|process\.env\b.* =[^=]/;
const imported = /(?:from|import\() ?'(\.[^']+)'/g;

/**
 * Whether a test file, with all test modules that it imports, only computes: such files can share a process and its
 * modules. What they import of `src` counts as computing, as nothing there does anything when it is imported.
 *
 * @param file path from the root of the repository, as are those of `seen`
 */
export function isPure(file: string, seen = new Set<string>()): boolean {
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  if (impure.test(text)) return false;
  return Array.from(text.matchAll(imported), ([, path = '']) =>
    normalize(join(dirname(file), path)),
  )
    .filter((path) => path.startsWith('test/') && path.endsWith('.ts') && !seen.has(path))
    .every((path) => isPure(path, seen));
}
