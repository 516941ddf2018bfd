import type { ChainsState, QueryOf } from './query.ts';
import { sums } from './sums.ts';

const tables = ['filter', 'raw'] as const;

type Table = (typeof tables)[number];

/** The table of a chain: `raw` of `raw/PREROUTING`. Throws for names that no chain of ours may have. */
export function tableOf(name: string): Table {
  return split(name).table;
}

/** A rule that does nothing but jump to the chain, in the words of iptables-save. */
export function jumpTo(name: string): string {
  return `-j ${split(name).chain}`;
}

/** Chains by their table, with the names that they have there. */
export function byTable(names: readonly string[]): readonly {
  readonly table: Table;
  readonly chains: readonly { name: string; chain: string }[];
}[] {
  return tables.flatMap((table) => {
    const chains = names.flatMap((name) => {
      const parts = split(name);
      return parts.table === table ? [{ name, chain: parts.chain }] : [];
    });
    return chains.length === 0 ? [] : [{ table, chains }];
  });
}

/** Names are iptables' (letters, digits, `_`, `-`; at most 28): all else would be sed's to interpret. */
function split(name: string): { readonly table: Table; readonly chain: string } {
  const [, prefix, chain = ''] = /^(raw\/)?([\w-]{1,28})$/.exec(name) ?? [];
  if (chain === '') throw new Error(`not a chain name: ${name}`);
  return { table: prefix === undefined ? 'filter' : 'raw', chain };
}

/** What is listed of one table. */
interface ChainPattern {
  readonly table: Table;
  /** Names as everywhere: `raw/PREROUTING`. */
  readonly chains: readonly string[];
}

/** What of which table is listed, in this order. Throws for what is no name of a chain. */
export function chainPatterns(names: readonly string[]): readonly ChainPattern[] {
  return byTable([...names].sort()).map(({ table, chains }) => ({
    table,
    chains: chains.map(({ name }) => name),
  }));
}

/**
 * The sed script by which both programs list the same chains: `:NAME POLICY` and `-A NAME ...` lines
 * of these, and what iptables-save says of a table that it can't show.
 * Throws for what is no name of a chain.
 */
export function chainsScript(names: readonly string[]): string {
  return chainPatterns(names)
    .flatMap(({ table, chains }) => [
      `/^# Table .${table}. .*incompatible/p`,
      `/^\\*${table}$/,/^COMMIT/{`,
      's/ \\[[0-9]*:[0-9]*\\]$//',
      ...(table === 'filter' ? [] : [`s/^:/:${table}\\//`, `s/^-A /-A ${table}\\//`]),
      ...chains.map((name) => {
        const pattern = name.replace('/', '\\/');
        return `/^:${pattern} /p;/^-A ${pattern}$/p;/^-A ${pattern} /p`;
      }),
      '}',
    ])
    .join('\n');
}

/** The kernel's own chains: they are there, and accept, before anything is said of them. */
const builtIn = ['INPUT', 'FORWARD', 'OUTPUT', 'raw/PREROUTING', 'raw/OUTPUT'];

export function isBuiltIn(name: string): boolean {
  return builtIn.includes(name);
}

/**
 * Parses what `xp_print_chains` prints, which came as these bytes; `spelled` is what `xp_spell_chains` does,
 * null for nothing.
 */
export function parseChains(
  text: string,
  spelled: string | null,
  { family, chains: listed }: Pick<QueryOf<'chains'>, 'family' | 'chains'>,
  bytes: string,
): ChainsState {
  const present = builtIn.filter((chain) => listed.includes(chain));
  const chains = new Map<string, string[]>(present.map((chain) => [chain, []]));
  const policies = new Map(present.map((chain) => [chain, 'ACCEPT']));
  for (const line of text.split('\n')) {
    const chain = /^:(\S+) (\S+)/.exec(line);
    if (chain?.[1] !== undefined && chain[2] !== undefined) {
      chains.set(chain[1], []);
      if (chain[2] !== '-') policies.set(chain[1], chain[2]);
    }
    const rule = /^-A (\S+) ?(.*)$/.exec(line);
    if (rule?.[1] !== undefined) chains.get(rule[1])?.push(rule[2] ?? '');
  }
  return {
    ...{ listed, chains, policies },
    problem: problemOf(text, family === 4 ? 'iptables' : 'ip6tables'),
    spelled: spelled === null ? new Map() : ownChains(spelled),
    get fingerprint() {
      return sums(bytes); // of no use where nothing is to be done
    },
  };
}

function problemOf(text: string, tool: string): string | null {
  const status = /^#status (\d+)$/m.exec(text)?.[1];
  if (status === '127') return `${tool} is not installed (looked for ${tool}-save)`;
  if (status !== undefined) return `${tool}-save failed with status ${status}`;
  const [, table] = /^# Table .(\w+). .*incompatible/m.exec(text) ?? [];
  return table === undefined
    ? null
    : `the ${table} table holds native nft rules that ${tool} can't show`;
}

function ownChains(text: string): ReadonlyMap<string, readonly string[]> {
  const { chains } = parseChains(text, null, { family: 4, chains: [] }, '');
  return new Map([...chains].filter(([name]) => !isBuiltIn(name)));
}
