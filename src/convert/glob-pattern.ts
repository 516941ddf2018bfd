/** Whether a path matches a pattern of Python's glob: `*`, `?` and `[a-z]` within a name. */
export function globPattern(pattern: string): (path: string) => boolean {
  const source = pattern.replace(/\[!?[^\]/]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.length > 1) return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return part.replace(/[\\^$.|+()[\]{}]/, '\\$&');
  });
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(path);
}
