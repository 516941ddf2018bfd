import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** What a file changes its own process with, or measures it with. */
const changing =
  /'node:v8'|\btuneV8\(|vi\.(mock|spyOn\(process|stub\w+)\b|(?<![#.])\bprocess\.(chdir\(|umask\(\S|on\(|once\(|memoryUsage|resourceUsage|exitCode =|std(out|err)\.write =|env(\.\w+|\[\S+\]) =[^=])/;

const imported = /\bfrom '(\.[^']+)'/g;

/**
 * Whether a test file, or a test module that it imports, needs a process of its own. All others share a few, one
 * after the other, with the modules that these have: what a module does when it is imported is done once for many.
 *
 * @param file path from the root of the repository, as are those of `seen`
 */
export function isApart(file: string, seen = new Set<string>()): boolean {
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  if (changing.test(text)) return true;
  return Array.from(text.matchAll(imported), ([, path = '']) =>
    normalize(join(dirname(file), path)),
  )
    .filter((path) => /^test\/.*\.ts$/.test(path) && existsSync(path))
    .some((path) => !seen.has(path) && isApart(path, seen));
}
