/** Where a symbolic link leads, before anything on the way is known. */
interface LinkWay {
  /** With each `..` taken for the directory above. */
  readonly path: string;
  /** Directories that `..` goes up from: where one of them is a symbolic link, the path is another. */
  readonly turns: readonly string[];
}

/** The way of a link at a path that says this (path_resolution(7)). */
export function linkWay(path: string, target: string): LinkWay {
  const names: string[] = target.startsWith('/') ? [] : path.split('/').slice(1, -1);
  const turns = new Set<string>();
  for (const name of target.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') {
      names.push(name);
      continue;
    }
    if (names.length > 0) turns.add(`/${names.join('/')}`);
    names.pop();
  }
  return { path: `/${names.join('/')}`, turns: [...turns] };
}
