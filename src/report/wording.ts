import type { HostStatus, TaskStatus } from '../engine/events.ts';

/** All statuses of a host, in the order in which people read them: good news first. */
export const HOST_STATUSES: readonly HostStatus[] = [
  'ok',
  'changed',
  'skipped',
  'busy',
  'failed',
  'unreachable',
  'rolled_back',
  'needs_human',
];

/** A status in words; a check has changed nothing, so its words don't say so. */
export function statusWords(status: HostStatus | TaskStatus, isCheck: boolean): string {
  return status === 'changed' && isCheck ? 'would change' : status.replaceAll('_', ' ');
}

/** `1 host`, `3 hosts`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `xen1, xen2, xen3 and 4 more`; names no more than `most` of them. */
export function listNames(names: readonly string[], most: number): string {
  const hidden = names.length - most;
  if (hidden <= 1) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${hidden} more`;
}

/** Seconds as people say them: `0.4s`, `12s`, `1m12s`, `2h05m`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;

  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${twoDigits(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${twoDigits(Math.floor((whole % 3600) / 60))}m`;
}

/** The text with every line after the first moved in, so that no text can pass for a line of ours. */
export function hangingIndent(text: string, indent: string): string {
  return text.trimEnd().replaceAll('\n', `\n${indent}`);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
