import { splitWords } from './ip-words.ts';
import type { ProxyNeighbour } from './query.ts';

/** Parses `ip -6 neigh show proxy` (ip-neighbour(8)). */
export function parseProxies(text: string): ProxyNeighbour[] {
  return text.split('\n').flatMap((line) => {
    const [ip, word, dev] = splitWords(line);
    const isWhole = ip?.includes(':') === true && word === 'dev' && dev !== undefined;
    return isWhole ? [{ ip, dev }] : [];
  });
}
