import { type Place, placeName } from '../source/source-text.ts';
import type { Findings } from './findings.ts';

interface Claim {
  readonly owner: string;
  readonly place: Place;
}

interface ClaimOptions {
  /** What to do about a clash. */
  readonly advice?: string;
  /** Whether one owner may claim a thing twice: that is said elsewhere. */
  readonly mayRepeat?: boolean;
}

/** Things that only one may have: addresses, MACs, names. */
export class Claims {
  readonly #what: string;
  readonly #findings: Findings;
  readonly #options: ClaimOptions;
  readonly #first = new Map<string, Claim>();

  /** @param what the kind of thing, for messages: `address` */
  constructor(what: string, findings: Findings, options: ClaimOptions = {}) {
    this.#what = what;
    this.#findings = findings;
    this.#options = options;
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
    const { advice, mayRepeat } = this.#options;
    if (mayRepeat && first.owner === owner) return;
    const message = `the ${this.#what} ${thing} of ${owner} is that of ${first.owner} too`;
    const where = `first at ${placeName(first.place)}`;
    this.#findings.add(place, message, advice === undefined ? where : `${advice}; ${where}`);
  }

  /** Who has a thing; undefined when nobody has claimed it. */
  ownerOf(thing: string): Claim | undefined {
    return this.#first.get(`\n${thing}`);
  }
}
