import { hidden, Secret } from './secret.ts';

/**
 * A copy of plain data (lists, maps, objects without methods) in which every text is what `change`
 * makes of it, but keys and what is under the keys of `kept`; secrets become `***`.
 */
export function mapTexts<T>(
  value: T,
  change: (text: string) => string,
  kept: ReadonlySet<string> = new Set(),
): T {
  const mapped = (part: unknown): unknown => {
    if (typeof part === 'string') return change(part);
    if (typeof part !== 'object' || part === null) return part;
    if (part instanceof Secret) return hidden;
    if (Array.isArray(part)) return part.map(mapped);
    if (part instanceof Map) return new Map([...part].map(([key, item]) => [key, mapped(item)]));
    const pairs = Object.entries(part).map(([key, item]) => [
      key,
      kept.has(key) ? item : mapped(item),
    ]);
    return Object.fromEntries(pairs);
  };
  return mapped(value) as T;
}
