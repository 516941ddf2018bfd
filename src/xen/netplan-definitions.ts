import { globMatcher, isGlob } from '../inventory/glob.ts';
import type { DomU, Vif } from '../inventory/model.ts';
import type { MapNode, Path, SourceNode } from '../source/source-node.ts';
import { nodeAt } from '../source/source-node.ts';
import { isOwnRoute, isOwnRule } from './own-routing.ts';

/** A file of netplan's, parsed. */
export interface NetplanSource {
  readonly path: string;
  /** Bytes as latin1 text. */
  readonly text: string;
  readonly root: SourceNode;
}

/** A definition of an Ethernet interface in a file. */
export interface Definition {
  readonly id: string;
  readonly path: Path;
  readonly node: SourceNode;
}

const ethernets = ['network', 'ethernets'] as const;

/** Other types of definitions (netplan(5)), whose ids are of the same space. */
const otherTypes =
  'bonds bridges dummy-devices modems nm-devices tunnels virtual-ethernets vlans vrfs wifis';

/** Keys that say what the inventory says, or do nothing once DHCP is not asked. */
const ownKeys = new Set(
  'match set-name addresses gateway4 gateway6 dhcp4 dhcp6 dhcp-identifier dhcp4-overrides dhcp6-overrides critical activation-mode'.split(
    ' ',
  ),
);
const ownKeysOfIpv6 = new Set([
  'accept-ra',
  'link-local',
  'ipv6-privacy',
  'ipv6-address-generation',
]);

/** The Ethernet definitions of a file. */
export function definitionsOf(root: SourceNode): readonly Definition[] {
  return entriesOf(nodeAt(root, ethernets)).map(([id, node]) => ({
    id,
    path: [...ethernets, id],
    node,
  }));
}

/** Ids of a file's definitions that are of no Ethernet interface. */
export function otherIdsOf(root: SourceNode): readonly string[] {
  return otherTypes
    .split(' ')
    .flatMap((type) => entriesOf(nodeAt(root, ['network', type])).map(([id]) => id));
}

/** Ids that other definitions of the file build upon: of VLANs, bonds, bridges. */
export function referencesOf(root: SourceNode): readonly string[] {
  return otherTypes
    .split(' ')
    .flatMap((type) => entriesOf(nodeAt(root, ['network', type])))
    .flatMap(([, node]) => {
      const ports = nodeAt(node, ['interfaces']);
      return [nodeAt(node, ['link']), ...(ports?.kind === 'list' ? ports.items : [])];
    })
    .flatMap((node) => (node?.kind === 'scalar' ? [`${node.value}`] : []));
}

/** Where the file hands its interfaces, or a definition's, to NetworkManager; null where nowhere. */
export function networkManagerIn(root: SourceNode, ids: ReadonlySet<string>): SourceNode | null {
  const renderers = [
    nodeAt(root, ['network', 'renderer']),
    ...definitionsOf(root)
      .filter(({ id }) => ids.has(id))
      .map(({ node }) => nodeAt(node, ['renderer'])),
  ];
  return renderers.find((node) => textOf(node) === 'NetworkManager') ?? null;
}

/**
 * How a definition is about a vif: `own` about it alone; `general` about whatever has a name or driver
 * like it; null not at all.
 */
export function concerns({ id, node }: Definition, vif: Vif): 'own' | 'general' | null {
  const match = nodeAt(node, ['match']);
  if (match?.kind !== 'map') return id === vif.iface ? 'own' : null;
  const mac = textOf(nodeAt(match, ['macaddress']));
  if (mac !== null) return mac.toLowerCase() === vif.mac ? 'own' : null;
  if (textOf(nodeAt(node, ['set-name'])) === vif.iface) return 'own';
  const name = textOf(nodeAt(match, ['name']));
  if (name === null) return 'general';
  if (!globMatcher(name)(vif.iface)) return null;
  return isGlob(name) ? 'general' : 'own';
}

/** What of a definition of a vif is ours to say; `isWhole` when nothing else is left of it. */
export function ownPartsOf(
  { path, node }: Definition,
  domU: DomU,
  vif: Vif,
): { readonly isWhole: boolean; readonly parts: readonly Path[] } {
  const entries = entriesOf(node);
  const isOwnKey = (key: string): boolean =>
    ownKeys.has(key) || (vif.ipv6 !== null && ownKeysOfIpv6.has(key));
  const parts = entries.flatMap(([key, value]): readonly Path[] => {
    const at = [...path, key];
    if (isOwnKey(key)) return [at];
    if (value.kind !== 'list' || (key !== 'routes' && key !== 'routing-policy')) return [];
    const own = value.items.flatMap((item, index) =>
      isOwnItem(key, item, domU) ? [[...at, index]] : [],
    );
    return own.length === value.items.length ? [at] : own;
  });
  const isWhole = parts.filter((part) => part.length === path.length + 1).length === entries.length;
  // a definition that stays is tied to its interface by what it says of it
  const isKept = ([key]: Path): boolean => key === 'match' && !isWhole && isPlainMatch(node);
  return {
    isWhole,
    parts: isWhole ? [path] : parts.filter((part) => !isKept(part.slice(path.length))),
  };
}

function isOwnItem(key: 'routes' | 'routing-policy', item: SourceNode, domU: DomU): boolean {
  const table = textOf(nodeAt(item, ['table']));
  return key === 'routes'
    ? isOwnRoute(domU, textOf(nodeAt(item, ['to'])), table)
    : isOwnRule(domU, textOf(nodeAt(item, ['from'])), table);
}

/** By the MAC alone, as ours matches: netplan merges the two. */
export function isPlainMatch(node: SourceNode): boolean {
  const match = nodeAt(node, ['match']);
  return match?.kind === 'map' && [...match.entries.keys()].join(' ') === 'macaddress';
}

function entriesOf(node: SourceNode | undefined): readonly (readonly [string, SourceNode])[] {
  const map: MapNode | null = node?.kind === 'map' ? node : null;
  return [...(map?.entries ?? [])].map(([key, { value }]) => [key, value]);
}

const textOf = (node: SourceNode | undefined): string | null =>
  node?.kind === 'scalar' && node.value !== null ? `${node.value}` : null;
