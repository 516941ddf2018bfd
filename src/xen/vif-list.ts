import type { DomU } from '../inventory/model.ts';
import type { VifEntry } from './vif-entry.ts';
import {
  desiredVifEntry,
  formatVifEntry,
  isSameVifEntry,
  parseVifEntry,
  vifEntryMac,
} from './vif-entry.ts';
import type { Assignment, Atom, List } from './xl-config.ts';
import { isRefusal, parseConfig } from './xl-config.ts';
import type { Refusal } from './xl-lexer.ts';

export type VifListEdit =
  | { readonly kind: 'same' }
  | { readonly kind: 'changed'; readonly text: string }
  | Refusal;

/**
 * Gives a domain configuration file, bytes as latin1, the guest's vif list. Of the one literal
 * `vif = [ ... ]` only entries that mean something else are written anew, or added or removed at the
 * end; comments and layout stay, and so does every other byte. A file without a list gets one at its
 * end. Refused is what isn't plain assignments, and a list in more than one piece.
 */
export function editVifList(text: string, domU: DomU): VifListEdit {
  const literal = findLiteral(text);
  if (literal === null) return { kind: 'changed', text: `${ended(text)}${listLines(domU)}` };
  if (literal.kind === 'refused') return literal;

  const { items } = literal;
  const present = items.map((item) => parseVifEntry(unquote(item.text) ?? ''));
  const wanted = domU.vifs.map((vif) =>
    desiredVifEntry(vif, present.find((entry) => vifEntryMac(entry) === vif.mac) ?? null),
  );
  const isSame = (place: number): boolean => {
    const [a, b] = [present[place], wanted[place]];
    return a !== undefined && b !== undefined && isSameVifEntry(a, b);
  };
  if (present.length === wanted.length && wanted.every((_, place) => isSame(place))) {
    return { kind: 'same' };
  }

  return { kind: 'changed', text: withEntries(text, literal, wanted, isSame) };
}

function withEntries(
  text: string,
  { list, items }: Literal,
  wanted: readonly VifEntry[],
  isSame: (place: number) => boolean,
): string {
  const first = items[0];
  const last = items.at(-1);
  if (first === undefined || last === undefined) {
    const begun = `${text.slice(0, list.start)}[ `;
    const rest = text.slice(list.start + 1).replace(/^(?=\])/, ' ');
    return begun + quotedEntries(wanted, indentOf(begun)) + rest;
  }
  if (wanted.length === 0) return `${text.slice(0, list.start)}[ ]${text.slice(list.end)}`;

  const kept = items.slice(0, wanted.length);
  const begun = kept.map((item, place) => {
    const entry = wanted[place];
    const isKept = entry === undefined || isSame(place);
    const written = isKept ? item.text : quote(formatVifEntry(entry), item.text.slice(0, 1));
    return text.slice(kept[place - 1]?.end ?? 0, item.start) + written;
  });
  const rest = text.slice(last.end);
  const removed = items[kept.length];
  const tail =
    removed === undefined
      ? withMore(rest, wanted.slice(kept.length), indentOf(text.slice(0, first.start)))
      : withoutLast(text.slice(kept.at(-1)?.end, removed.start), rest);
  return begun.join('') + tail;
}

/** What follows the last entry, with more entries in front; a comment on its line stays there. */
function withMore(rest: string, added: readonly VifEntry[], indent: string): string {
  if (added.length === 0) return rest;
  const [line, comment = ''] = /^[ \t]*,?([ \t]*#[^\n]*)/.exec(rest) ?? [''];
  return `,${comment}\n${indent}${quotedEntries(added, indent)}${rest.slice(line.length)}`;
}

/** What follows the last entry that stays: its comments up to the removed ones, and the list's end. */
function withoutLast(between: string, rest: string): string {
  const end = rest.replace(/^[ \t]*,?(?:[ \t]*#[^\n]*)?/, '');
  const comments = between
    .replace(/^((?:[ \t\n]|#[^\n]*\n)*),/, '$1')
    .replace(/(?<![ \t])[ \t]+$/, '');
  return comments.includes('#') ? comments + end.replace(/^\n/, '') : end;
}

/**
 * A stub for a guest that has no file yet: its name and vif list. Kernel, memory and disks are for
 * its owner to add before it can be created.
 */
export function newConfig(domU: DomU): string {
  return `# ${domU.name}: begun by xpush with what its inventory knows. Add memory, kernel or bootloader, disk.
name = '${domU.name}'
${listLines(domU)}`;
}

interface Literal {
  readonly kind: 'literal';
  readonly list: List;
  readonly items: readonly Atom[];
}

function findLiteral(text: string): Literal | Refusal | null {
  const assignments = parseConfig(text);
  if (isRefusal(assignments)) return assignments;
  const [first, ...more] = assignments.filter((assignment) => assignment.name === 'vif');
  if (first === undefined) return null;
  const other = [first, ...more].find((assignment) => assignment.operator === '+=') ?? more[0];
  return other === undefined ? asLiteral(first) : inPieces(other);
}

const inPieces = (assignment: Assignment): Refusal => ({
  kind: 'refused',
  line: assignment.line,
  message:
    assignment.operator === '+='
      ? '`vif +=` adds to a list that stands elsewhere'
      : '`vif` is assigned a second time',
  hint: 'put all entries into one `vif = [ ... ]`',
});

function asLiteral({ value, line }: Assignment): Literal | Refusal {
  if (value.kind !== 'list') return notEntries(line, '`vif` is not a list');
  const items: Atom[] = [];
  for (const item of value.items) {
    if (item.kind !== 'string') return notEntries(item.line, 'an entry of `vif` is not a string');
    if (unquote(item.text) === null) {
      return notEntries(
        item.line,
        'an entry of `vif` has a backslash that xl does not read as one',
      );
    }
    items.push(item);
  }
  return { kind: 'literal', list: value, items };
}

const notEntries = (line: number, message: string): Refusal => ({
  kind: 'refused',
  line,
  message,
  hint: "write it as `vif = [ 'mac=..., ip=...' ]`",
});

/** Meaning of a string as written; null for escapes that xl drops or reads wrongly. */
function unquote(written: string): string | null {
  const inner = written.slice(1, -1);
  return /\\[^"'\\]/.test(inner.replaceAll('\\\\', '')) ? null : inner.replace(/\\(.)/g, '$1');
}

const quote = (text: string, mark: string): string =>
  mark +
  text.replace(/["'\\]/g, (each) => (each === '\\' || each === mark ? `\\${each}` : each)) +
  mark;

/** Blanks as wide as the last line of what stands before, tabs kept. */
const indentOf = (before: string): string =>
  before.slice(before.lastIndexOf('\n') + 1).replace(/[^\t]/g, ' ');

const quotedEntries = (entries: readonly VifEntry[], indent: string): string =>
  entries.map((entry) => quote(formatVifEntry(entry), "'")).join(`,\n${indent}`);

function listLines(domU: DomU): string {
  const entries = domU.vifs.map((vif) => desiredVifEntry(vif, null));
  const opening = 'vif  = [ ';
  return `${opening}${quotedEntries(entries, ' '.repeat(opening.length))} ]\n`;
}

const ended = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
