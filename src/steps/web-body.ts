import { Secret } from '../source/secret.ts';

/** What is sent with a request. Reveals secrets. */
export function bodyText(body: unknown, format: 'raw' | 'json' | 'form-urlencoded'): string {
  if (body instanceof Secret) return body.reveal();
  if (format === 'raw' || (format === 'form-urlencoded' && typeof body === 'string'))
    return String(body);
  if (format === 'json') return typeof body === 'string' ? body : JSON.stringify(open(body));
  const pairs = Object.entries(body ?? {}).flatMap(([name, value]): [string, string][] =>
    [value].flat().map((one) => [name, wordOf(open(one))]),
  );
  return new URLSearchParams(pairs).toString();
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The same with the values of secrets: only what is sent is made of it. */
function open(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(open);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, open(one)]));
}
