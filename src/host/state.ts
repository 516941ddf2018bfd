import type { Change, ChangeRouting, RoutingOperation, SwapChains } from './change.ts';
import type { Observation } from './look-program.ts';
import type { Answers, ChainsState, Listing, NetworkInterface, Query } from './query.ts';
import { queryKey } from './query.ts';

/**
 * What is known of one host: what was observed, with planned changes laid over it, so that later
 * tasks - in check mode too - plan from the predicted world. Immutable.
 */
export class HostState {
  readonly #observations: ReadonlyMap<string, Observation>;

  constructor(observations: ReadonlyMap<string, Observation>) {
    this.#observations = observations;
  }

  /** The observation for a query; undefined when it was never asked. */
  get(asked: Query): Observation | undefined {
    return this.#observations.get(queryKey(asked));
  }

  /** The state once these further answers are known. */
  with(observations: ReadonlyMap<string, Observation>): HostState {
    return new HostState(new Map([...this.#observations, ...observations]));
  }

  /** The state predicted after a change. An opaque change predicts nothing: observe again. */
  after(change: Change): HostState {
    const next = new Map(this.#observations);
    const update = <K extends Query['kind']>(
      kind: K,
      key: string,
      map: (answer: Answers[K]) => Answers[K],
    ) => {
      const observation = next.get(key);
      // a key begins with its kind, so the answer is of that kind
      if (observation !== undefined && 'answer' in observation && key.startsWith(kind)) {
        next.set(key, { answer: map(observation.answer as Answers[K]) });
      }
    };
    switch (change.kind) {
      case 'write':
        update('file', `file:${change.path}`, () => fileAfter(change));
        break;
      case 'remove':
        update('file', `file:${change.path}`, () => ({ type: 'absent' }));
        break;
      case 'parameter':
        update('parameter', `parameter:${change.name}`, () => change.value);
        break;
      case 'routing':
        update('rules', 'rules', (rules) => ({
          entries: change.operations.reduce(rulesAfter, rules.entries),
          fingerprint: null,
        }));
        update('routes', 'routes', (routes) => routesAfter(change, routes));
        update('interfaces', 'interfaces', (interfaces) =>
          change.operations.reduce(interfacesAfter, interfaces),
        );
        break;
      case 'chains':
        for (const key of next.keys()) {
          if (key.startsWith('chains:'))
            update('chains', key, (state) => chainsAfter(change, state));
        }
        break;
      case 'command':
        break;
    }
    return new HostState(next);
  }
}

function fileAfter(change: Extract<Change, { kind: 'write' }>): Answers['file'] {
  const old = change.before.type === 'file' ? change.before : { mode: 0o644, uid: 0, gid: 0 };
  return {
    type: 'file',
    mode: change.mode ?? old.mode,
    uid: old.uid,
    gid: old.gid,
    size: change.content.length,
    content: change.content,
  };
}

function rulesAfter(
  rules: Listing<Answers['rules']['entries'][number]>['entries'],
  operation: RoutingOperation,
): Answers['rules']['entries'] {
  if (operation.object !== 'rule') return rules;
  const wanted = JSON.stringify(operation.rule);
  if (operation.verb === 'add') {
    return [...rules, operation.rule].sort((a, b) => a.priority - b.priority);
  }
  const index = rules.findIndex((rule) => JSON.stringify(rule) === wanted);
  return index < 0 ? rules : rules.toSpliced(index, 1);
}

function routesAfter(change: ChangeRouting, routes: Answers['routes']): Answers['routes'] {
  let entries = routes.entries;
  for (const operation of change.operations) {
    if (operation.object !== 'route') continue;
    const { route } = operation;
    const others = entries.filter(
      (entry) =>
        entry.table !== route.table ||
        entry.destination !== route.destination ||
        entry.metric !== route.metric ||
        (operation.verb === 'delete' && entry.dev !== route.dev),
    );
    entries = operation.verb === 'replace' ? [...others, route] : others;
  }
  return { entries, fingerprint: null };
}

function interfacesAfter(
  interfaces: readonly NetworkInterface[],
  operation: RoutingOperation,
): readonly NetworkInterface[] {
  if (operation.object !== 'address') return interfaces;
  const { iface, ip, prefix } = operation;
  return interfaces.map((entry) =>
    entry.name === iface ? { ...entry, addresses: [...entry.addresses, { ip, prefix }] } : entry,
  );
}

/** The chains as they are once swapped. */
export function chainsAfter(change: SwapChains, state: ChainsState): ChainsState {
  const chains = new Map(state.chains);
  for (const [chain, rules] of change.chains) chains.set(chain, rules);
  for (const chain of change.removed) chains.delete(chain);
  for (const { from, to } of change.jumps) {
    const jump = `-j ${to}`;
    chains.set(from, [jump, ...(chains.get(from) ?? []).filter((rule) => rule !== jump)]);
  }
  return {
    listed: state.listed,
    chains,
    policies: new Map([...state.policies, ...change.policies]),
    fingerprint: null,
  };
}
