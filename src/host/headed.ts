/** What `head -v` prints: each file below a line `==> PATH <==`, and an empty line before the next one. */
interface Headed {
  /** The contents of the first files, by path; those that could not be read have no entry. */
  readonly values: ReadonlyMap<string, string>;
  /** All that comes after them. */
  readonly rest: string;
}

/** The line above a file's content, with the empty line before it. */
export function headerOf(path: string): string {
  return `\n==> ${path} <==\n`;
}

/**
 * Splits what `head -v` printed of small files of the kernel, and of others after them. Bytes as latin1
 * text; the first header has a newline less before it.
 */
export function splitHeaded(body: string, paths: readonly string[]): Headed {
  const values = new Map<string, string>();
  let rest = body === '' ? '' : `\n${body}`;
  for (const path of paths) {
    const header = headerOf(path);
    if (!rest.startsWith(header)) continue;
    const end = rest.indexOf('\n==> ', header.length);
    values.set(path, rest.slice(header.length, end < 0 ? rest.length : end));
    rest = end < 0 ? '' : rest.slice(end);
  }
  return { values, rest };
}
