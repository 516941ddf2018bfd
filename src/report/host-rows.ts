import type { HostEnd } from '../engine/events.ts';
import { cellWidth, cutToCells, padCells } from './cells.ts';
import type { ActiveHost } from './fleet.ts';
import type { Scene } from './fleet-rows.ts';
import type { Glyphs } from './glyphs.ts';
import { statusStyle } from './paint.ts';
import type { Row } from './row.ts';
import { statusWords, wholeDuration } from './wording.ts';

const INDENT = '    ';
const SIGN_INDENT = '  ';
const WIDEST_NAME = 24;
const TIME_WIDTH = '59m59s'.length;
const DOING = {
  connect: 'connecting',
  look: 'looking',
  act: 'changing',
  confirm: 'confirming',
  undo: 'undoing',
  wait: 'waiting',
} as const;

/** The hosts that have been at work for longest, in at most so many rows. */
export function activeRows(scene: Scene, columns: number, most: number): readonly Row[] {
  const { fleet, glyphs } = scene;
  const shown = fleet.oldest(roomForItems(fleet.running, most));
  const widest = Math.min(WIDEST_NAME, Math.floor(columns / 3));
  const nameCells = Math.min(widest, Math.max(0, ...shown.map(({ name }) => cellWidth(name))));
  return [
    ...shown.map((host) => activeRow(host, scene, nameCells)),
    ...moreRow(fleet.running - shown.length, 'running', most, glyphs),
  ];
}

/** The hosts that ended badly last, in at most so many rows. */
export function troubleRows({ fleet, isCheck, glyphs }: Scene, most: number): readonly Row[] {
  const shown = fleet.newestTroubles(roomForItems(fleet.troubled, most));
  return [
    ...shown.map((host) => troubleRow(host, isCheck, glyphs)),
    ...moreRow(fleet.troubled - shown.length, 'with errors', most, glyphs),
  ];
}

function activeRow(
  { name, activity, sinceMs }: ActiveHost,
  { nowMs, glyphs }: Scene,
  nameCells: number,
): Row {
  const took = wholeDuration(Math.floor((nowMs - sinceMs) / 1000));
  const progress =
    activity === null || activity.total === 0 ? '' : ` ${activity.done}/${activity.total}`;
  const task = activity === null || activity.task === null ? '' : ` ${activity.task}`;
  return [
    { text: INDENT + padCells(cutToCells(name, nameCells, glyphs.ellipsis), nameCells) },
    { text: `${took.padStart(TIME_WIDTH)}  `, style: 'dim' },
    { text: activity === null ? 'starting' : DOING[activity.doing] },
    { text: progress, style: 'dim' },
    { text: task },
  ];
}

function troubleRow(
  { host, status, error }: HostEnd,
  isCheck: boolean,
  { failed, undone }: Glyphs,
): Row {
  const sign = status === 'rolled_back' ? undone : failed;
  const message = error === null ? '' : `: ${error.message.replaceAll(/\s+/g, ' ')}`;
  return [
    { text: `${SIGN_INDENT}${sign} ${host} `, style: statusStyle[status] },
    { text: `${statusWords(status, isCheck)}${message}` },
  ];
}

/** Where not all fit, the last row tells how many more there are. */
function roomForItems(items: number, rows: number): number {
  return items > rows && rows > 1 ? rows - 1 : rows;
}

function moreRow(hidden: number, what: string, rows: number, glyphs: Glyphs): readonly Row[] {
  if (hidden <= 0 || rows < 2) return [];
  return [[{ text: `${INDENT}${glyphs.ellipsis} ${hidden} more ${what}`, style: 'dim' }]];
}
