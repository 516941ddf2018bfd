import type { Fleet } from './fleet.ts';
import type { Glyphs } from './glyphs.ts';
import { activeRows, troubleRows } from './host-rows.ts';
import { barRow, batchRows, countRows } from './progress-rows.ts';
import type { Row } from './row.ts';

/** A moment of a run. */
export interface Scene {
  readonly fleet: Fleet;
  readonly isCheck: boolean;
  /** Since the run began. */
  readonly elapsedMs: number;
  /** On the clock that the fleet was told. */
  readonly nowMs: number;
  readonly glyphs: Glyphs;
}

// Where so many rows are left for hosts, empty rows may part the sections.
const ROOMY = 12;
// In so few rows, the bar and the counts matter more than the batch.
const FEWEST_WITH_BATCH = 3;
const EMPTY: Row = [];

/**
 * The fleet in at most `height` rows: how far, how many are at what, the hosts at work for longest,
 * the newest troubles. Costs as much as it shows, whatever the size of the fleet.
 */
export function fleetRows(scene: Scene, columns: number, height: number): readonly Row[] {
  const { fleet } = scene;
  if (fleet.total === 0) return [];

  const batch = height > FEWEST_WITH_BATCH ? batchRows(scene) : [];
  const head = [...batch, barRow(scene, columns), ...countRows(scene, columns)].slice(0, height);
  const room = height - head.length;
  const isRoomy = room >= ROOMY;
  const afterHead = isRoomy && fleet.running + fleet.troubled > 0 ? [EMPTY] : [];
  const beforeTroubles = isRoomy && fleet.running > 0 && fleet.troubled > 0 ? [EMPTY] : [];

  const left = room - afterHead.length - beforeTroubles.length;
  // Troubles keep a third; each side may have what the other leaves.
  const forTroubles = Math.min(fleet.troubled, Math.max(Math.ceil(left / 3), left - fleet.running));
  const forActive = Math.min(fleet.running, left - forTroubles);
  return [
    ...head,
    ...afterHead,
    ...activeRows(scene, columns, forActive),
    ...beforeTroubles,
    ...troubleRows(scene, forTroubles),
  ];
}
