import { hidden, Secret } from './secret.ts';

/**
 * A copy of plain data (lists, maps, objects without methods) in which every text, names of keys
 * included, is what `change` makes of it; secrets become `***`. What has no text is kept as it is.
 */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  return mapped(value, change) as T;
}

function mapped(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Secret) return hidden;
  if (Array.isArray(value)) return value.map((item) => mapped(item, change));
  if (value instanceof Map) {
    return new Map([...value].map(([key, item]) => [mapped(key, change), mapped(item, change)]));
  }
  const pairs = Object.entries(value).map(([key, item]) => [change(key), mapped(item, change)]);
  return Object.fromEntries(pairs);
}
