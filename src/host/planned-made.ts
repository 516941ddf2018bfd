import { answerTo } from './answer.ts';
import type { RoutingOperation } from './change.ts';
import { fileFingerprint, hasSums } from './file-state.ts';
import { normalParameter } from './names.ts';
import { answerText, type FoundFile, type PlannedChange, plannedOn } from './planned-change.ts';
import {
  type ChainsState,
  type Entry,
  type NetworkInterface,
  type NftState,
  type ProxyNeighbour,
  query,
  type Route,
  type Rule,
} from './query.ts';
import { isSameRule, routesAfter } from './routing-after.ts';
import type { HostState } from './state.ts';
import { nftStateDocument } from './state-document.ts';

type Routing = Extract<PlannedChange, { kind: 'routing' }>;

/**
 * Whether planned changes are made on a host already: what they lead to, the later over the earlier,
 * is what is there. A command is made where what it depends on has turned; one that depends on
 * nothing is never known to be.
 */
export function areMade(planned: readonly PlannedChange[], now: HostState): boolean {
  let after = now;
  for (const one of planned) {
    if (one.kind === 'command' || one.kind === 'routing') continue;
    const change = one.kind === 'directory' ? one : plannedOn(one, after);
    if (change !== null) after = after.after(change);
  }
  const routing = planned.filter((one) => one.kind === 'routing');
  const areOperationsMade = ([4, 6] as const).every((family) =>
    isRoutingMade(
      routing.filter((one) => one.family === family),
      now,
    ),
  );
  return areOperationsMade && planned.every((one) => isMade(one, now, after));
}

function isMade(planned: PlannedChange, now: HostState, after: HostState): boolean {
  switch (planned.kind) {
    case 'send':
      return isSent(planned, now, after);
    case 'write':
    case 'remove':
    case 'directory': {
      const asked = query.file(planned.path);
      return isEqual(answerTo(now, asked), answerTo(after, asked), fileFingerprint);
    }
    case 'parameter': {
      const asked = query.parameter(planned.name);
      return isEqual(answerTo(now, asked), answerTo(after, asked), normalParameter);
    }
    case 'chains': {
      const asked = query.chains(planned.family, ...planned.listed);
      const textOf = ({ chains, policies, problem }: ChainsState) =>
        JSON.stringify([inOrder(chains), inOrder(policies), problem]);
      return isEqual(answerTo(now, asked), answerTo(after, asked), textOf);
    }
    case 'nft': {
      const asked = query.nft(planned.listed);
      const textOf = (state: NftState) => {
        const { bases, chains, problem } = nftStateDocument(state);
        return JSON.stringify([bases, chains, problem]);
      };
      return isEqual(answerTo(now, asked), answerTo(after, asked), textOf);
    }
    case 'routing':
      return true;
    case 'link': {
      const entry = answerTo(now, query.entry(planned.path));
      return entry?.type === 'link' && entry.target === planned.target;
    }
    case 'attributes': {
      const asked = query.entry(planned.path);
      const [found, meant] = [answerTo(now, asked), answerTo(after, asked)];
      return found !== null && meant !== null && areAlike(found, meant);
    }
    case 'tree':
      return answerTo(now, query.tree(planned.path))?.type === 'absent';
    case 'call':
      if (planned.predicts !== null) {
        return planned.predicts.every((one) =>
          isEqual(answerTo(now, one.query), answerTo(after, one.query), answerText),
        );
      }
      return isTurned(planned.found, now);
    case 'command':
      return isTurned(planned.found, now);
  }
}

/** Of the same owners and mode, by what is known of them. */
function areAlike(found: Entry, meant: Entry): boolean {
  if (found.type === 'absent' || meant.type === 'absent') return found.type === meant.type;
  const isOf = (
    name: string | null,
    id: number | null,
    of: string | null,
    number: number | null,
  ) => (id === null ? name === of || name === `${number}` : id === number);
  return (
    (found.type === 'link' || found.mode === meant.mode) &&
    isOf(meant.owner, meant.uid, found.owner, found.uid) &&
    isOf(meant.group, meant.gid, found.group, found.gid)
  );
}

/** Whether something that a command depends on is not as it was found. */
function isTurned(found: readonly FoundFile[], now: HostState): boolean {
  return found.some(({ path, exists }) => {
    const file = answerTo(now, query.file(path));
    return file !== null && (file.type !== 'absent') !== exists;
  });
}

/** What is planned knows both sums of its content, a host says one. */
function isSent(
  { path, source, mode }: Extract<PlannedChange, { kind: 'send' }>,
  now: HostState,
  after: HostState,
): boolean {
  const [found, meant] = [now, after].map((state) => answerTo(state, query.file(path)));
  const isReplaced = meant?.type !== 'file' || meant.content !== null || !hasSums(meant, source);
  if (isReplaced) return isEqual(found ?? null, meant ?? null, fileFingerprint);
  return found?.type === 'file' && hasSums(found, source) && (mode === null || found.mode === mode);
}

/** Known on both sides, and the same. */
function isEqual<State>(a: State | null, b: State | null, textOf: (state: State) => string) {
  return a !== null && b !== null && textOf(a) === textOf(b);
}

const inOrder = (map: ReadonlyMap<string, unknown>): readonly unknown[] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));

/** Of several operations on one thing the last one counts. */
function isRoutingMade(changes: readonly Routing[], now: HostState): boolean {
  const [first] = changes;
  if (first === undefined) return true;
  const rules = answerTo(now, query.rules(first.family));
  const routes = answerTo(now, query.routes(first.family));
  const interfaces = answerTo(now, query.interfaces());
  const proxies = answerTo(now, query.proxies());
  if (rules === null || routes === null || interfaces === null) return false;

  const last = new Map<string, RoutingOperation>();
  for (const one of changes.flatMap(({ operations }) => operations)) last.set(keyOf(one), one);
  const found = { rules: rules.entries, routes: routes.entries, interfaces, proxies };
  return [...last.values()].every((one) => isOperationMade(one, found));
}

interface Found {
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
  readonly interfaces: readonly NetworkInterface[];
  readonly proxies: readonly ProxyNeighbour[] | null;
}

function isOperationMade(one: RoutingOperation, found: Found): boolean {
  const { rules, routes, interfaces, proxies } = found;
  const isThere = one.verb !== 'delete';
  switch (one.object) {
    case 'rule':
      return rules.some((other) => isSameRule(other, one.rule)) === isThere;
    case 'route':
      return JSON.stringify(routesAfter(routes, interfaces, [one])) === JSON.stringify(routes);
    case 'address': {
      const owner = interfaces.find(({ name }) => name === one.iface);
      const has = owner?.addresses.some(({ ip, prefix }) => ip === one.ip && prefix === one.prefix);
      return (has ?? false) === isThere;
    }
    case 'proxy': {
      const has = proxies?.some(({ ip, dev }) => ip === one.ip && dev === one.iface);
      return has === isThere;
    }
  }
}

/** What an operation is about. */
function keyOf(operation: RoutingOperation): string {
  const { verb: _, ...about } = operation;
  if (operation.object !== 'route') return JSON.stringify(about);
  const { table, destination, metric, dev } = operation.route;
  return JSON.stringify(['route', table, destination, metric, dev]);
}
