import { type Line, linesOf, textOf, withInserted, withReplaced } from './lines.ts';

/** What an option of an INI file should be. */
export interface IniWish {
  /** null: what stands before the first section. */
  readonly section: string | null;
  /** null: the section itself. */
  readonly option: string | null;
  /** In their order; null: an option without a value (`skip-networking`). */
  readonly values: readonly (string | null)[];
  readonly isPresent: boolean;
  /** Whether the option has these values alone; else they are added to those that it has. */
  readonly isExclusive: boolean;
  /** Between an option and its value, as it is written anew. */
  readonly separator: string;
  /** Whether a line that is commented out is brought back where one is needed. */
  readonly revives: boolean;
}

interface Entry {
  readonly at: number;
  readonly value: string | null;
  readonly isComment: boolean;
}

/** The text with the option as wished; all other lines stay byte for byte. As Ansible's ini_file. */
export function withOption(text: string, wish: IniWish): string {
  const lines = linesOf(text);
  const range = rangeOf(lines, wish.section);
  const { option } = wish;
  if (option === null) return withSection(lines, range, wish);
  if (range === null) {
    if (!wish.isPresent) return text;
    const added = [
      `[${wish.section}]`,
      ...wish.values.map((value) => written(option, value, wish)),
    ];
    return textOf(withInserted(lines, lines.length, added));
  }
  const entries = entriesOf(lines, range, option);
  return wish.isPresent
    ? withValues(lines, range, entries, { ...wish, option })
    : withoutValues(lines, entries, wish);
}

interface Range {
  /** Of the first line below the header. */
  readonly from: number;
  /** Of the line behind the last. */
  readonly to: number;
}

function rangeOf(lines: readonly Line[], section: string | null): Range | null {
  const headers = lines.flatMap(({ text }, at) => {
    const name = headerOf(text);
    return name === null ? [] : [{ at, name }];
  });
  const index = section === null ? -1 : headers.findIndex(({ name }) => name === section);
  if (section !== null && index === -1) return null;
  return { from: (headers[index]?.at ?? -1) + 1, to: headers[index + 1]?.at ?? lines.length };
}

function headerOf(text: string): string | null {
  return /^[ \t]*\[([^\]]*)\][ \t]*(?:[#;].*)?$/.exec(text)?.[1]?.trim() ?? null;
}

function withSection(lines: readonly Line[], range: Range | null, wish: IniWish): string {
  if (wish.isPresent) {
    const added = range === null ? [`[${wish.section}]`] : [];
    return textOf(withInserted(lines, lines.length, added));
  }
  if (range === null) return textOf(lines);
  const from = wish.section === null ? range.from : range.from - 1;
  return textOf(lines.toSpliced(from, range.to - from));
}

function entriesOf(lines: readonly Line[], { from, to }: Range, option: string): readonly Entry[] {
  return lines.slice(from, to).flatMap(({ text }, index) => {
    const match = /^[ \t]*([#;][ \t]*)?(.*)$/.exec(text);
    const rest = match?.[2] ?? '';
    if (!rest.startsWith(option)) return [];
    const behind = /^[ \t]*(?:=[ \t]*(.*?)[ \t]*)?$/.exec(rest.slice(option.length));
    if (behind === null) return [];
    const entry = { at: from + index, value: behind[1] ?? null };
    return [{ ...entry, isComment: match?.[1] !== undefined }];
  });
}

function withValues(
  lines: readonly Line[],
  range: Range,
  entries: readonly Entry[],
  wish: IniWish & { readonly option: string },
): string {
  const active = entries.filter(({ isComment }) => !isComment);
  // lines that say it stay, each for one value
  const kept = new Set<number>();
  const missing = wish.values.filter((value) => {
    const same = active.find((entry) => entry.value === value && !kept.has(entry.at));
    if (same !== undefined) kept.add(same.at);
    return same === undefined;
  });
  const spare = wish.isExclusive ? active.filter(({ at }) => !kept.has(at)) : [];
  // one that is commented out comes back only where none is in force
  const revived = wish.revives && active.length === 0;
  const comments = revived ? entries.filter(({ isComment }) => isComment) : [];
  const places = [...spare, ...comments].map(({ at }) => at);
  let made = lines;
  for (const [index, at] of places.slice(0, missing.length).entries()) {
    made = withReplaced(made, at, written(wish.option, missing[index] ?? null, wish));
  }
  const added = missing.slice(places.length).map((value) => written(wish.option, value, wish));
  const gone = new Set(spare.slice(missing.length).map(({ at }) => at));
  const end = endOf(lines, range, active);
  const all = withInserted(made, end, added);
  return textOf(all.filter((_, at) => at >= end || !gone.has(at)));
}

/** Behind the last line of the section that says something; of the option, behind its last. */
function endOf(lines: readonly Line[], { from, to }: Range, active: readonly Entry[]): number {
  const last = active.at(-1);
  if (last !== undefined) return last.at + 1;
  let end = to;
  while (end > from && lines[end - 1]?.text.trim() === '') end -= 1;
  return end;
}

function withoutValues(
  lines: readonly Line[],
  entries: readonly Entry[],
  { isExclusive, values }: IniWish,
): string {
  const gone = entries.filter(
    ({ isComment, value }) =>
      !isComment && (isExclusive || values.length === 0 || values.includes(value)),
  );
  const places = new Set(gone.map(({ at }) => at));
  return textOf(lines.filter((_, at) => !places.has(at)));
}

function written(option: string, value: string | null, { separator }: IniWish): string {
  return value === null
    ? option
    : `${option}${value === '' ? separator.trimEnd() : separator}${value}`;
}
