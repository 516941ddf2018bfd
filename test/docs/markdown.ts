import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Top of the repository. */
export const root = join(import.meta.dirname, '..', '..');

/** A page of the manual, as far as the tests look into it. */
export interface Page {
  /** From the top of the repository, such as `docs/ssh.md`. */
  readonly path: string;
  readonly text: string;
  readonly fences: readonly Fence[];
  readonly headings: readonly Heading[];
}

export interface Fence {
  readonly info: string;
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

/** A heading and the rows of the tables below it, up to the next heading. */
export interface Heading {
  readonly words: string;
  /** As GitHub makes it. */
  readonly anchor: string;
  /** Cells as written; heads and rules left out. */
  readonly rows: readonly (readonly string[])[];
}

/** Every Markdown page that is read by people: the three at the top, and docs/. */
export async function readPages(): Promise<readonly Page[]> {
  const names = await readdir(join(root, 'docs'), { recursive: true });
  const paths = [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...names.filter((name) => name.endsWith('.md')).map((name) => join('docs', name)),
  ];
  return Promise.all(paths.toSorted().map((path) => readPage(join(root, path))));
}

export async function readPage(file: string): Promise<Page> {
  const text = await readFile(file, 'utf8');
  return { path: relative(root, file), text, fences: fencesOf(text), headings: headingsOf(text) };
}

function fencesOf(text: string): Fence[] {
  return [...text.matchAll(/^```(\S*)\n(.*?)^```$/gms)].map((match) => ({
    info: match[1] ?? '',
    text: match[2] ?? '',
    line: text.slice(0, match.index).split('\n').length + 1,
  }));
}

function headingsOf(text: string): Heading[] {
  const prose = text.replace(/^```.*?^```$/gms, '');
  const sections = prose.split(/^(?=#+ )/m);
  return sections.flatMap((section) => {
    const words = /^#+ (.*)$/m.exec(section)?.[1];
    if (words === undefined || !section.startsWith('#')) return [];
    const tables = section.match(/^\|.*(?:\n\|.*)*/gm) ?? [];
    const rows = tables.flatMap((table) => table.split('\n').slice(2).map(cellsOf));
    return [{ words, anchor: anchorOf(words), rows }];
  });
}

const cellsOf = (row: string): string[] =>
  row
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());

const anchorOf = (words: string): string =>
  words
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

/** The texts between backquotes. */
export const codesIn = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
