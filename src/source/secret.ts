import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';
import type { Place } from './source-text.ts';

/** Where the value of a secret is. */
export type SecretOrigin =
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  /** An ansible-vault text, whole. */
  | { readonly kind: 'vault'; readonly envelope: string }
  /** Written in a file that is encrypted as a whole. */
  | { readonly kind: 'written' };

/** What stands for a value that is shown to nobody. */
export const hidden = '***';

/** Ends an output that was cut off, it may be in the middle of a value. */
export const cutMark = '\n[cut off at 64 KiB]';

const comparisonKey = randomBytes(32);

/**
 * A value of the user's that is shown to nobody: as a text, as JSON and inspected it is `***`. Its
 * value is fetched when it is needed (`settle`), and `reveal` is the one way to it.
 */
export class Secret {
  readonly #origin: SecretOrigin;
  readonly #place: Place;
  #value: string | null = null;

  constructor(origin: SecretOrigin, place: Place) {
    this.#origin = origin;
    this.#place = place;
  }

  get origin(): SecretOrigin {
    return this.#origin;
  }

  /** Where it is written. */
  get place(): Place {
    return this.#place;
  }

  get isSettled(): boolean {
    return this.#value !== null;
  }

  /** Gives it its value. */
  settle(value: string): void {
    this.#value = value;
  }

  /** Its value. Throws when it was not fetched, which is a bug. */
  reveal(): string {
    if (this.#value === null) throw new Error('a secret is used that nobody has fetched');
    return this.#value;
  }

  /** Whether both have the same value; how long that takes says nothing about it. */
  equals(other: Secret): boolean {
    return timingSafeEqual(digest(this.reveal()), digest(other.reveal()));
  }

  toString(): string {
    return hidden;
  }

  toJSON(): string {
    return hidden;
  }

  [inspect.custom](): string {
    return hidden;
  }
}

/** All secrets in a value, however deep; each once. */
export function secretsIn(value: unknown): readonly Secret[] {
  const found = new Set<Secret>();
  const open: unknown[] = [value];
  const seen = new Set<unknown>();
  while (open.length > 0) {
    const next = open.pop();
    if (next instanceof Secret) found.add(next);
    else if (typeof next === 'object' && next !== null && !seen.has(next)) {
      seen.add(next);
      open.push(...(next instanceof Map ? next.values() : Object.values(next)));
    }
  }
  return [...found];
}

function digest(value: string): Buffer {
  return createHmac('sha256', comparisonKey).update(value).digest();
}
