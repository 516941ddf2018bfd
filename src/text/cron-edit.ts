import { type Line, linesOf, textOf, withInserted } from './lines.ts';

/** A line of a crontab that has a name. */
export interface CronJob {
  readonly name: string;
  /** The line below the one with the name; null: the job goes. */
  readonly line: string | null;
}

/** The line above a job, by which it is found again. */
function markerOf(name: string): string {
  return `# xpush: ${name}`;
}

/** The crontab with the job, where it is or else at the end; one that Ansible wrote under that name is taken over. */
export function withJob(text: string, { name, line }: CronJob): string {
  const lines = linesOf(text);
  const isMarker = (each: string) => each === markerOf(name) || each === `#Ansible: ${name}`;
  const at = lines.findIndex((each) => isMarker(each.text));
  if (at === -1) {
    if (line === null) return text;
    return textOf(withInserted(lines, lines.length, [markerOf(name), line]));
  }
  const rest = withoutMarked(lines.slice(at), isMarker);
  const kept = [...lines.slice(0, at), ...rest];
  if (line === null) return textOf(kept);
  const isSame = lines[at]?.text === markerOf(name) && lines[at + 1]?.text === line;
  const isOnce = lines.length === kept.length + 2;
  if (isSame && isOnce) return text;
  return textOf(withInserted(kept, at, [markerOf(name), line]));
}

/** Without markers and what is below each. */
function withoutMarked(
  lines: readonly Line[],
  isMarker: (text: string) => boolean,
): readonly Line[] {
  return lines.filter(
    ({ text }, index) => !isMarker(text) && !isMarker(lines[index - 1]?.text ?? ''),
  );
}

/** The crontab with a variable for the jobs behind it; null: without it. A new one goes to the beginning. */
export function withVariable(text: string, name: string, value: string | null): string {
  const lines = linesOf(text);
  const isOurs = (line: string) =>
    new RegExp(`^[ \\t]*(?:${name}|"${name}"|'${name}')[ \\t]*=`).test(line);
  const wanted = value === null ? null : `${name}="${value}"`;
  const at = lines.findIndex((line) => isOurs(line.text));
  if (at === -1) return wanted === null ? text : textOf(withInserted(lines, 0, [wanted]));
  return textOf(
    lines.flatMap((line, index) => {
      if (!isOurs(line.text)) return [line];
      return index === at && wanted !== null ? [{ ...line, text: wanted }] : [];
    }),
  );
}
