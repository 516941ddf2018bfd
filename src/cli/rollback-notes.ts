import type { RunEvent } from '../engine/events.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { compressNames } from './host-names.ts';
import { redactor } from './redaction.ts';

/** What tasks say of what they could not give back: quiet views would not show it. */
export class RollbackNotes {
  readonly #hosts = new Map<string, Set<string>>();

  note(event: RunEvent): void {
    if (event.event !== 'task' || (event.status !== 'ok' && event.status !== 'changed')) return;
    for (const line of event.message?.split('\n') ?? []) {
      this.#hosts.set(line, (this.#hosts.get(line) ?? new Set()).add(event.host));
    }
  }

  /** A sentence each, with the hosts that it is about. */
  get text(): string {
    const lines = Array.from(
      this.#hosts,
      ([line, names]) => `${compressNames([...names]).join(', ')}: ${redactor.redact(line)}`,
    );
    const all = lines.map((line) => `  ${escapeControls(line)}\n`).join('');
    return all === '' ? '' : `Not as before:\n${all}`;
  }
}
