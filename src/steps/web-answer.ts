import type { Data } from '../source/data.ts';

/** What a web server answered. */
export interface WebAnswer {
  readonly status: number;
  /** Where it came from in the end. */
  readonly url: string;
  readonly redirects: number;
  /** As Ansible names them: `Content-Type` is `content_type`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly content: string;
  /** The content, where the server calls it JSON and it is; else undefined. */
  readonly json: Data | undefined;
}

/**
 * What curl writes with `include` and a last line of `STATUS REDIRECTS ADDRESS`: each answer's headers, then the
 * content of the last; null when it is not that.
 */
export function answerIn(text: string): WebAnswer | null {
  const [tail, code, redirects, url] =
    /\n(\d{3}) (\d{1,3}) ([\x21-\x7e]{1,4000})$/.exec(text) ?? [];
  if (tail === undefined || code === undefined || url === undefined || code === '000') return null;
  let rest = text.slice(0, -tail.length);
  let lines: readonly string[] = [];
  // an answer before the last: Continue, a redirection, a demand for a password
  let left = Number(redirects) + 4;
  while (left > 0 && /^HTTP\/[\d.]+ \d{3}/.test(rest)) {
    const end = /\r?\n\r?\n/.exec(rest);
    const block = end === null ? rest : rest.slice(0, end.index);
    rest = end === null ? '' : rest.slice(end.index + end[0].length);
    lines = block.split(/\r?\n/).slice(1);
    const isLast = block.split(' ')[1]?.startsWith(code) === true;
    left = isLast ? 0 : left - 1;
  }
  const headers = headersIn(lines);
  const { content_type: type = '' } = headers;
  return {
    ...{ status: Number(code), url, redirects: Number(redirects), headers, content: rest },
    json: /[/+]json\b/i.test(type) ? jsonIn(rest) : undefined,
  };
}

function headersIn(lines: readonly string[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines.slice(0, 200)) {
    const [, name, value = ''] = /^([A-Za-z][\w-]{0,100}):\s*(.*)$/.exec(line) ?? [];
    const key = name?.toLowerCase().replaceAll('-', '_');
    if (key === undefined) continue;
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return headers;
}

/** Deeper JSON is not taken apart. */
const deepest = 100;

/** JSON as data whose maps have no prototype; undefined: it is none. */
function jsonIn(text: string): Data | undefined {
  try {
    return asData(JSON.parse(text), deepest);
  } catch {
    return undefined;
  }
}

function asData(value: unknown, depth: number): Data {
  if (depth === 0) throw new Error('too deep');
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (Array.isArray(value)) return value.map((one) => asData(one, depth - 1));
  if (typeof value !== 'object' || value === null) return null;
  const entries = Object.entries(value).map(([key, one]) => [key, asData(one, depth - 1)] as const);
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}
