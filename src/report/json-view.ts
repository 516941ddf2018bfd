import type { RunEvent } from '../engine/events.ts';
import type { DiffText } from './diff-text.ts';
import { JsonDocumentBuilder } from './json-document.ts';
import type { Outlet } from './outlet.ts';
import type { Spill } from './spill.ts';
import type { View } from './view.ts';

/** One JSON document on standard output when the run has ended. */
export class JsonView implements View {
  readonly #outlet: Outlet;
  readonly #builder: JsonDocumentBuilder;

  constructor(outlet: Outlet, diffText: DiffText | null, spill: Spill) {
    this.#outlet = outlet;
    this.#builder = new JsonDocumentBuilder(diffText, spill);
  }

  see(event: RunEvent): void {
    this.#builder.add(event);
  }

  async close(): Promise<void> {
    if (!this.#builder.hasEnded) return;
    await this.#outlet.pour(this.#builder.text(2));
    this.#outlet.write('\n');
  }
}
