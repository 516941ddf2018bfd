import { bounded, longestText } from '../arithmetic.ts';
import { formatted } from '../format-text.ts';
import { asList, asText, type FilterFunction, filter } from '../function.ts';
import { isList, isMap, type Plain, textOf, ValueProblem } from '../value.ts';
import { quotedForShell } from './shell-quote.ts';

/** Filters of texts: Jinja's own, and those of Ansible about paths and quotes. */
export const textFilters: Readonly<Record<string, FilterFunction>> = {
  upper: filter('', (text) => asText(text).toUpperCase()),
  lower: filter('', (text) => asText(text).toLowerCase()),
  capitalize: filter('', (text) => capitalized(asText(text))),
  title: filter('', (text) => asText(text).replace(/[^-\s({[<]+/gu, (word) => capitalized(word))),
  trim: filter('chars', (text, given) => trimmed(asText(text), given.find('chars'))),
  replace: filter('old new count', (text, given) => {
    const [old, fresh] = [given.text('old'), asText(given.value('new'))];
    const count = given.integer('count', -1);
    const parts = asText(text).split(old);
    const cuts = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1);
    if (cuts * fresh.length > longestText) throw new ValueProblem('the text gets too long');
    const rest = parts.slice(cuts).join(old);
    return bounded([...parts.slice(0, cuts), rest].join(fresh));
  }),
  split: filter('separator maxsplit', (text, given) => {
    const separator = given.find('separator') ?? null;
    const most = given.integer('maxsplit', -1);
    return splitText(asText(text), separator === null ? null : asText(separator), most);
  }),
  splitlines: filter('', (text) => {
    const lines = asText(text).split(/\r\n|\n|\r/);
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  }),
  string: filter('', (value) => (value === null ? 'None' : bounded(textOf(value)))),
  safe: filter('', (text) => text),
  escape: filter('', (text) => escapedHtml(asText(text))),
  e: filter('', (text) => escapedHtml(asText(text))),
  urlencode: filter('', (value) => bounded(urlEncoded(value))),
  length: filter('', lengthOf),
  count: filter('', lengthOf),
  wordcount: filter('', (text) => asText(text).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  reverse: filter('', (value) =>
    isList(value) ? value.toReversed() : [...asText(value)].toReversed().join(''),
  ),
  center: filter('width', (text, given) => {
    const characters = asText(text);
    const width = Math.min(given.integer('width', 80), 10_000);
    const left = Math.floor(Math.max(0, width - characters.length) / 2);
    return (' '.repeat(left) + characters).padEnd(width);
  }),
  indent: filter('width first blank', (text, given) => {
    const width = given.value('width', 4);
    const margin =
      typeof width === 'string' ? width : ' '.repeat(Math.min(given.integer('width', 4), 1000));
    const lines = asText(text).split('\n');
    const isBlankToo = given.flag('blank', false);
    const indented = lines.map((line, index) => {
      if (index === 0) return given.flag('first', false) ? margin + line : line;
      return line === '' && !isBlankToo ? line : margin + line;
    });
    return bounded(indented.join('\n'));
  }),
  truncate: filter('length killwords end leeway', (text, given) => {
    const whole = asText(text);
    const end = given.text('end', '...');
    const length = given.integer('length', 255);
    if (whole.length <= length + given.integer('leeway', 5)) return whole;
    const cut = whole.slice(0, Math.max(0, length - end.length));
    return (given.flag('killwords', false) ? cut : cut.replace(/ [^ ]*$/, '')) + end;
  }),
  format: filter('...', (text, given) => bounded(formatted(asText(text), given.positional))),
  quote: filter('', (text) => quotedForShell(text === null ? '' : asText(text))),
  comment: filter('prefix', (text, given) => {
    const prefix = given.text('prefix', '# ');
    const lines = asText(text)
      .split('\n')
      .map((line) => (prefix + line).trimEnd());
    return bounded([prefix.trimEnd(), ...lines, prefix.trimEnd()].join('\n'));
  }),
  basename: filter('', (path) => asText(path).replace(/^[\s\S]*\//, '')),
  dirname: filter('', (path) => directoryOf(asText(path))),
  splitext: filter('', (path) => {
    const text = asText(path);
    const found = /[^/.][^/]*?(\.[^./]*)$/.exec(text)?.[1] ?? '';
    return [text.slice(0, text.length - found.length), found];
  }),
  path_join: filter('', (parts) => {
    if (!isList(parts)) return asText(parts);
    return parts.map(asText).reduce((path, part) => {
      if (part.startsWith('/') || path === '') return part;
      return path.endsWith('/') ? path + part : `${path}/${part}`;
    }, '');
  }),
};

/** A text with "/" as it is; a map, or a list of pairs, as a query. */
function urlEncoded(value: Plain): string {
  if (!isMap(value) && !isList(value)) return percentEncoded(textOf(value)).replaceAll('%2F', '/');
  const pairs = isMap(value) ? Object.entries(value) : value.map(asList);
  const part = (one: Plain | undefined): string =>
    percentEncoded(textOf(one ?? null)).replaceAll('%20', '+');
  return pairs.map(([name, one]) => `${part(name)}=${part(one)}`).join('&');
}

/** All but letters, digits, "_", ".", "-" and "~" (RFC 3986). */
function percentEncoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString()).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The parts between separators, as Python splits; between runs of blanks when null. */
function splitText(text: string, separator: string | null, most: number): readonly string[] {
  if (separator === '') throw new ValueProblem('the separator is empty');
  if (separator !== null) {
    const parts = text.split(separator);
    if (most < 0 || parts.length <= most + 1) return parts;
    return [...parts.slice(0, most), parts.slice(most).join(separator)];
  }
  const words = text.trim() === '' ? [] : text.trim().split(/\s+/);
  if (most < 0 || words.length <= most + 1) return words;
  const rest = new RegExp(`^\\s*(?:\\S+\\s+){${most}}`).exec(text)?.[0].length ?? 0;
  return [...words.slice(0, most), text.slice(rest)];
}

function capitalized(word: string): string {
  const [first = '', ...rest] = word;
  return first.toUpperCase() + rest.join('').toLowerCase();
}

function trimmed(text: string, characters: unknown): string {
  if (typeof characters !== 'string') return text.trim();
  let [start, end] = [0, text.length];
  while (start < end && characters.includes(text.charAt(start))) start++;
  while (end > start && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

function lengthOf(value: Parameters<FilterFunction['apply']>[0]): number {
  if (isList(value)) return value.length;
  if (isMap(value)) return Object.keys(value).length;
  if (typeof value === 'string') return [...value].length;
  throw new ValueProblem('only texts, lists and maps have a length');
}

/** posixpath.dirname. */
function directoryOf(path: string): string {
  const head = path.slice(0, path.lastIndexOf('/') + 1);
  return /^\/+$/.test(head) ? head : head.replace(/\/+$/, '');
}

const HTML: ReadonlyMap<string, string> = new Map([
  ...[['&', '&amp;'] as const, ['<', '&lt;'] as const, ['>', '&gt;'] as const],
  ...[['"', '&#34;'] as const, ["'", '&#39;'] as const],
]);

function escapedHtml(text: string): string {
  return bounded(text.replace(/[&<>"']/g, (character) => HTML.get(character) ?? character));
}
