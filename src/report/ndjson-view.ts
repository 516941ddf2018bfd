import type { RunEvent } from '../engine/events.ts';
import type { DiffText } from './diff-text.ts';
import { JsonDocumentBuilder, roundedSeconds } from './json-document.ts';
import type { Outlet } from './outlet.ts';
import type { Spill } from './spill.ts';
import type { View } from './view.ts';

/** The events as they happen, one JSON object a line; the last one carries the document. */
export class NdjsonView implements View {
  readonly #outlet: Outlet;
  readonly #builder: JsonDocumentBuilder;

  constructor(outlet: Outlet, diffText: DiffText | null, spill: Spill) {
    this.#outlet = outlet;
    this.#builder = new JsonDocumentBuilder(diffText, spill);
  }

  see(event: RunEvent): void {
    this.#builder.add(event);
    const line = this.#line(event);
    if (line !== null) this.#outlet.write(`${JSON.stringify(line)}\n`);
  }

  async close(): Promise<void> {
    if (!this.#builder.hasEnded) return;
    this.#outlet.write('{"event":"run_end","document":');
    await this.#outlet.pour(this.#builder.text(0));
    this.#outlet.write('}\n');
  }

  #line(event: RunEvent): object | null {
    switch (event.event) {
      case 'run_start':
        return {
          event: event.event,
          schema: 1,
          xpush: event.xpush,
          run: event.run,
          check: event.check,
          hosts: event.hosts,
        };
      case 'hosts_added':
      case 'batch':
        return event;
      case 'host_start':
        return { event: event.event, host: event.host, kind: event.kind };
      case 'task':
        return { event: event.event, host: event.host, ...this.#builder.task(event) };
      case 'host_end':
        return {
          event: event.event,
          host: event.host,
          kind: event.kind,
          status: event.status,
          error: event.error,
          seconds: roundedSeconds(event.seconds),
        };
      case 'message':
        return { event: event.event, level: event.level, host: event.host, text: event.text };
      case 'verified':
        return { event: event.event, verify: event.document };
      // Of the moment: for live displays only.
      case 'phase':
      case 'activity':
      case 'run_end':
        return null;
    }
  }
}
