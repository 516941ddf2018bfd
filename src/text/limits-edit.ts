import { linesOf, textOf, withInserted } from './lines.ts';

/** A line of limits.conf(5). */
export interface Limit {
  readonly domain: string;
  readonly type: string;
  readonly item: string;
  readonly value: string;
}

/** What the last line of a text says of a limit; null: nothing. */
export function limitIn(text: string, wanted: Omit<Limit, 'value'>): string | null {
  const found = linesOf(text).findLast((line) => isOf(line.text, wanted));
  return found === undefined ? null : (limitOf(found.text)?.value ?? null);
}

/** The text with one line for the limit; all others stay byte for byte. */
export function withLimit(text: string, wanted: Limit): string {
  const { domain, type, item, value } = wanted;
  const lines = linesOf(text);
  const at = lines.findLastIndex((line) => isOf(line.text, wanted));
  const written = `${domain}\t${type}\t${item}\t${value}`;
  if (at === -1) return textOf(withInserted(lines, lines.length, [written]));
  return textOf(
    lines.flatMap((line, index) => {
      if (index !== at) return isOf(line.text, wanted) ? [] : [line];
      return [limitOf(line.text)?.value === value ? line : { ...line, text: written }];
    }),
  );
}

/** The text without the limit. */
export function withoutLimit(text: string, wanted: Omit<Limit, 'value'>): string {
  return textOf(linesOf(text).filter((line) => !isOf(line.text, wanted)));
}

function isOf(line: string, { domain, type, item }: Omit<Limit, 'value'>): boolean {
  const limit = limitOf(line);
  return limit?.domain === domain && limit.type === type && limit.item === item;
}

function limitOf(line: string): Limit | null {
  const words = line.replace(/#.*$/, '').trim().split(/\s+/);
  const [domain, type, item, value] = words;
  if (domain === undefined || type === undefined || item === undefined || value === undefined) {
    return null;
  }
  return { domain, type, item, value };
}
