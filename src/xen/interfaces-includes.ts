import { basename, dirname, normalize } from 'node:path/posix';
import { globMatcher, isGlob } from '../inventory/glob.ts';
import { wordsOf } from './interfaces-blocks.ts';
import { interfacesPath } from './interfaces-file.ts';
import { splitJoinedLines } from './own-lines.ts';

/** What a file of interfaces(5) takes in: one file, or those of a directory whose names match. */
export type Included =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'directory';
      readonly path: string;
      /** The end that all names have; empty where any name may match. */
      readonly suffix: string;
      readonly matches: (name: string) => boolean;
    };

/** More than anybody writes, and not enough to make a host's answer large. */
const mostIncluded = 16;

/**
 * The `source` and `source-directory` lines of a file, in their order and each once. Seen are plain
 * paths and those with `*`, `?` or `[...]` in their last part; what else a shell would expand
 * (variables, commands, wildcards in directories) is not.
 *
 * @param path the file that holds them: relative names start from its directory
 */
export function includedIn(text: string, path: string = interfacesPath): readonly Included[] {
  const seen = new Map<string, Included>();
  for (const line of splitJoinedLines(text)) {
    const [keyword = '', ...names] = wordsOf(line);
    if (!/^source(?:-dir|-directory)?$/.test(keyword)) continue;
    for (const name of names) {
      const absolute = normalize(name.startsWith('/') ? name : `${dirname(path)}/${name}`);
      const found = keyword === 'source' ? sourced(absolute) : wholeDirectory(absolute);
      if (found !== null && seen.size < mostIncluded) seen.set(`${keyword} ${absolute}`, found);
    }
  }
  return [...seen.values()];
}

const plainPath = /^\/[\w./+,:@=-]*$/;

function sourced(path: string): Included | null {
  const [directory, name] = [dirname(path), basename(path)];
  if (!plainPath.test(directory)) return null;
  if (plainPath.test(`/${name}`)) return { kind: 'file', path };
  if (!isGlob(name) || !/^[\w.+,:@=*?[\]!^-]+$/.test(name)) return null;
  const matches = globMatcher(name.replaceAll('[^', '[!'));
  const suffix = /[^*?[\]]*$/.exec(name)?.[0] ?? '';
  return {
    kind: 'directory',
    path: directory,
    suffix,
    matches: (other) => matches(other) && (!other.startsWith('.') || name.startsWith('.')),
  };
}

/** Of a directory ifupdown reads files with plain names only (interfaces(5)), as run-parts(8) does. */
function wholeDirectory(path: string): Included | null {
  if (!plainPath.test(path)) return null;
  const directory = path.length > 1 ? path.replace(/\/$/, '') : path;
  return {
    kind: 'directory',
    path: directory,
    suffix: '',
    matches: (name) => /^[\w-]+$/.test(name),
  };
}
