import { parseYaml } from '../source/parse-yaml.ts';
import {
  nodeAt,
  type Path,
  placeOf,
  type SourceNode,
  toData,
  without,
} from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';

/** A text without some of its entries, or the place of one that shares its lines with others. */
export type CutResult = { readonly text: string } | { readonly inseparable: Place };

/**
 * Cuts entries of a YAML text out by whole lines; every other byte stays. What is left empty above
 * them goes too. Entries in flow style (`{a: 1, b: 2}`), and anchors that are used elsewhere, can't
 * be cut so.
 *
 * @param text bytes as latin1
 * @param root what `parseYaml` made of those bytes
 */
export function cutEntries(text: string, root: SourceNode, paths: readonly Path[]): CutResult {
  const cut = withEmptied(root, paths);
  const gone = new Set<number>();
  for (const path of cut) {
    const lines = linesOf(root, path);
    if (lines === null) return { inseparable: placeOf(root, path, 'key') };
    for (let line = lines.first; line <= lines.last; line++) gone.add(line);
  }
  // a newline byte is a newline in UTF-8 and in latin1
  const lines = text.split(/(?<=\n)/).filter((_, index) => !gone.has(index + 1));
  const left = lines.join('');
  const reread = parseYaml(Buffer.from(left, 'latin1'), '');
  const isRight = reread.ok && dataOf(reread.value) === dataOf(without(root, cut));
  return isRight ? { text: left } : { inseparable: placeOf(root, cut[0] ?? [], 'key') };
}

/** The paths, and in place of all children of a node the node itself; never the root. */
function withEmptied(root: SourceNode, paths: readonly Path[]): readonly Path[] {
  const byParent = new Map<string, Path[]>();
  for (const path of paths) {
    const parent = JSON.stringify(path.slice(0, -1));
    const siblings = byParent.get(parent);
    if (siblings === undefined) byParent.set(parent, [path]);
    else siblings.push(path);
  }
  const merged = [...byParent.values()].flatMap((siblings): readonly Path[] => {
    const parent = siblings[0]?.slice(0, -1) ?? [];
    const isEmptied = parent.length > 0 && siblings.length === sizeOf(nodeAt(root, parent));
    return isEmptied ? [parent] : siblings;
  });
  return merged.length === paths.length && merged.every((path, index) => path === paths[index])
    ? paths
    : withEmptied(root, merged);
}

function sizeOf(node: SourceNode | undefined): number {
  if (node?.kind === 'map') return node.entries.size;
  return node?.kind === 'list' ? node.items.length : -1;
}

/** An empty map and nothing at all are one: a text without entries is neither. */
function dataOf(node: SourceNode | null): string {
  const data = JSON.stringify(node === null ? null : toData(node));
  return data === '{}' ? 'null' : data;
}

/** The lines of an entry, from 1; null when there is anything else on them but a comment. */
function linesOf(
  root: SourceNode,
  path: Path,
): { readonly first: number; readonly last: number } | null {
  const key = placeOf(root, path, 'key');
  const value = nodeAt(root, path)?.place ?? key;
  const { source } = key;
  const start = key.start;
  const end = source.text.slice(0, Math.max(key.end, value.end)).trimEnd().length;
  const before = source.text.slice(source.text.lastIndexOf('\n', start - 1) + 1, start);
  const lineEnd = source.text.indexOf('\n', end);
  const after = source.text.slice(end, lineEnd === -1 ? undefined : lineEnd);
  const isItem = typeof path.at(-1) === 'number';
  if (!(isItem ? /^ *- +$/ : /^ *$/).test(before) || !/^:?\s*(?:#.*)?$/.test(after)) return null;
  return { first: source.positionAt(start).line, last: source.positionAt(end - 1).line };
}
