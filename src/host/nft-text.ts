import type { NftBaseChain, NftChain, NftFamily, NftState, NftWanted } from './query.ts';
import { sums } from './sums.ts';

/** The table that holds what has no place in anybody else's. `xp_list_nft` lists it whole. */
export const ownTable = { family: 'inet', table: 'xpush' } as const;

type ChainName = Pick<NftChain, 'family' | 'table' | 'chain'>;

/** Whether a chain lies in our own table. */
export function isOwn({ family, table }: Pick<NftChain, 'family' | 'table'>): boolean {
  return family === ownTable.family && table === ownTable.table;
}

/** A chain as nft's commands name it. */
export function nameOf({ family, table, chain }: ChainName): string {
  return `${family} ${table} ${chain}`;
}

/**
 * The sed script by which both programs list the same chains (`xp_list_nft`). Names are `XPUSH-` and letters.
 * Throws for any other: it would be sed's to interpret.
 */
export function nftScript(chains: readonly string[]): string {
  return [...chains]
    .sort()
    .map((chain) => `/\\n\tchain ${checkedChain(chain)} {\\n/b print`)
    .join('\n');
}

/** A chain as nft prints it within its table. Throws for a name or rule that would be more than that. */
export function nftChainText(chain: string, rules: readonly string[]): string {
  for (const rule of rules) checkedNftRule(rule);
  return `\tchain ${checkedChain(chain)} {\n${rules.map((rule) => `\t\t${rule}\n`).join('')}\t}\n`;
}

