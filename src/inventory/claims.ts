import { type Place, placeName } from '../source/source-text.ts';
import type { Findings } from './findings.ts';

interface Claim {
  readonly owner: string;
  readonly place: Place;
}

/** Things that only one may have: addresses, MACs, names. */
export class Claims {
  readonly #what: string;
  readonly #advice: string | null;
  readonly #findings: Findings;
  readonly #first = new Map<string, Claim>();

  /** @param what the kind of thing, for messages: `address` */
  constructor(what: string, findings: Findings, advice: string | null = null) {
    this.#what = what;
    this.#findings = findings;
    this.#advice = advice;
  }

  /**
   * Claims a thing for an owner; when it is another's, that is found at `place`, with both places.
   *
   * @param scope things of different scopes never clash
   */
  claim(thing: string, owner: string, place: Place, scope = ''): void {
    const key = `${scope}\n${thing}`;
    const first = this.#first.get(key);
    if (first === undefined) {
      this.#first.set(key, { owner, place });
      return;
    }
    const message = `the ${this.#what} "${thing}" of ${owner} is that of ${first.owner} too`;
    const where = `first at ${placeName(first.place)}`;
    this.#findings.add(place, message, this.#advice === null ? where : `${this.#advice}; ${where}`);
  }

  /** Who has a thing; undefined when nobody has claimed it. */
  ownerOf(thing: string): Claim | undefined {
    return this.#first.get(`\n${thing}`);
  }
}
