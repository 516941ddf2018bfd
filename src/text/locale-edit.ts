import { withLine } from './line-edit.ts';
import { linesOf, textOf, withInserted } from './lines.ts';

/** A locale's name as `locale -a` prints it: `de_DE.utf8` for `de_DE.UTF-8` (glibc's normalised code set). */
export function normalLocale(name: string): string {
  const [, language = name, codeSet, modifier = ''] =
    /^([^.@]*)(?:\.([^@]*))?(@.*)?$/.exec(name) ?? [];
  if (codeSet === undefined) return language + modifier;
  const plain = codeSet.toLowerCase().replace(/[^a-z\d]/g, '');
  return `${language}.${/^\d+$/.test(plain) ? 'iso' : ''}${plain}${modifier}`;
}

/** A line of /etc/locale.gen, in force or commented out. */
function localeOf(line: string): { readonly name: string; readonly isComment: boolean } | null {
  const match = /^[ \t]*(#[ \t]*)?([\w@.-]+)[ \t]+[\w-]+[ \t]*$/.exec(line);
  if (match === null) return null;
  const [, comment, name = ''] = match;
  return { name, isComment: comment !== undefined };
}

/** Whether /etc/locale.gen has the locale, in force or not; of others only those of UTF-8 can be added. */
export function canGenerate(text: string, name: string): boolean {
  const isKnown = linesOf(text).some((line) => localeOf(line.text)?.name === name);
  return isKnown || /\.UTF-8(?:@|$)/.test(name);
}

/** The text of /etc/locale.gen with the locale in force: the line that is commented out, else a new one. */
export function withLocale(text: string, name: string): string {
  const lines = linesOf(text);
  const isOf = (line: string) => localeOf(line)?.name === name;
  if (lines.some(({ text: line }) => isOf(line) && localeOf(line)?.isComment === false))
    return text;
  const at = lines.findIndex((line) => isOf(line.text));
  if (at === -1) return textOf(withInserted(lines, lines.length, [`${name} UTF-8`]));
  return textOf(
    lines.map((line, index) =>
      index === at ? { ...line, text: line.text.replace(/^[ \t]*#[ \t]*/, '') } : line,
    ),
  );
}

/** The same with the locale commented out. */
export function withoutLocale(text: string, name: string): string {
  return textOf(
    linesOf(text).map((line) => {
      const found = localeOf(line.text);
      return found?.name === name && !found.isComment ? { ...line, text: `# ${line.text}` } : line;
    }),
  );
}

/** The text of locale.conf(5) with this LANG; all other lines stay. */
export function withLang(text: string, name: string): string {
  const said = linesOf(text).findLast((line) => /^[ \t]*LANG=/.test(line.text))?.text ?? '';
  if (/^[ \t]*LANG=(["']?)(.*?)\1[ \t]*$/.exec(said)?.[2] === name) return text;
  return withLine(text, {
    ...{ line: `LANG=${name}`, sought: /^[ \t]*LANG=/, hasGroups: false, isFirst: false },
    place: { side: 'after', at: null },
  });
}
