import { hash } from 'node:crypto';
import * as v from 'valibot';
import type { ChangeRecord, RunEvent } from '../engine/events.ts';
import { eventSchema } from './event-schema.ts';

/** An event, and when it came: seconds since the run began. */
export interface TimedEvent {
  readonly at: number;
  readonly event: RunEvent;
}

/** Shorter contents cost no more than their number would save. */
const SHORTEST_NUMBERED = 64;

/**
 * Events as lines of JSON. Contents that come again - the same file on a thousand hosts - are written
 * once, on a line of their own, `{"text": 7, "is": "..."}`, and stand as their number afterwards.
 */
export class EventLines {
  readonly #numbers = new Map<string, number>();
  readonly #mostBytes: number;
  #bytes = 0;

  /** @param mostBytes of contents; those that come later are left out */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** The lines of an event, each with its line feed. */
  of({ at, event }: TimedEvent): string {
    if (event.event !== 'task') return line({ at: rounded(at), ...event });
    const texts: string[] = [];
    const changes = event.changes.map((change) => ({
      ...change,
      before: this.#content(change.before, texts),
      after: this.#content(change.after, texts),
    }));
    return `${texts.join('')}${line({ at: rounded(at), ...event, changes })}`;
  }

  #content(text: string | null, lines: string[]): string | number | null {
    if (text === null || text.length < SHORTEST_NUMBERED) return text;
    const key = hash('sha256', text);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#bytes += text.length;
    if (this.#bytes > this.#mostBytes) return null;
    const number = this.#numbers.size;
    this.#numbers.set(key, number);
    lines.push(line({ text: number, is: text }));
    return number;
  }
}

/** Reads lines of `EventLines`, in order. */
export class LineEvents {
  readonly #texts = new Map<number, string>();

  /** null: the line held a text; a sentence: why it can't be read. */
  read(text: string): TimedEvent | string | null {
    try {
      return this.#readValue(JSON.parse(text));
    } catch {
      return 'it is no JSON';
    }
  }

  #readValue(value: unknown): TimedEvent | string | null {
    const content = v.safeParse(contentSchema, value);
    if (content.success) {
      this.#texts.set(content.output.text, content.output.is);
      return null;
    }
    const timed = v.safeParse(timedSchema, value);
    if (!timed.success) return 'it is no event';
    const event = v.safeParse(eventSchema, this.#withTexts(timed.output));
    return event.success
      ? { at: timed.output.at, event: event.output }
      : 'it is no event that this version knows';
  }

  #withTexts(event: object): object {
    if (!('changes' in event) || !Array.isArray(event.changes)) return event;
    const textOf = (content: unknown): unknown =>
      typeof content === 'number' ? (this.#texts.get(content) ?? null) : content;
    const changes = event.changes.map((change: Partial<ChangeRecord>) => ({
      ...change,
      before: textOf(change.before),
      after: textOf(change.after),
    }));
    return { ...event, changes };
  }
}

const contentSchema = v.strictObject({ text: v.number(), is: v.string() });
const timedSchema = v.looseObject({ at: v.number() });

const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** JSON that is safe to print: it leaves C1 controls and what reorders text as they are. */
export function line(value: object): string {
  const json = JSON.stringify(value).replace(UNPRINTABLE, (character) =>
    Array.from({ length: character.length }, (_, index) => unit(character, index)).join(''),
  );
  return `${json}\n`;
}

function unit(text: string, index: number): string {
  return `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`;
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
