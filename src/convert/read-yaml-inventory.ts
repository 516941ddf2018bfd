import { type KeptNode, keptAt } from '../source/kept-yaml.ts';
import { type AnsibleInventory, InventoryBuilder } from './inventory-model.ts';
import { hostsOf } from './read-ini-inventory.ts';

/** Reads an inventory in the form of YAML: groups with `hosts`, `children` and `vars`. */
export function readYamlInventory(root: KeptNode): AnsibleInventory {
  const builder = new InventoryBuilder();
  if (root.kind === 'map') {
    for (const { key, value, before } of root.pairs) readGroup(key, value, before, builder, 0);
  } else builder.said.push('this is no inventory');
  return builder.result;
}

const deepest = 50;

function readGroup(
  name: string,
  node: KeptNode,
  comments: readonly string[],
  builder: InventoryBuilder,
  depth: number,
): void {
  const group = builder.group(name);
  group.comments.push(...comments);
  if (depth > deepest || node.kind !== 'map') return;
  for (const { key } of node.pairs) {
    if (!['hosts', 'children', 'vars'].includes(key))
      builder.said.push(`${name}: unknown key ${key}`);
  }
  for (const [key, value] of entries(keptAt(node, 'vars'))) group.vars.set(key, value);
  const hosts = keptAt(node, 'hosts');
  for (const pair of hosts?.kind === 'map' ? hosts.pairs : []) {
    const named = hostsOf(pair.key);
    if (named === null) builder.said.push(`${pair.key} names too many hosts`);
    for (const [index, one] of (named ?? []).entries()) {
      builder.host(one.name, entries(pair.value), index === 0 ? pair.before : []);
      if (name !== 'all' && name !== 'ungrouped') group.hosts.add(one.name);
    }
  }
  const children = keptAt(node, 'children');
  for (const child of children?.kind === 'map' ? children.pairs : []) {
    if (name !== 'all') group.children.add(child.key);
    readGroup(child.key, child.value, child.before, builder, depth + 1);
  }
}

function entries(node: KeptNode | undefined): readonly (readonly [string, KeptNode])[] {
  return node?.kind === 'map' ? node.pairs.map(({ key, value }) => [key, value] as const) : [];
}
