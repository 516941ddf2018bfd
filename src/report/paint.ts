import { styleText } from 'node:util';
import type { HostStatus, TaskStatus } from '../engine/events.ts';
import type { OutputStream } from './outlet.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

/** Colours a text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** Colours for a terminal that has them; obeys NO_COLOR, FORCE_COLOR and TERM as Node reads them. */
export function paintFor(stream: OutputStream): Paint {
  const hasColors = stream.isTTY === true && stream.hasColors?.() === true;
  return hasColors
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_style, text) => text;
}

export const statusStyle: Readonly<Record<HostStatus | TaskStatus, Style>> = {
  ok: 'green',
  changed: 'yellow',
  failed: 'red',
  unreachable: 'red',
  rolled_back: 'magenta',
  needs_human: 'red',
  busy: 'magenta',
  skipped: 'cyan',
  unknown: 'blue',
};
