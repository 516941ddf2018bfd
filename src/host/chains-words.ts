import { byTable, chainsScript, isBuiltIn, jumpTo } from './chains-text.ts';
import type { SwapChains } from './change.ts';
import type { QueryOf } from './query.ts';
import { isMovedJump } from './state.ts';

/** The call of the runtime that makes this change (runtime/act-chains.sh). Throws for names that no chain of ours may have. */
export function swapWords(change: SwapChains): readonly string[] {
  const { listed, fingerprint } = change.before;
  return [
    ...['xp_swap_chains', `${change.family}`, chainsScript(listed)],
    ...[fingerprint ?? '', swapPayload(change)],
  ];
}

/**
 * What is wanted of the host's spelling, in words for `xp_spell_chains` (runtime/chains.sh): a table's
 * first lines, and the rules of each of its chains; those of the raw table in two words each.
 */
export function spellWords({ chains, wanted }: QueryOf<'chains'>): readonly string[] {
  const declared = [...new Set([...chains, ...wanted.keys()])].filter((name) => !isBuiltIn(name));
  return byTable(declared).flatMap(({ table, chains: own }) => [
    [`*${table}`, ...own.map(({ chain }) => `:${chain} - [0:0]`), ''].join('\n'),
    ...own.flatMap(({ name, chain }) => {
      const rules = wanted.get(name) ?? [];
      const names = name === chain ? [name] : [chain, name];
      return rules.length === 0 ? [] : names.map((each) => `${rulesOf(each, rules).join('\n')}\n`);
    }),
  ]);
}

/** The text for `iptables-restore --noflush`: one transaction a table. */
function swapPayload(change: SwapChains): string {
  const replaced = [...change.chains.keys(), ...change.removed];
  const names = [
    ...change.policies.keys(),
    ...replaced,
    ...change.before.chains.keys(),
    ...change.jumps.map(({ from }) => from),
  ];
  return byTable([...new Set(names)])
    .map(({ table, chains }) => {
      const lines = chains.flatMap((one) => policyLines(change, one));
      const others = [
        ...chains.flatMap(({ name, chain }) =>
          replaced.includes(name) ? [`:${chain} - [0:0]`] : [],
        ),
        ...chains.flatMap(({ name, chain }) => rulesOf(chain, change.chains.get(name) ?? [])),
        ...chains.flatMap((one) => jumpLines(change, one)),
        ...chains.flatMap(({ name, chain }) =>
          change.removed.includes(name) ? [`-X ${chain}`] : [],
        ),
      ];
      return [...lines, ...others].length === 0
        ? ''
        : `${[`*${table}`, ...lines, ...others].join('\n')}\nCOMMIT\n`;
    })
    .join('');
}

interface Named {
  readonly name: string;
  readonly chain: string;
}

function policyLines({ policies }: SwapChains, { name, chain }: Named): readonly string[] {
  const policy = policies.get(name);
  return policy === undefined ? [] : [`:${chain} ${policy} [0:0]`];
}

/** Old jumps go, then the new ones come first. */
function jumpLines(change: SwapChains, { name, chain }: Named): readonly string[] {
  const isReplaced = change.chains.has(name) || change.removed.includes(name);
  const rules = isReplaced ? [] : (change.before.chains.get(name) ?? []);
  return [
    ...rules.filter((rule) => isMovedJump(change, name, rule)).map((jump) => `-D ${chain} ${jump}`),
    ...change.jumps
      .filter(({ from }) => from === name)
      .map(({ to }) => `-I ${chain} 1 ${jumpTo(to)}`),
  ];
}

function rulesOf(chain: string, rules: readonly string[]): readonly string[] {
  return rules.map((rule) => `-A ${chain} ${rule}`);
}