/** The rule; throws for a text that is more than one. */
export function checkedNftRule(rule: string): string {
  const bare = rule.replace(/"[^"\n]*"/g, '').replace(/\{[^{}]*\}/g, '');
  if (/["\n{};]/.test(bare)) throw new Error(`not one rule: ${rule}`);
  return rule;
}

function checkedChain(chain: string): string {
  if (!/^XPUSH-[A-Z]{1,20}$/.test(chain)) throw new Error(`not a chain of ours: ${chain}`);
  return chain;
}

/** Parses what `xp_list_nft` prints, which came as these bytes. */
export function parseNft(
  text: string,
  listed: readonly string[],
  bytes: string,
  spelled: NftState['spelled'] = [],
): NftState {
  const found = parseListing(text);
  const bases = (found ?? []).flatMap((one) => ('policy' in one ? [one] : []));
  return {
    bases: bases.toSorted((a, b) => numberOf(a) - numberOf(b)),
    chains: (found ?? []).filter((one) => !('policy' in one) && listed.includes(one.chain)),
    spelled,
    problem: found === null ? problemOf(text) : null,
    get fingerprint() {
      return sums(bytes); // of no use where nothing is to be done
    },
  };
}

function problemOf(text: string): string {
  const status = /^#status (\d+)$/m.exec(text)?.[1];
  if (status === '127') return "nftables is not installed (looked for 'nft')";
  return status === undefined
    ? 'the listing of nft makes no sense'
    : `'nft -s list ruleset' failed with status ${status} (not root, or older than 0.8?)`;
}

/** The chains in a listing of one table that was made of wanted rules; null when they are not there. */
export function parseSpelled(text: string, wanted: NftWanted): NftWanted | null {
  const chains = new Map<string, readonly string[]>();
  const [header = '', ...lines] = text.split('\n');
  if (header !== `table ${wanted.family} xpush {`) return null;
  for (const block of splitChains(lines.join('\n'))) {
    const rules = joinLines(block.lines);
    if (rules === null) return null;
    chains.set(block.chain, rules);
  }
  const spelled = [...wanted.chains].flatMap(([chain, rules]) => {
    const found = chains.get(chain);
    return found?.length === rules.length ? [[chain, found] as const] : [];
  });
  if (spelled.length < wanted.chains.size) return null;
  return { family: wanted.family, chains: new Map(spelled) };
}

/** A table's line and flags, and one of its chains. */
const listedChain =
  /^table (\w+) (\S+) \{[^\n]*\n(?:\tflags ([^\n]*)\n)?\tchain (\S+) \{[^\n]*\n((?:\t\t[^\n]*\n)*)\t\}\n$/;

/** Chains below a line for their table, over and over; null for anything else. */
function parseListing(text: string): readonly (NftChain | NftBaseChain)[] | null {
  if (!text.endsWith('#listed\n')) return null;
  const found: (NftChain | NftBaseChain)[] = [];
  // a table's line is the only one that begins so: chains' lines begin with tabs
  for (const part of text.slice(0, -'#listed\n'.length).split(/^(?=table )/m)) {
    if (part === '') continue;
    const [match, family = '', table = '', flags = '', chain = '', body = ''] =
      listedChain.exec(part) ?? [];
    const rules = joinLines(body.split('\n').slice(0, -1));
    if (match === undefined || rules === null) return null;
    if (!isFamily(family) || /\bdormant\b/.test(flags)) continue;
    const one = chainOf({ family, table, chain, rules }, flags);
    if (one === null) return null;
    found.push(one);
  }
  return found;
}

/** A chain without the lines that tell what it is hooked to; null for one that nobody asked for. */
function chainOf(listed: NftChain, flags: string): NftChain | NftBaseChain | null {
  const rules = listed.rules.filter((rule) => !/^(?:type|comment|policy) /.test(rule));
  const declared = listed.rules.find((rule) => rule.startsWith('type '));
  const chain = { ...listed, rules };
  if (declared === undefined) return chain;
  const [, hook, priority] = declaration.exec(declared) ?? [];
  if (hook === undefined || priority === undefined || priorityNumber(priority) === null)
    return null;
  if (hook !== 'forward' && !isOwn(listed)) return null;
  return {
    ...chain,
    ...{ hook, priority },
    policy: /\bpolicy drop;/.test(declared) ? 'drop' : 'accept',
    isOfIptables: /^ip6? filter FORWARD$/.test(nameOf(listed)),
    isOwned: /\bowner\b/.test(flags),
  };
}

const declaration = /^type filter hook ([a-z]+) priority ([a-z]+(?: [+-] \d{1,10})?|-?\d{1,10});/;

interface Block {
  readonly chain: string;
  readonly lines: readonly string[];
}

/** `\tchain NAME {` to `\t}`. */
function splitChains(text: string): readonly Block[] {
  return [...text.matchAll(/^\tchain (\S+) \{[^\n]*\n((?:\t\t[^\n]*\n)*)\t\}$/gm)].map(
    ([, chain = '', body = '']) => ({ chain, lines: body.split('\n').slice(0, -1) }),
  );
}

/** Rules in one line each: sets and chains without a name go over several; null when one has no end. */
function joinLines(lines: readonly string[]): readonly string[] | null {
  const joined: string[] = [];
  let depth = 0;
  for (const line of lines) {
    const text = line.trim();
    if (depth > 0) joined.push(`${joined.pop() ?? ''} ${text}`);
    else joined.push(text);
    const bare = text.replace(/"[^"]*"/g, '');
    depth += count(bare, '{') - count(bare, '}');
    if (depth < 0) return null;
  }
  return depth === 0 ? joined : null;
}

const count = (text: string, character: string): number => text.split(character).length - 1;

const isFamily = (word: string): word is NftFamily =>
  word === 'ip' || word === 'ip6' || word === 'inet';

/** Names of priorities (nft(8)) that a filter chain may have. */
const priorityNames = new Map([
  ['raw', -300],
  ['mangle', -150],
  ['dstnat', -100],
  ['filter', 0],
  ['security', 50],
  ['srcnat', 100],
]);

const numberOf = ({ priority }: NftBaseChain): number => priorityNumber(priority) ?? 0;

/** null: it is none. */
function priorityNumber(priority: string): number | null {
  const [match, name, sign, offset = '0'] =
    /^(?:([a-z]+)(?: ([+-]) (\d+))?|-?\d+)$/.exec(priority) ?? [];
  if (match === undefined) return null;
  if (name === undefined) return Number(priority);
  const base = priorityNames.get(name);
  return base === undefined ? null : base + (sign === '-' ? -1 : 1) * Number(offset);
}
