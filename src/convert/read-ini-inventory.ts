import { type KeptNode, keptList, keptScalar } from '../source/kept-yaml.ts';
import { type AnsibleInventory, InventoryBuilder } from './inventory-model.ts';
import { splitWords, unquoted } from './split-words.ts';

/** Reads an inventory in the form of an INI file. */
export function readIniInventory(text: string): AnsibleInventory {
  const builder = new InventoryBuilder();
  let section = { group: 'ungrouped', kind: 'hosts' };
  let comments: string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    const comment = /^[#;]\s?(.*)$/.exec(line)?.[1];
    if (line === '') comments = [];
    else if (comment !== undefined) comments.push(comment);
    else if (line.startsWith('[')) {
      const [, group, kind = 'hosts'] = /^\[([^\]:]+)(?::(\w+))?\]/.exec(line) ?? [];
      if (group === undefined) builder.said.push(`line ${index + 1}: this is no section: ${line}`);
      else {
        section = { group, kind };
        builder.group(group).comments.push(...comments);
      }
      comments = [];
    } else {
      readLine(line, section, comments, builder, index + 1);
      comments = [];
    }
  }
  return builder.result;
}

function readLine(
  line: string,
  { group, kind }: { readonly group: string; readonly kind: string },
  comments: readonly string[],
  builder: InventoryBuilder,
  number: number,
): void {
  if (kind === 'children') {
    builder.group(group).children.add(withoutComment(line));
    builder.group(withoutComment(line));
    return;
  }
  if (kind === 'vars') {
    const [, name, value = ''] = /^([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name === undefined) builder.said.push(`line ${number}: this is no variable: ${line}`);
    else builder.group(group).vars.set(name, literal(withoutComment(value)));
    return;
  }
  const words = splitWords(line);
  const end = words.findIndex((word) => word.startsWith('#') || word.startsWith(';'));
  const [pattern = '', ...rest] = end < 0 ? words : words.slice(0, end);
  const vars = rest.flatMap((word): readonly (readonly [string, KeptNode])[] => {
    const [, name, value = ''] = /^([^=]+)=([\s\S]*)$/.exec(word) ?? [];
    if (name !== undefined) return [[name, literal(unquoted(value))]];
    builder.said.push(`line ${number}: ${word} is no variable`);
    return [];
  });
  const names = hostsOf(pattern);
  if (names === null) {
    builder.said.push(`line ${number}: ${pattern} names too many hosts`);
    return;
  }
  for (const [index, { name, port }] of names.entries()) {
    const ported = port === null ? [] : [['ansible_port', keptScalar(port)] as const];
    builder.host(name, [...ported, ...vars], index === 0 ? comments : []);
    if (group !== 'ungrouped') builder.group(group).hosts.add(name);
  }
}

function withoutComment(text: string): string {
  return text.replace(/\s+#.*$/, '').trim();
}

const mostHosts = 100_000;

/** `web[01:50].example.com`, `db-[a:c]`, `host:2222`; null: more than anybody has. */
export function hostsOf(
  pattern: string,
): readonly { readonly name: string; readonly port: number | null }[] | null {
  const [, bare = pattern, port] = /^(.*[^:\]]|.*\]):(\d+)$/.exec(pattern) ?? [];
  const isAddress = (pattern.match(/:/g) ?? []).length > 1 && !pattern.includes('[');
  const names = expand(isAddress ? pattern : bare);
  return (
    names?.map((name) => {
      return { name, port: port === undefined || isAddress ? null : Number(port) };
    }) ?? null
  );
}

function expand(pattern: string): readonly string[] | null {
  const match = /^(.*?)\[([\da-zA-Z]*):([\da-zA-Z]+)(?::(\d+))?\](.*)$/.exec(pattern);
  if (match === null) return [pattern];
  const [, before = '', first = '', last = '', step = '1', after = ''] = match;
  const rest = expand(after);
  const values = valuesOf(first === '' ? '0' : first, last, Math.max(1, Number(step)));
  if (rest === null || values === null || values.length * rest.length > mostHosts) return null;
  return values.flatMap((value) => rest.map((end) => `${before}${value}${end}`));
}

function valuesOf(first: string, last: string, step: number): readonly string[] | null {
  const isNumber = /^\d+$/.test(first) && /^\d+$/.test(last);
  const code = (text: string): number => (isNumber ? Number(text) : (text.codePointAt(0) ?? 0));
  const count = Math.floor((code(last) - code(first)) / step) + 1;
  if (count > mostHosts) return null;
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const value = code(first) + index * step;
    return isNumber ? String(value).padStart(first.length, '0') : String.fromCodePoint(value);
  });
}

/** A value as Python would read it: numbers, truth values and lists of them; else a text. */
function literal(text: string): KeptNode {
  const bare = unquoted(text);
  if (bare !== text) return keptScalar(bare);
  if (/^-?(?:0|[1-9]\d{0,14})$/.test(text)) return keptScalar(Number(text));
  if (text === 'True' || text === 'False') return keptScalar(text === 'True');
  if (text === 'None') return keptScalar(null);
  const items = /^\[(.*)\]$/.exec(text)?.[1];
  if (items === undefined) return keptScalar(text);
  const parts = items.split(',').map((part) => part.trim());
  return keptList(
    parts.filter((part) => part !== '').map((part) => literal(part)),
    true,
  );
}
