import { nodeAt, type SourceNode } from '../source/source-node.ts';
import type { Variables } from './keywords.ts';

const owners = new WeakMap<Variables, string>();

/** Remembers whose variables these are: `role web`, `vars_files`. */
export function ownedBy<Vars extends Variables>(vars: Vars, owner: string): Vars {
  owners.set(vars, owner);
  return vars;
}

/** What `ownedBy` was told; `defaults of role web`, `block Certificates`, or empty for a play and a task. */
export function ownerOf(vars: Variables): string {
  return owners.get(vars) ?? '';
}

const imports = ['import_tasks', 'include_tasks'] as const;
const roles = ['import_role', 'include_role'] as const;

/** What a block or an import is called; empty for a play and a task. */
export function ownerWords(node: SourceNode): string {
  if (nodeAt(node, ['block']) !== undefined) {
    const name = textAt(node, 'name');
    return name === null ? 'a block' : `block ${name}`;
  }
  for (const keyword of imports) {
    const file = textAt(node, keyword) ?? textAt(nodeAt(node, [keyword]), 'file');
    if (file !== null) return `${keyword} of ${file}`;
  }
  for (const keyword of roles) {
    const name = textAt(node, keyword) ?? textAt(nodeAt(node, [keyword]), 'name');
    if (name !== null) return `${keyword} of ${name}`;
  }
  return '';
}

function textAt(node: SourceNode | undefined, key: string): string | null {
  const found = node === undefined ? undefined : nodeAt(node, [key]);
  return found?.kind === 'scalar' && typeof found.value === 'string' ? found.value : null;
}
