import type { RunEvent } from '../engine/events.ts';
import type { DiffText } from './diff-text.ts';
import { type JsonDocument, JsonDocumentBuilder } from './json-document.ts';
import type { Outlet } from './outlet.ts';
import type { View } from './view.ts';

/** One JSON document on standard output when the run has ended. */
export class JsonView implements View {
  readonly #outlet: Outlet;
  readonly #builder: JsonDocumentBuilder;
  #document: JsonDocument | null = null;

  constructor(outlet: Outlet, diffText: DiffText | null) {
    this.#outlet = outlet;
    this.#builder = new JsonDocumentBuilder(diffText);
  }

  see(event: RunEvent): void {
    this.#document = this.#builder.add(event) ?? this.#document;
  }

  async close(): Promise<void> {
    if (this.#document === null) return;
    this.#outlet.write(`${JSON.stringify(this.#document, null, 2)}\n`);
  }
}
