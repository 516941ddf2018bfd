import type { Knowledge, Told } from '../playbook/knowledge.ts';
import type { Data } from '../source/data.ts';

/** What is known, and what of it somebody has used. */
export class WatchedKnowledge {
  readonly #known: Knowledge;
  readonly #variables = new Map<string, Told | undefined>();
  #usesFacts = false;
  /** Whether more of it was used than one by one can be told. */
  #usesAll = false;

  constructor(known: Knowledge) {
    this.#known = known;
  }

  /** The same; who uses it is watched. */
  get view(): Knowledge {
    const known = this.#known;
    const facts = (): Data | null => {
      this.#usesFacts = true;
      return known.facts;
    };
    const all = (): Knowledge => {
      this.#usesAll = true;
      return known;
    };
    const view = {
      get facts() {
        return facts();
      },
      variables: new WatchedVariables(known.variables, this.#variables, all),
      get notified() {
        return all().notified;
      },
      get noted() {
        return all().noted;
      },
      get failures() {
        return all().failures;
      },
      get hasFailed() {
        return all().hasFailed;
      },
      ...(known.rescued === undefined ? {} : { rescued: known.rescued }),
      ...(known.begun === undefined ? {} : { begun: known.begun }),
    };
    if (known.others === undefined) return view;
    return Object.defineProperty(view, 'others', { enumerable: true, get: () => all().others });
  }

  /** Whether it is this that is known. */
  is(other: Knowledge): boolean {
    return other === this.#known;
  }

  /** Whether nobody who has used this could tell it from that. */
  isLike(other: Knowledge): boolean {
    const { rescued, begun, others, facts } = this.#known;
    if (this.is(other)) return true;
    if (this.#usesAll || rescued !== other.rescued) return false;
    if (begun !== other.begun || others !== other.others) return false;
    if (this.#usesFacts && facts !== other.facts) return false;
    return [...this.#variables].every(([name, value]) => other.variables.get(name) === value);
  }
}

class WatchedVariables implements ReadonlyMap<string, Told> {
  readonly #variables: ReadonlyMap<string, Told>;
  readonly #used: Map<string, Told | undefined>;
  readonly #all: () => Knowledge;

  /** @param all told that any of them may have been used */
  constructor(
    variables: ReadonlyMap<string, Told>,
    used: Map<string, Told | undefined>,
    all: () => Knowledge,
  ) {
    this.#variables = variables;
    this.#used = used;
    this.#all = all;
  }

  get(name: string): Told | undefined {
    const value = this.#variables.get(name);
    this.#used.set(name, value);
    return value;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get size(): number {
    return this.#all().variables.size;
  }

  keys(): MapIterator<string> {
    return this.#all().variables.keys();
  }

  values(): MapIterator<Told> {
    return this.#all().variables.values();
  }

  entries(): MapIterator<[string, Told]> {
    return this.#all().variables.entries();
  }

  [Symbol.iterator](): MapIterator<[string, Told]> {
    return this.entries();
  }

  forEach(tell: (value: Told, name: string, all: ReadonlyMap<string, Told>) => void): void {
    this.#all().variables.forEach(tell);
  }
}
