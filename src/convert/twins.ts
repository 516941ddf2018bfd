import { type KeptNode, type KeptPair, remarked } from '../source/kept-yaml.ts';
import { todo } from './talk.ts';

/** Of keys that are twice in a map, as two names of one parameter may be, the last counts, as in Python. */
export function withoutTwins(node: KeptNode): KeptNode {
  switch (node.kind) {
    case 'scalar':
      return node;
    case 'list':
      return { ...node, items: node.items.map(withoutTwins) };
    case 'map': {
      const last = new Map(node.pairs.map((pair) => [pair.key, pair]));
      const kept = node.pairs.filter((pair) => last.get(pair.key) === pair);
      const pairs = kept.map((pair): KeptPair => {
        const value = withoutTwins(pair.value);
        const isTwin = node.pairs.some((one) => one !== pair && one.key === pair.key);
        const said = isTwin ? [`${todo} ${pair.key} was written twice: this one counted`] : [];
        return remarked({ ...pair, value }, said);
      });
      return { ...node, pairs };
    }
  }
}
