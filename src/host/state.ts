import { Aliases } from './aliases.ts';
import { jumpTo, tableOf } from './chains-text.ts';
import type { Change, SwapChains } from './change.ts';
import { entryObservationAfter, isOfEntry } from './entries-after.ts';
import { directoryAfter, fileAfter } from './files-after.ts';
import type { Observation } from './look-program.ts';
import { isWithin, normalParameter, parameterPath } from './names.ts';
import { Observations, type Place } from './observations.ts';
import type { Answers, ChainsState, NetworkInterface, Query } from './query.ts';
import { queryKey } from './query.ts';
import { interfacesAfter, proxiesAfter, routesAfter, rulesAfter } from './routing-after.ts';

/**
 * What is known of one host: what was observed, with planned changes laid over it, so that later
 * tasks - in check mode too - plan from the predicted world. Immutable.
 */
export class HostState {
  readonly #observations: Observations;
  readonly #aliases: Aliases;

  constructor(observations: ReadonlyMap<string, Observation> | Observations, aliases?: Aliases) {
    this.#observations =
      observations instanceof Observations ? observations : new Observations(observations);
    this.#aliases = aliases ?? new Aliases(this.#observations.all());
  }

  /** The observation for a query; undefined when it was never asked. */
  get(asked: Query): Observation | undefined {
    return this.#observations.get(queryKey(asked));
  }

  /** What is known, by the keys of queries. */
  get observations(): ReadonlyMap<string, Observation> {
    return this.#observations.all();
  }

