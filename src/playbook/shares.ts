import type { Complaint } from '../source/complaint.ts';
import { quoted } from '../source/quoted.ts';
import type { Share } from './model.ts';

const hint = 'write a number of hosts, or a percentage: "10%"';

/** What is wrong with a written share: a number of hosts from 1, or `1%` to `100%`. */
export function shareComplaint(written: string | number): Complaint | null {
  if (parseShare(String(written)) !== null) return null;
  const shown = typeof written === 'string' ? quoted(written) : String(written);
  return { message: `${shown} is no size of a batch`, hint };
}

/** `5` or `10%`; null for anything else. */
export function parseShare(text: string): Share | null {
  const [, digits, percent] = /^([1-9]\d{0,5})(%?)$/.exec(text) ?? [];
  if (digits === undefined) return null;
  const size = Number(digits);
  if (percent === '') return { hosts: size };
  return size <= 100 ? { percent: size } : null;
}

/** How many of so many hosts a share is: one at least. */
export function sizeOfShare(share: Share, total: number): number {
  if ('hosts' in share) return share.hosts;
  return Math.max(1, Math.floor((share.percent * total) / 100));
}
