import { answerTo } from './answer.ts';
import { isBuiltIn, jumpTo, tableOf } from './chains-text.ts';
import type { SwapChains } from './change.ts';
import type { Inverse } from './inverse-result.ts';
import { keepChain } from './keep-chain.ts';
import { type ChainsState, type Query, query } from './query.ts';
import { chainsAfter, type HostState } from './state.ts';

type Chains = ReadonlyMap<string, readonly string[]>;

/** The chains as they are, and how the host spells what the change made of them. */
export function chainsInverseQueries(done: SwapChains): readonly Query[] {
  return [queryOf(done)];
}

function queryOf(done: SwapChains) {
  return query.comparedChains(done.family, done.before.listed, ownChains(leftBy(done)));
}

/**
 * What gives our chains, their jumps and the policies back their state before the change. The peers
 * of sessions stay: they are added to, never compared.
 */
export function chainsInverse(done: SwapChains, now: HostState): Inverse {
  const live = answerTo(now, queryOf(done));
  const tool = done.family === 4 ? 'iptables' : 'ip6tables';
  if (live === null) return { impossible: `the chains of ${tool} could not be listed` };
  if (live.problem !== null) return { impossible: live.problem };
  const moved = whatMoved(done, live);
  if (moved !== null) return { moved: `${moved} of ${tool} is not as the run left it` };

  const target = new Map(
    [...ownChains(done.before)].map(([name, rules]) => [
      name,
      isKeep(name) ? (live.chains.get(name) ?? rules) : rules,
    ]),
  );
  const removed = [...ownChains(live).keys()].filter((name) => !target.has(name));
  const policies = policiesBack(done, live);
  const { jumps, notes } = jumpsBack(target, done.before, live);
  const isSame =
    removed.length === 0 &&
    policies.size === 0 &&
    jumps.length === 0 &&
    [...target].every(([name, rules]) => isEqual(live.chains.get(name), rules));
  if (isSame) return { changes: [], notes: [] };
  const { kind, effect, family } = done;
  return {
    changes: [{ kind, effect, family, chains: target, removed, jumps, policies, before: live }],
    notes: notes.map((note) => `${tool}: ${note}`),
  };
}

const leftBy = (done: SwapChains): ChainsState => chainsAfter(done, done.before);

const isKeep = (name: string): boolean => name.replace('raw/', '') === keepChain;

function ownChains({ chains }: ChainsState): Chains {
  return new Map([...chains].filter(([name]) => !isBuiltIn(name)));
}

/** The first of ours that is neither as the change left it nor as it was before; null: none. */
function whatMoved(done: SwapChains, live: ChainsState): string | null {
  const left = leftBy(done);
  const names = new Set([left, done.before, live].flatMap((state) => [...ownChains(state).keys()]));
  for (const name of names) {
    const found = live.chains.get(name);
    const known = [left.chains.get(name), live.spelled.get(name), done.before.chains.get(name)];
    const isKnown =
      found === undefined
        ? !left.chains.has(name) || !done.before.chains.has(name)
        : known.some((rules) => rules !== undefined && isEqual(found, rules));
    if (!isKeep(name) && !isKnown) return `the chain ${name}`;
  }
  const policy = [...done.policies.keys()].find((name) => {
    const found = live.policies.get(name);
    return found !== left.policies.get(name) && found !== done.before.policies.get(name);
  });
  return policy === undefined ? null : `the policy of ${policy}`;
}

function policiesBack({ policies, before }: SwapChains, live: ChainsState) {
  return new Map(
    [...policies.keys()].flatMap((name) => {
      const policy = before.policies.get(name) === 'DROP' ? 'DROP' : 'ACCEPT';
      return live.policies.get(name) === policy ? [] : [[name, policy] as const];
    }),
  );
}

/** Jumps to our chains that were there and are not: they come first, the first of them last. */
function jumpsBack(target: Chains, before: ChainsState, live: ChainsState) {
  const notes: string[] = [];
  const jumps = [...before.chains].flatMap(([from, rules]) => {
    if (!isBuiltIn(from)) return [];
    const ours = [...target.keys()].filter((to) => tableOf(to) === tableOf(from));
    const first = live.chains.get(from) ?? [];
    return rules
      .flatMap((rule, index) => {
        const to = ours.find((name) => jumpTo(name) === rule);
        if (to === undefined || first.includes(rule)) return [];
        const isFirst = rules
          .slice(0, index)
          .every((other) => ours.some((name) => jumpTo(name) === other));
        if (!isFirst)
          notes.push(`the jump to ${to} comes first in ${from}, where it was rule ${index + 1}`);
        return [{ from, to }];
      })
      .toReversed();
  });
  return { jumps, notes };
}

function isEqual(one: readonly string[] | undefined, other: readonly string[]): boolean {
  return one?.length === other.length && other.every((rule, index) => one[index] === rule);
}
