import type { Batch, HostStatus, TaskStatus } from '../engine/events.ts';
import { cellWidth } from './cells.ts';

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

/** As `listNames`, naming as many as the cells hold, one at least. */
export function listNamesWithin(names: readonly string[], cells: number): string {
  let used = cellWidth(`${names[0]} and ${names.length} more`);
  let most = 1;
  for (const name of names.slice(1)) {
    used += cellWidth(name) + 2;
    if (used > cells) break;
    most += 1;
  }
  return listNames(names, most);
}

/** Where a rollout stopped, and why. */
export function stopLine({
  play,
  batch,
  batches,
  message,
}: Pick<Batch, 'play' | 'batch' | 'batches' | 'message'>): string {
  const where = batches > 1 ? `in batch ${batch} of ${batches} of ${play}` : `in ${play}`;
  return `The rollout stopped ${where}${message === null ? '' : `: ${message}`}.`;
}

/** Seconds as people say them: `0.4s`, `12s`, `1m12s`, `2h05m`. */
export function duration(seconds: number): string {
  return seconds < 9.95 ? `${seconds.toFixed(1)}s` : wholeDuration(seconds);
}

/** As `duration`, for what is seen to pass: never a fraction. */
export function wholeDuration(seconds: number): string {
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
