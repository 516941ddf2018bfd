import { isIPv6 } from 'node:net';
import { type Line, linesOf, textOf, withInserted } from './lines.ts';

interface Entry {
  readonly ip: string;
  readonly names: readonly string[];
  /** From its `#` on, with the blanks before it. */
  readonly comment: string;
}

/**
 * The text of /etc/hosts (hosts(5)) where these names have this address, and no other of its family. The
 * line of the address that has one of them, else its first, gets those that are missing.
 */
export function withHostNames(text: string, ip: string, names: readonly string[]): string {
  const lines = withoutNames(
    linesOf(text),
    (entry, name) => isSameFamily(entry.ip, ip) && !isSameIp(entry.ip, ip) && has(names, name),
  );
  const own = lines.flatMap((line, at) => {
    const entry = entryOf(line.text);
    return entry !== null && isSameIp(entry.ip, ip) ? [{ at, entry }] : [];
  });
  const known = own.flatMap(({ entry }) => entry.names);
  const missing = names.filter((name) => !has(known, name));
  if (missing.length === 0) return textOf(lines);
  const place = own.find(({ entry }) => entry.names.some((name) => has(names, name))) ?? own[0];
  if (place === undefined) {
    return textOf(withInserted(lines, lines.length, [`${ip}\t${names.join(' ')}`]));
  }
  return textOf(
    lines.map((line, at) =>
      at === place.at ? { ...line, text: withNames(line.text, place.entry, missing) } : line,
    ),
  );
}

/** The text without these names at that address (null: at any), or without all that it has (no names). */
export function withoutHostNames(
  text: string,
  ip: string | null,
  names: readonly string[],
): string {
  const isMeant = (entry: Entry) => ip === null || isSameIp(entry.ip, ip);
  return textOf(
    withoutNames(
      linesOf(text),
      (entry, name) => isMeant(entry) && (names.length === 0 || has(names, name)),
    ),
  );
}

function withoutNames(
  lines: readonly Line[],
  isGone: (entry: Entry, name: string) => boolean,
): readonly Line[] {
  return lines.flatMap((line) => {
    const entry = entryOf(line.text);
    if (entry === null) return [line];
    const kept = entry.names.filter((name) => !isGone(entry, name));
    if (kept.length === entry.names.length) return [line];
    if (kept.length === 0) return [];
    return [{ ...line, text: `${entry.ip}\t${kept.join(' ')}${entry.comment}` }];
  });
}

function withNames(text: string, { comment }: Entry, added: readonly string[]): string {
  const before = text.slice(0, text.length - comment.length).trimEnd();
  return `${before} ${added.join(' ')}${comment}`;
}

function entryOf(text: string): Entry | null {
  const comment = /[ \t]*(?:#.*)?$/s.exec(text)?.[0] ?? '';
  const [ip, ...names] = text
    .slice(0, text.length - comment.length)
    .trim()
    .split(/[ \t]+/);
  return ip === undefined || ip === '' ? null : { ip, names, comment };
}

/** Names of hosts are the same in any case (RFC 4343). */
function has(names: readonly string[], name: string): boolean {
  return names.some((each) => each.toLowerCase() === name.toLowerCase());
}

function isSameFamily(a: string, b: string): boolean {
  return a.includes(':') === b.includes(':');
}

function isSameIp(a: string, b: string): boolean {
  return a === b || (isIPv6(a) && isIPv6(b) && canonical(a) === canonical(b));
}

function canonical(ip: string): string {
  return new URL(`http://[${ip.replace(/%.*/, '')}]/`).hostname;
}
