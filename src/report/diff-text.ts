import { hash } from 'node:crypto';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { ChangeRecord } from '../engine/events.ts';

// Long enough for real files; the event loop waits while a diff is drawn.
const TIMEOUT_MS = 100;

// Of all diffs that are known; hosts that share one come soon after each other.
const MOST_KNOWN_LENGTH = 4 * 1024 * 1024;

/** Draws unified diffs; the same contents are compared once, unless they are too much to remember. */
export class DiffText {
  readonly #timeoutMs: number;
  readonly #known = new Map<string, string>();
  #knownLength = 0;

  constructor(timeoutMs: number = TIMEOUT_MS) {
    this.#timeoutMs = timeoutMs;
  }

  /** The unified diff, ending in a line feed; null where the change has no texts, or equal ones. */
  of(change: ChangeRecord): string | null {
    const { subject, before, after } = change;
    if (before === null || after === null || before === after) return null;

    const key = hash('sha256', JSON.stringify([subject, before, after]));
    const known = this.#known.get(key);
    if (known !== undefined) return known;

    const drawn = this.#draw(change.path ?? subject, before, after);
    this.#known.set(key, drawn);
    this.#knownLength += drawn.length;
    for (const [oldest, { length }] of this.#known) {
      if (this.#knownLength <= MOST_KNOWN_LENGTH) break;
      this.#known.delete(oldest);
      this.#knownLength -= length;
    }
    return drawn;
  }

  #draw(name: string, before: string, after: string): string {
    return (
      createTwoFilesPatch(name, name, before, after, undefined, undefined, {
        context: 3,
        timeout: this.#timeoutMs,
        headerOptions: FILE_HEADERS_ONLY,
      }) ?? `--- ${name}\n+++ ${name}\ncontents differ (${summary(before)} -> ${summary(after)})\n`
    );
  }
}

function summary(text: string): string {
  const digest = hash('sha256', text).slice(0, 12);
  return `${Buffer.byteLength(text)} bytes, sha256 ${digest}...`;
}
