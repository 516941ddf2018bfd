/** A line that a file of many owners should have. */
export interface OwnLine {
  /** As it is written anew, without its newline. */
  readonly text: string;
  /** Whether a line says the same, and so can stay as it is. */
  readonly isSame: (line: string) => boolean;
  /** Whether a line speaks of what is ours, so that it can't stay beside ours. */
  readonly isOurs: (line: string) => boolean;
}

/** Lines with their newlines. */
export function splitLines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Lines with their newlines; a backslash before a newline joins two, but for comments. */
export function splitJoinedLines(text: string): readonly string[] {
  const lines = text.match(/[ \t]*#[^\n]*(?:\n|$)|(?:[^\n\\]|\\.?)*(?:\n|$)/gs);
  return lines?.filter(Boolean) ?? [];
}

/**
 * Replaces our lines where they stand and appends those that are missing; every other line stays
 * byte for byte. Of several lines that are ours the one that is right stays, else the first.
 */
export function withOwnLines(lines: readonly string[], own: readonly OwnLine[]): string {
  const places = new Map<OwnLine, number>();
  const taken = new Set<number>();
  for (const rule of [
    (line: string, each: OwnLine) => each.isSame(line),
    (line: string, each: OwnLine) => each.isOurs(line),
  ]) {
    for (const each of own) {
      if (places.has(each)) continue;
      const place = lines.findIndex((line, index) => !taken.has(index) && rule(line, each));
      if (place === -1) continue;
      places.set(each, place);
      taken.add(place);
    }
  }
  const written = new Map([...places].map(([each, place]) => [place, each]));
  const kept = lines.flatMap((line, place) => {
    const each = written.get(place);
    if (each !== undefined) return [each.isSame(line) ? line : `${each.text}\n`];
    return own.some((other) => other.isOurs(line)) ? [] : [line];
  });
  const missing = own.filter((each) => !places.has(each)).map((each) => `${each.text}\n`);
  return endedBefore(kept.join(''), missing) + missing.join('');
}

/** So that what follows begins a line; a backslash at the very end would join it to the last one. */
function endedBefore(text: string, more: readonly string[]): string {
  if (more.length === 0 || text === '') return text;
  const ended = text.endsWith('\n') ? text : `${text}\n`;
  return ended.endsWith('\\\n') ? `${ended}\n` : ended;
}
