import { type ConfigLine, configError } from './openssh-config-lines.ts';

// All of these throw `ConnectionError` (`config`), with file and line, for what ssh would refuse.

/** The one value of a keyword that takes no more. */
export function onlyValue({ args, at, keyword }: ConfigLine): string {
  const [value, more] = args;
  if (value === undefined || more !== undefined) {
    throw configError(at, `${keyword} takes one value, not "${args.join(' ')}"`);
  }
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

/** `yes` or `no`. */
export function parseFlag(line: ConfigLine): boolean {
  switch (onlyValue(line).toLowerCase()) {
    case 'yes':
    case 'true':
      return true;
    case 'no':
    case 'false':
      return false;
    default:
      throw configError(line.at, `${line.keyword} is yes or no, not "${line.args[0]}"`);
  }
}

/** The values of StrictHostKeyChecking with their older names folded. */
export function parseChecking(line: ConfigLine): 'yes' | 'ask' | 'no' | 'accept-new' {
  const value = onlyValue(line).toLowerCase();
  switch (value) {
    case 'yes':
    case 'true':
      return 'yes';
    case 'no':
    case 'false':
    case 'off':
      return 'no';
    case 'ask':
    case 'accept-new':
      return value;
    default:
      throw configError(line.at, `StrictHostKeyChecking is not "${line.args[0]}"`);
  }
}

/** Milliseconds of `90` or `1m30s` (sshd_config(5), TIME FORMATS); 0 is null. */
export function parseTime(text: string, line: ConfigLine): number | null {
  const parts = [...text.matchAll(/(\d+)([smhdw]?)/gi)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw configError(line.at, `ConnectTimeout is a time, not "${text}"`);
  }
  const units: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const total = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit?.toLowerCase() ?? ''] ?? 1),
    0,
  );
  return total === 0 ? null : total * 1000;
}
