import { type ConfigLine, configError } from './openssh-config-lines.ts';

// All of these throw `ConnectionError` (`config`), with file and line, for what ssh would refuse.

/** The one value of a keyword that takes no more. */
export function onlyValue({ args, at, keyword }: ConfigLine): string {
  const [value, more] = args;
  if (value === undefined || more !== undefined) {
    throw configError(at, `${keyword} takes one value, not "${args.join(' ')}"`);
  }
  if (value === '') throw configError(at, `${keyword} wants a value`);
  return value;
}

/** HostName as written; of the tokens it knows `%h` and `%%`. */
export function hostnameOf(line: ConfigLine): string {
  const value = onlyValue(line);
  if (/^(%[h%]|[^%])+$/.test(value)) return value;
  throw configError(line.at, `HostName knows %h and %% only, not "${value}"`);
}

/** A TCP port. */
export function parsePort(line: ConfigLine): number {
  const port = Number(onlyValue(line));
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw configError(line.at, `Port is a number from 1 to 65535, not "${line.args[0]}"`);
}

/** A whole number from `least` on. */
export function parseCount(line: ConfigLine, least: number): number {
  const value = onlyValue(line);
  const count = Number(value);
  if (/^\d{1,9}$/.test(value) && count >= least) return count;
  throw configError(line.at, `${line.keyword} is a number from ${least} on, not "${value}"`);
}

/** One of the words that `words` has, in lower case, and what it stands for. */
export function parseWord<T>(line: ConfigLine, words: Readonly<Record<string, T>>): T {
  const value = onlyValue(line).toLowerCase();
  const meaning = Object.hasOwn(words, value) ? words[value] : undefined;
  if (meaning !== undefined) return meaning;
  throw configError(
    line.at,
    `${line.keyword} is one of ${Object.keys(words).join(', ')}, not "${line.args[0]}"`,
  );
}

/** `yes` or `no`. */
export function parseFlag(line: ConfigLine): boolean {
  const value = onlyValue(line).toLowerCase();
  if (value === 'yes' || value === 'true') return true;
  if (value === 'no' || value === 'false') return false;
  throw configError(line.at, `${line.keyword} is yes or no, not "${line.args[0]}"`);
}

/** Several paths or names; `none` stands alone and is no name at all. */
export function parseList({ args, at, keyword }: ConfigLine): readonly string[] {
  if (args.includes('')) throw configError(at, `${keyword} has an empty value`);
  if (!args.some((value) => value.toLowerCase() === 'none')) return args;
  if (args.length > 1) throw configError(at, `none of ${keyword} stands alone`);
  return [];
}

/** All that follows a keyword, as a shell would get it; null for `none`. */
export function parseCommand({ rest }: ConfigLine): string | null {
  const command = rest.replace(/^[ \t\r=]+/, '');
  return command.toLowerCase() === 'none' ? null : command;
}

/** Milliseconds of `90` or `1m30s` (sshd_config(5), TIME FORMATS). */
export function parseTime(line: ConfigLine): number {
  const text = onlyValue(line);
  const parts = [...text.matchAll(/(\d+)([smhdw]?)/gi)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw configError(line.at, `${line.keyword} is a time, not "${text}"`);
  }
  const units: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const total = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit?.toLowerCase() ?? ''] ?? 1),
    0,
  );
  return total * 1000;
}
