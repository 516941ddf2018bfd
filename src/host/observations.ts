import type { Observation } from './look-part.ts';
import { dependenciesOf } from './output-query.ts';
import { entryOf, listingOf } from './query.ts';

/** A query about a path. */
interface OfPath {
  readonly key: string;
  readonly path: string;
}

/** What is known about paths; `isWhole`: it tells what is below the path, too. */
export interface Place extends OfPath {
  readonly kind: 'file' | 'directory' | 'entry' | 'tree';
  readonly isWhole: boolean;
  /** Whether it is what a symbolic link leads to. */
  readonly isFollowed: boolean;
  /** How the names end that a directory was asked for. Else ''. */
  readonly suffix: string;
}

/** The output of a command, and what that depends on; null: on everything. */
interface Output {
  readonly key: string;
  readonly dependencies: readonly string[] | null;
}

/** What the keys of observations are about. */
interface Index {
  readonly places: readonly Place[];
  /** Their numbers among all of them, by their paths without slashes at the end. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
  readonly outputs: readonly Output[];
}

/**
 * Observations by their keys. Those of a host are many, and a planned change is about few of them: what it makes of
 * them lies over what was observed, which all states of the host share.
 */
export class Observations {
  readonly #observed: ReadonlyMap<string, Observation>;
  readonly #over: Map<string, Observation>;
  /** Whether something lies there that nobody has observed. */
  #hasMore = false;

  constructor(
    observed: ReadonlyMap<string, Observation>,
    over: ReadonlyMap<string, Observation> = new Map(),
  ) {
    this.#observed = observed;
    this.#over = new Map(over);
  }

  get(key: string): Observation | undefined {
    return this.#over.get(key) ?? this.#observed.get(key);
  }

  /** Only of a copy that nobody else has. */
  set(key: string, observation: Observation): void {
    this.#over.set(key, observation);
    this.#hasMore ||= !this.#observed.has(key);
  }

  copy(): Observations {
    return this.#hasMore
      ? new Observations(this.all())
      : new Observations(this.#observed, this.#over);
  }

  /** All of them, in one map. */
  all(): ReadonlyMap<string, Observation> {
    return this.#over.size === 0 ? this.#observed : new Map([...this.#observed, ...this.#over]);
  }

  keys(): Iterable<string> {
    return this.#observed.keys();
  }

  /** What is known about paths, in the order in which it was asked. */
  get places(): readonly Place[] {
    return indexOf(this.#observed).places;
  }

  /** Those of them that are about a path, or one above it. */
  upFrom(path: string): readonly Place[] {
    const { places, numbers } = indexOf(this.#observed);
    const found = new Set<number>(numbers.get(trimmed(path)));
    for (let end = path.lastIndexOf('/'); end >= 0; end = path.lastIndexOf('/', end - 1)) {
      for (const number of numbers.get(trimmed(path.slice(0, end))) ?? []) found.add(number);
      if (end === 0) break;
    }
    return [...found].sort((a, b) => a - b).flatMap((number) => places[number] ?? []);
  }

  get outputs(): readonly Output[] {
    return indexOf(this.#observed).outputs;
  }
}

const indexes = new WeakMap<ReadonlyMap<string, Observation>, Index>();

function indexOf(observed: ReadonlyMap<string, Observation>): Index {
  const known = indexes.get(observed);
  if (known !== undefined) return known;
  const keys = [...observed.keys()];
  const places = keys.flatMap((key) => knownPlaceOf(key) ?? []);
  const numbers = new Map<string, number[]>();
  for (const [number, { path }] of places.entries()) {
    const same = numbers.get(trimmed(path));
    if (same === undefined) numbers.set(trimmed(path), [number]);
    else same.push(number);
  }
  const index = {
    ...{ places, numbers },
    outputs: keys.flatMap((key) =>
      key.startsWith('output:') ? [{ key, dependencies: dependenciesOf(key) }] : [],
    ),
  };
  indexes.set(observed, index);
  return index;
}

/** Hosts are asked the same, and again and again. */
const placesKnown = new Map<string, Place>();
const mostPlaces = 10_000;

function knownPlaceOf(key: string): Place | null {
  const known = placesKnown.get(key);
  if (known !== undefined) return known;
  const place = placeOf(key);
  if (placesKnown.size >= mostPlaces) placesKnown.clear();
  if (place !== null) placesKnown.set(key, place);
  return place;
}

function trimmed(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}

function placeOf(key: string): Place | null {
  const place = { key, isWhole: false, isFollowed: true, suffix: '' };
  if (key.startsWith('file:')) return { ...place, kind: 'file', path: key.slice('file:'.length) };
  if (key.startsWith('entry:')) return { ...place, kind: 'entry', ...entryOf(key) };
  if (key.startsWith('tree:')) {
    const path = key.slice('tree:'.length);
    return { ...place, kind: 'tree', path, isWhole: true, isFollowed: false };
  }
  if (!key.startsWith('directory:')) return null;
  return { ...place, kind: 'directory', ...listingOf(key), isWhole: true };
}
