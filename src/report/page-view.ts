import type { RunEvent } from '../engine/events.ts';
import type { DiffText } from './diff-text.ts';
import { htmlPage } from './html-page.ts';
import { RunStory } from './run-story.ts';
import type { View } from './view.ts';

/** A page of HTML when the run has ended, or was cut off. */
export class PageView implements View {
  readonly #write: (page: string) => Promise<void>;
  readonly #story: RunStory;

  constructor(write: (page: string) => Promise<void>, diffText: DiffText) {
    this.#write = write;
    this.#story = new RunStory(diffText);
  }

  see(event: RunEvent, at: number): void {
    this.#story.note(event, at);
  }

  async close(): Promise<void> {
    if (this.#story.start !== null) await this.#write(htmlPage(this.#story));
  }
}
