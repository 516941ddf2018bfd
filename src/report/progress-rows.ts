import type { HostStatus } from '../engine/events.ts';
import type { Scene } from './fleet-rows.ts';
import type { Glyphs } from './glyphs.ts';
import { statusStyle } from './paint.ts';
import type { Row, Span } from './row.ts';
import { HOST_STATUSES, statusWords, wholeDuration } from './wording.ts';

const INDENT = '  ';
const GAP = '  ';
const WIDEST_BAR = 40;
const NARROWEST_BAR = 8;
const TIME_WIDTH = '59m59s'.length;
const WIDEST_ESTIMATE = ', about 59m59s left'.length;
// Before this many hosts have ended, an estimate is a guess.
const ENDED_BEFORE_ESTIMATE = 3;

/** Which batch is under way, where there are several. */
export function batchRows({ fleet, glyphs }: Scene): readonly Row[] {
  if (fleet.batch === undefined) return [];
  const { batch, before } = fleet.batch;
  const first = before + 1;
  const last = before + batch.hosts.length;
  const which = first === last ? `host ${first}` : `hosts ${first}-${last}`;
  return [
    [
      { text: `${INDENT}Rollout ${batch.batch}/${batch.batches}`, style: 'bold' },
      { text: ` ${glyphs.dot} ${which} of ${batch.total} ` },
      { text: `${glyphs.dot} ${batch.play}`, style: 'dim' },
    ],
  ];
}

/** How much of the fleet is done, how long it took and may still take. */
export function barRow({ fleet, elapsedMs, glyphs }: Scene, columns: number): Row {
  const { done, total } = fleet;
  const share = done / total;
  const percent = `${Math.floor(share * 100)}%`.padStart('100%'.length);
  const facts = `${percent}  ${String(done).padStart(String(total).length)} of ${total}`;
  const took = `${GAP}${wholeDuration(Math.floor(elapsedMs / 1000))}`;

  // The bar's width hangs on nothing that changes during a run, or it would jump.
  const room = columns - INDENT.length - GAP.length - facts.length - GAP.length - TIME_WIDTH;
  const hasEstimate = room - WIDEST_ESTIMATE >= NARROWEST_BAR;
  const barWidth = Math.min(WIDEST_BAR, room - (hasEstimate ? WIDEST_ESTIMATE : 0));
  const estimate = hasEstimate ? estimateLeft(elapsedMs / 1000, done, total) : '';
  return [
    { text: INDENT },
    ...(barWidth >= NARROWEST_BAR ? barSpans(share, barWidth, glyphs) : []),
    { text: facts, style: 'bold' },
    { text: took + estimate },
  ];
}

/** How many hosts ended how, are at work and still wait; on one row if it fits. */
export function countRows({ fleet, isCheck }: Scene, columns: number): readonly Row[] {
  const ended = HOST_STATUSES.filter(
    (status) => isAlwaysCounted(status) || fleet.ended(status) > 0,
  ).map((status): Span => {
    const count = fleet.ended(status);
    const text = `${statusWords(status, isCheck)} ${count}`;
    return { text, style: count > 0 ? statusStyle[status] : 'dim' };
  });
  const open: readonly Span[] = [
    { text: `running ${fleet.running}`, style: 'bold' },
    { text: `waiting ${fleet.waiting}`, style: 'dim' },
  ];

  const onOneRow = wrapSpans([...ended, ...open], columns);
  return onOneRow.length === 1
    ? onOneRow
    : [...wrapSpans(ended, columns), ...wrapSpans(open, columns)];
}

function estimateLeft(elapsedSeconds: number, done: number, total: number): string {
  if (done < ENDED_BEFORE_ESTIMATE || done >= total) return '';
  const seconds = (elapsedSeconds * (total - done)) / done;
  return `, about ${wholeDuration(Math.max(1, seconds))} left`;
}

function barSpans(share: number, width: number, glyphs: Glyphs): readonly Span[] {
  const halves = Math.min(width * 2, Math.floor(share * width * 2));
  const full = glyphs.barFull.repeat(halves >> 1) + (halves % 2 === 1 ? glyphs.barHalf : '');
  return [
    { text: full, style: 'green' },
    { text: glyphs.barEmpty.repeat(width - full.length), style: 'dim' },
    { text: GAP },
  ];
}

function isAlwaysCounted(status: HostStatus): boolean {
  return status === 'ok' || status === 'changed' || status === 'failed';
}

function wrapSpans(spans: readonly Span[], columns: number): readonly Row[] {
  const rows: Span[][] = [];
  let left = 0;
  for (const span of spans) {
    const row = rows.at(-1);
    const needed = GAP.length + span.text.length;
    if (row === undefined || needed > left) {
      rows.push([{ text: INDENT }, span]);
      left = columns - INDENT.length - span.text.length;
    } else {
      row.push({ text: GAP }, span);
      left -= needed;
    }
  }
  return rows;
}