  /** The state once these further answers are known. */
  with(observations: ReadonlyMap<string, Observation>): HostState {
    return new HostState(new Map([...this.#observations.all(), ...observations]));
  }

  /** The state predicted after a change. An opaque change predicts nothing: observe again. */
  after(change: Change): HostState {
    const next = this.#observations.copy();
    const update = <K extends Query['kind']>(
      kind: K,
      key: string,
      map: (answer: Answers[K]) => Answers[K],
    ) => {
      const observation = next.get(key);
      // a key begins with its kind, so the answer is of that kind
      if (observation !== undefined && 'answer' in observation && key.startsWith(kind)) {
        const answer = map(observation.answer as Answers[K]);
        if (answer !== observation.answer) next.set(key, { answer });
      }
    };
    switch (change.kind) {
      case 'write':
      case 'send':
      case 'remove':
      case 'directory':
        for (const place of next.upFrom(change.path)) {
          if (place.kind === 'file') {
            update('file', place.key, (state) => fileAfter(place.path, state, change));
          } else if (place.kind === 'directory') {
            update('directory', place.key, (state) => directoryAfter(place, state, change));
          }
        }
        break;
      case 'link':
      case 'tree':
        outdatePaths(next, next.places, [change.path]);
        break;
      case 'attributes':
        // what is below a directory stays as it is
        outdatePaths(next, next.upFrom(change.path), [change.path], false);
        break;
      case 'parameter':
        update('parameter', `parameter:${change.name}`, () => normalParameter(change.value));
        break;
      case 'routing': {
        let interfaces: readonly NetworkInterface[] = [];
        const keysOf = (base: string) =>
          [...next.keys()].filter((key) => key === base || key.startsWith(`${base}?`));
        for (const key of keysOf('interfaces')) {
          update('interfaces', key, (seen) => {
            interfaces = seen;
            return change.operations.reduce(interfacesAfter, seen);
          });
        }
        update('rules', `rules:${change.family}`, ({ entries }) => ({
          entries: change.operations.reduce(rulesAfter, entries),
          fingerprint: null,
        }));
        for (const key of keysOf(`routes:${change.family}`)) {
          update('routes', key, ({ entries }) => ({
            entries: routesAfter(entries, interfaces, change.operations),
            fingerprint: null,
          }));
        }
        for (const key of keysOf('proxies')) {
          update('proxies', key, (seen) => change.operations.reduce(proxiesAfter, seen));
        }
        for (const key of next.keys()) {
          if (key.startsWith('path:'))
            next.set(key, { failure: 'only the kernel can tell the path' });
        }
        break;
      }
      case 'chains':
        for (const key of next.keys()) {
          if (key.startsWith(`chains:${change.family}:`))
            update('chains', key, (state) => chainsAfter(change, state));
        }
        break;
      case 'nft':
        for (const key of next.keys()) {
          if (key.startsWith('nft:')) update('nft', key, () => change.after);
        }
        break;
      case 'command':
        break;
      case 'call':
        outdatePaths(next, next.places, change.touches ?? []);
        break;
    }
    if (isOfEntry(change)) {
      const isBelowToo = change.kind === 'link' || change.kind === 'tree';
      for (const place of isBelowToo ? next.places : next.upFrom(change.path)) {
        const observation = this.#observations.get(place.key);
        if (observation === undefined || !('answer' in observation)) continue;
        const known = entryObservationAfter(place, observation, change);
        if (known !== null && known !== next.get(place.key)) next.set(place.key, known);
      }
    }
    if (!this.#aliases.isEmpty) this.#followAliases(next, change);
    outdateOutputs(next, change, this.#aliases);
    if (change.kind === 'call') {
      for (const { query, answer } of change.predicts ?? []) next.set(queryKey(query), { answer });
    }
    return new HostState(next, this.#aliases);
  }

  /** What is known of the same thing by other names than the change's. */
  #followAliases(observations: Observations, change: Change): void {
    const aliases = this.#aliases;
    const isOfTarget = ['write', 'send', 'call'].includes(change.kind);
    for (const path of touchedBy(change) ?? []) {
      if (!path.startsWith('/')) continue;
      const real = aliases.real(path, isOfTarget);
      for (const { key, path: own, isFollowed } of observations.places) {
        if (isWithin(own, path) || isWithin(path, own)) continue;
        const name = nameThere(own, aliases.real(own, isFollowed), real);
        const observation = name === null ? undefined : observations.get(key);
        if (name === null || observation === undefined) continue;
        const alone = new HostState(new Map([[key, observation]])).after(renamed(change, name));
        observations.set(key, alone.#observations.get(key) ?? observation);
      }
    }
  }
}

/** What commands have printed may be another text by then. */
function outdateOutputs(observations: Observations, change: Change, aliases: Aliases): void {
  const real = (path: string) =>
    !aliases.isEmpty && path.startsWith('/') ? aliases.real(path, true) : path;
  const touched = touchedBy(change)?.map(real) ?? null;
  for (const { key, dependencies } of observations.outputs) {
    const isSame =
      dependencies?.length === 0 ||
      (dependencies !== null && touched !== null && !doTouch(touched, dependencies.map(real)));
    if (!isSame) observations.set(key, outdated);
  }
}

const outdated: Observation = { outdated: true };

/** What was there may be another thing by then. */
function outdatePaths(
  observations: Observations,
  places: readonly Place[],
  touched: readonly string[],
  isBelowToo = true,
): void {
  if (touched.length === 0) return;
  for (const { key, path, isWhole } of places) {
    const isTouched = touched.some(
      (one) =>
        (isBelowToo ? isWithin(path, one) : path === one) ||
        (isWithin(one, path) && (isWhole || isAbsent(observations.get(key)))),
    );
    if (isTouched) observations.set(key, outdated);
  }
}

function renamed(change: Change, path: string): Change {
  if (isOfEntry(change)) return { ...change, path };
  return change.kind === 'call' ? { ...change, touches: [path], predicts: [] } : change;
}

/** How a place is called where `path` is known to be `other`; null: it has nothing to do with that. */
function nameThere(path: string, other: string, real: string): string | null {
  if (isWithin(real, other)) return path + real.slice(other.length);
  if (!isWithin(other, real)) return null;
  const below = other.slice(real.length);
  return path.endsWith(below) ? path.slice(0, -below.length) || '/' : path;
}

function isAbsent(observation: Observation | undefined): boolean {
  if (observation === undefined || !('answer' in observation)) return false;
  return JSON.stringify(observation.answer) === '{"type":"absent"}';
}

/** What a change touches: paths, and things by name; null: that is not known. */
function touchedBy(change: Change): readonly string[] | null {
  if (isOfEntry(change)) return [change.path];
  switch (change.kind) {
    case 'parameter':
      return [parameterPath(change.name)];
    case 'routing':
    case 'chains':
    case 'nft':
      return [];
    case 'command':
      return null;
    case 'call':
      return change.touches;
  }
}

/** Whether one of these is one of those, or below or above it. */
function doTouch(touched: readonly string[], others: readonly string[]): boolean {
  return touched.some((one) =>
    others.some((other) => isWithin(one, other) || isWithin(other, one)),
  );
}

/** The chains as they are once swapped. */
export function chainsAfter(change: SwapChains, state: ChainsState): ChainsState {
  const chains = new Map<string, readonly string[]>();
  for (const [chain, rules] of new Map([...state.chains, ...change.chains])) {
    if (change.removed.includes(chain)) continue;
    const isReplaced = change.chains.has(chain);
    const kept = isReplaced ? rules : rules.filter((rule) => !isMovedJump(change, chain, rule));
    chains.set(chain, kept);
  }
  for (const { from, to } of change.jumps) {
    chains.set(from, [jumpTo(to), ...(chains.get(from) ?? [])]);
  }
  return {
    ...state,
    chains,
    policies: new Map([...state.policies, ...change.policies]),
    fingerprint: null,
  };
}

/** Whether a rule is a jump that comes to be first, or one to a chain that goes. */
export function isMovedJump(change: SwapChains, chain: string, rule: string): boolean {
  return (
    change.jumps.some(({ from, to }) => from === chain && rule === jumpTo(to)) ||
    change.removed.some((name) => tableOf(name) === tableOf(chain) && rule === jumpTo(name))
  );
}
