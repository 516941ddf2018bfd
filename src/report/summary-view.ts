import type { RunEvent } from '../engine/events.ts';
import { DiffGroups } from './diff-groups.ts';
import { diffSection } from './diff-section.ts';
import type { DiffText } from './diff-text.ts';
import type { Outlet } from './outlet.ts';
import { paintFor } from './paint.ts';
import { recap } from './recap.ts';
import type { RunRecord } from './run-record.ts';
import type { Spill } from './spill.ts';
import type { View } from './view.ts';

// How wide a log may be.
const LOG_COLUMNS = 100;

/** What people read when a run has ended: the diffs, where asked for, and the recap. */
export class SummaryView implements View {
  readonly #outlet: Outlet;
  readonly #record: RunRecord;
  readonly #diffs: DiffGroups | null;
  readonly #spill: Spill;

  /** @param diffText null: no diffs */
  constructor(outlet: Outlet, record: RunRecord, diffText: DiffText | null, spill: Spill) {
    this.#outlet = outlet;
    this.#record = record;
    this.#diffs = diffText === null ? null : new DiffGroups(diffText, spill);
    this.#spill = spill;
  }

  see(event: RunEvent): void {
    if (event.event === 'task') this.#diffs?.add(event);
  }

  async close(): Promise<void> {
    // A run that broke off has nothing to sum up.
    if (this.#record.end === null) return;

    const { columns = 0, isTTY } = this.#outlet.stream;
    const width = isTTY === true && columns > 0 ? columns : LOG_COLUMNS;
    const paint = paintFor(this.#outlet.stream);
    const subjects = this.#diffs?.subjects ?? [];
    await this.#outlet.pour(diffSection(subjects, this.#record.isCheck, paint, this.#spill));
    this.#outlet.write(`${recap(this.#record, width, paint).join('\n')}\n`);
  }
}
