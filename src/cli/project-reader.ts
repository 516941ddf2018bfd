import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { globPattern } from '../convert/glob-pattern.ts';
import type { ProjectReader } from '../convert/project.ts';
import { largestTextBytes } from '../source/decode-text.ts';

/** More files of a role are not looked at. */
const mostFiles = 5_000;

/** Reads the files of a project from disk; what is no regular file is not there. */
export const projectReader: ProjectReader = {
  read: (path) => {
    try {
      const stats = statSync(path);
      return stats.isFile() && stats.size <= largestTextBytes ? readFileSync(path) : null;
    } catch {
      return null; // loading says what is missing
    }
  },
  list: (directory) => [...namesBelow(directory, '')].slice(0, mostFiles),
  glob: (directory) => (pattern) => {
    const roots = [join(directory, 'files'), join(directory, '..', 'files'), directory];
    for (const root of roots) {
      const isMatch = globPattern(resolve(root, pattern));
      const found = [...namesBelow(resolve(root, pattern, '..'), '')]
        .filter((name) => !name.includes('/') && isMatch(resolve(root, pattern, '..', name)))
        .map((name) => resolve(root, pattern, '..', name));
      if (found.length > 0) {
        return found.map((path) =>
          path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path,
        );
      }
    }
    return [];
  },
};

function* namesBelow(directory: string, below: string): Iterable<string> {
  for (const name of namesIn(join(directory, below))) {
    const path = below === '' ? name : `${below}/${name}`;
    const stats = lstatSync(join(directory, path));
    if (stats.isDirectory()) yield* namesBelow(directory, path);
    else if (stats.isFile()) yield path;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}
