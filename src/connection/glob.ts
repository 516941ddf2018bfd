import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The existing paths that match an absolute pattern (glob(7): `*`, `?`, `[...]`), sorted.
 * A leading dot is matched only by a dot.
 */
export async function glob(pattern: string): Promise<readonly string[]> {
  let paths = ['/'];
  for (const part of pattern.split('/').filter((name) => name !== '')) {
    const isWild = /[*?[]/.test(part);
    const found = await Promise.all(
      paths.map((path) => (isWild ? listMatches(path, part) : [join(path, part)])),
    );
    paths = found.flat();
  }
  const exist = await Promise.all(paths.map(exists));
  return paths.filter((_, index) => exist[index]).toSorted();
}

async function listMatches(directory: string, part: string): Promise<string[]> {
  const wanted = partPattern(part);
  if (wanted === null) return [];
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => wanted.test(name) && (!name.startsWith('.') || part.startsWith('.')))
    .map((name) => join(directory, name));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** null: nothing matches it, such as `[z-a]`. */
function partPattern(part: string): RegExp | null {
  const source = part.replace(/\[!?[^\]]+\]|[\s\S]/g, (token) => {
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token.length > 1) return token.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return token.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return null;
  }
}
