import type { RunEvent } from '../engine/events.ts';
import type { DiffText } from './diff-text.ts';
import { htmlPage } from './html-page.ts';
import type { RunRecord } from './run-record.ts';
import { RunStory } from './run-story.ts';
import type { Spill } from './spill.ts';
import type { View } from './view.ts';

/** Writes a page that comes in pieces. */
export type WritePage = (page: AsyncIterable<string>) => Promise<void>;

/** A page of HTML when the run has ended, or was cut off. */
export class PageView implements View {
  readonly #write: WritePage;
  readonly #story: RunStory;
  readonly #record: RunRecord;

  constructor(write: WritePage, record: RunRecord, diffText: DiffText, spill: Spill) {
    this.#write = write;
    this.#record = record;
    this.#story = new RunStory(diffText, spill);
  }

  see(event: RunEvent, at: number): void {
    this.#story.note(event, at);
  }

  async close(): Promise<void> {
    if (this.#story.start !== null) await this.#write(htmlPage(this.#story, this.#record));
  }
}
