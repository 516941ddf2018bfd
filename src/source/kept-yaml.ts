/** YAML with its comments, to be changed and written again. */
export type KeptNode = KeptScalar | KeptList | KeptMap;

/** Comments of a node: lines without their `#`; an empty one is an empty line, a blank one a mere `#`. */
export interface KeptComments {
  /** Above it. */
  readonly before: readonly string[];
  /** Behind it on its line; of a list or map, below its last item. */
  readonly behind: readonly string[];
  /** Whether an empty line comes before it. */
  readonly isApart: boolean;
}

export interface KeptScalar extends KeptComments {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As written, which shows `0644` and `yes`; the value where nobody wrote it. */
  readonly source: string;
  readonly style: 'plain' | 'single' | 'double' | 'literal' | 'folded';
  /** `!vault` and its kind; null: none. */
  readonly tag: string | null;
}

export interface KeptList extends KeptComments {
  readonly kind: 'list';
  readonly items: readonly KeptNode[];
  readonly isFlow: boolean;
}

export interface KeptMap extends KeptComments {
  readonly kind: 'map';
  readonly pairs: readonly KeptPair[];
  readonly isFlow: boolean;
}

/** The comments of a pair are those of its key. */
export interface KeptPair extends KeptComments {
  readonly key: string;
  readonly value: KeptNode;
}

const noComments: KeptComments = { before: [], behind: [], isApart: false };

/** A scalar that nobody wrote. */
export function keptScalar(value: KeptScalar['value']): KeptScalar {
  return { kind: 'scalar', value, source: String(value), style: 'plain', tag: null, ...noComments };
}

/** A list that nobody wrote. */
export function keptList(items: readonly KeptNode[], isFlow = false): KeptList {
  return { kind: 'list', items, isFlow, ...noComments };
}

/** A map that nobody wrote. */
export function keptMap(pairs: readonly KeptPair[], isFlow = false): KeptMap {
  return { kind: 'map', pairs, isFlow, ...noComments };
}

/** A pair that nobody wrote. */
export function keptPair(key: string, value: KeptNode | KeptScalar['value']): KeptPair {
  const node = value === null || typeof value !== 'object' ? keptScalar(value) : value;
  return { key, value: node, ...noComments };
}

/** The value under a key. */
export function keptAt(node: KeptNode | undefined, key: string): KeptNode | undefined {
  if (node?.kind !== 'map') return undefined;
  return node.pairs.find((pair) => pair.key === key)?.value;
}

/** The text of a scalar that is one. */
export function keptText(node: KeptNode | undefined): string | null {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : null;
}

/** A node or pair with more lines of comment above it, below those that are there. */
export function remarked<T extends KeptComments>(node: T, lines: readonly string[]): T {
  return lines.length === 0 ? node : { ...node, before: [...node.before, ...lines] };
}

/** All texts in a node changed. */
export function mapKeptTexts(
  node: KeptNode,
  change: (text: string, node: KeptScalar) => string,
): KeptNode {
  switch (node.kind) {
    case 'scalar': {
      if (typeof node.value !== 'string' || node.tag !== null) return node;
      const value = change(node.value, node);
      return value === node.value ? node : { ...node, value, source: value };
    }
    case 'list':
      return { ...node, items: node.items.map((item) => mapKeptTexts(item, change)) };
    case 'map':
      return {
        ...node,
        pairs: node.pairs.map((pair) => ({ ...pair, value: mapKeptTexts(pair.value, change) })),
      };
  }
}
