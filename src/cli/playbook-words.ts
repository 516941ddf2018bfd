import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readYaml } from '../source/parse-yaml.ts';
import { nodeAt, type SourceNode } from '../source/source-node.ts';
import type { PlaybookWords } from './complete-words.ts';

/** More than this is not read to complete a word. */
const mostBytes = 1_000_000;
const mostFiles = 200;

/**
 * Tags and names of tasks in playbooks, and in what these import and the roles beside them. They are only
 * read as YAML: what is wrong in them is passed over, and no step of a user's is loaded.
 */
export function wordsInPlaybooks(files: readonly string[]): PlaybookWords {
  const found = { tags: new Set<string>(), tasks: new Set<string>() };
  const seen = new Set<string>();
  const open = files.map((file) => ({ file: resolve(file), root: dirname(resolve(file)) }));
  for (let next = open.pop(); next !== undefined && seen.size < mostFiles; next = open.pop()) {
    const { file, root } = next;
    if (seen.has(file)) continue;
    seen.add(file);
    const node = readNode(file);
    if (node === null) continue;
    for (const { part, isTask } of partsOf(node, true)) {
      for (const tag of textsAt(part, 'tags'))
        for (const one of tag.split(',')) found.tags.add(one.trim());
      if (isTask) for (const name of textsAt(part, 'name')) found.tasks.add(name);
      for (const key of ['import_playbook', 'import_tasks', 'include_tasks']) {
        const imported = [...textsAt(part, key), ...textsAt(nodeAt(part, [key]), 'file')];
        open.push(...imported.map((path) => ({ file: resolve(dirname(file), path), root })));
      }
      for (const role of rolesOf(part)) {
        for (const path of ['main.yaml', 'main.yml']) {
          open.push({ file: join(root, 'roles', role, 'tasks', path), root });
        }
      }
    }
  }
  return { tags: [...found.tags].filter(Boolean).toSorted(), tasks: [...found.tasks] };
}

function readNode(file: string): SourceNode | null {
  if (!existsSync(file) || statSync(file).size > mostBytes || !statSync(file).isFile()) return null;
  return readYaml(readFileSync(file), file, { takesSecrets: true }).root;
}

/** Keys of lists whose items are tasks. */
const taskLists = /^(?:(?:pre_|post_)?tasks|handlers|block|rescue|always)$/;

/** All maps in a node; `isTasks`: it is a list of tasks, or of plays. */
function partsOf(
  node: SourceNode,
  isTasks: boolean,
): readonly { readonly part: SourceNode; readonly isTask: boolean }[] {
  if (node.kind === 'list') {
    return node.items.flatMap((item) => {
      const [part, ...inside] = partsOf(item, false);
      if (part === undefined) return [];
      return [{ ...part, isTask: isTasks && nodeAt(item, ['hosts']) === undefined }, ...inside];
    });
  }
  if (node.kind !== 'map') return [];
  const inside = [...node.entries].flatMap(([key, { value }]) =>
    partsOf(value, value.kind === 'list' && taskLists.test(key)),
  );
  return [{ part: node, isTask: false }, ...inside];
}

/** A text, or a list of texts. */
function textsAt(node: SourceNode | undefined, key: string): readonly string[] {
  const value = node === undefined ? undefined : nodeAt(node, [key]);
  const items = value?.kind === 'list' ? value.items : [value];
  return items.flatMap((item) =>
    item?.kind === 'scalar' && typeof item.value === 'string' ? [item.value] : [],
  );
}

function rolesOf(node: SourceNode): readonly string[] {
  const roles = nodeAt(node, ['roles']);
  const named = roles?.kind === 'list' ? roles.items.flatMap((one) => textsAt(one, 'role')) : [];
  const imported = ['import_role', 'include_role'].flatMap((key) =>
    textsAt(nodeAt(node, [key]), 'name'),
  );
  return [...textsAt(node, 'roles'), ...named, ...imported];
}
