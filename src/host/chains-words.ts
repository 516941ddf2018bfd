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

/** The call of the runtime that tells how the host spells what is wanted (runtime/chains.sh). */
export function spellWords({ family, chains, wanted }: QueryOf<'chains'>): readonly string[] {
  const declared = [...new Set([...chains, ...wanted.keys()])].filter((name) => !isBuiltIn(name));
  const payload = byTable(declared).map(({ table, chains: own }) =>
    [
      `*${table}`,
      ...own.map(({ chain }) => `:${chain} - [0:0]`),
      ...own.flatMap(({ name, chain }) => rulesOf(chain, wanted.get(name) ?? [])),
      'COMMIT\n',
    ].join('\n'),
  );
  const blocks = [...wanted].flatMap(([name, rules]) =>
    rules.length === 0 ? [] : [`${rulesOf(name, rules).join('\n')}\n`],
  );
  return [`${family}`, chainsScript(chains), payload.join(''), ...blocks];
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
