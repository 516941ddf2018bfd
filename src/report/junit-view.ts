import type { RunEvent } from '../engine/events.ts';
import type { DiffText } from './diff-text.ts';
import { junitDocument } from './junit.ts';
import type { Outlet } from './outlet.ts';
import { RunStory } from './run-story.ts';
import type { Spill } from './spill.ts';
import type { View } from './view.ts';

/** JUnit XML on standard output when the run has ended, or was cut off. */
export class JunitView implements View {
  readonly #outlet: Outlet;
  readonly #story: RunStory;

  constructor(outlet: Outlet, diffText: DiffText | null, spill: Spill) {
    this.#outlet = outlet;
    this.#story = new RunStory(diffText, spill);
  }

  see(event: RunEvent, at: number): void {
    this.#story.note(event, at);
  }

  async close(): Promise<void> {
    if (this.#story.start !== null) await this.#outlet.pour(junitDocument(this.#story));
  }
}
