/** A line of a text, and what ends it: `\n`, `\r\n`, or nothing at the end of the text. */
export interface Line {
  readonly text: string;
  readonly end: string;
}

/** The lines of a text; `textOf` makes the same text of them again, byte for byte. */
export function linesOf(text: string): readonly Line[] {
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) => {
    const end = /\r?\n$/.exec(line)?.[0] ?? '';
    return { text: line.slice(0, line.length - end.length), end };
  });
}

export function textOf(lines: readonly Line[]): string {
  return lines.map(({ text, end }) => text + end).join('');
}

/** How lines end here: as the first one does. */
function endingOf(lines: readonly Line[]): string {
  return lines.find(({ end }) => end !== '')?.end ?? '\n';
}

/** The lines with these before the one at `at`; a last line without an end gets one if something follows it. */
export function withInserted(
  lines: readonly Line[],
  at: number,
  texts: readonly string[],
): readonly Line[] {
  if (texts.length === 0) return lines;
  const end = endingOf(lines);
  const before = lines.slice(0, at).map((line) => (line.end === '' ? { ...line, end } : line));
  return [...before, ...texts.map((text) => ({ text, end })), ...lines.slice(at)];
}

/** The lines with another text in the one at `at`; its end stays. */
export function withReplaced(lines: readonly Line[], at: number, text: string): readonly Line[] {
  return lines.map((line, index) => (index === at ? { ...line, text } : line));
}

/** The lines but those for which this holds. */
export function withoutLines(
  lines: readonly Line[],
  isGone: (text: string, index: number) => boolean,
): readonly Line[] {
  return lines.filter(({ text }, index) => !isGone(text, index));
}
