import type { Query } from './query.ts';

/** What a program of ours can not do without: one of these commands. */
export interface Need {
  readonly oneOf: readonly string[];
  /** As in `which xpush needs to ...`. */
  readonly purpose: string;
}

/** Needs with one purpose; a list in place of a command: any of them is enough. */
export function needs(
  purpose: string,
  ...commands: readonly (string | readonly string[])[]
): readonly Need[] {
  return commands.map((each) => ({ oneOf: [each].flat(), purpose }));
}

/** What tells contents apart (`xp_sums`). */
export const summing = ['sha256sum', 'cksum'] as const;

const reading = needs('read files', 'head', 'ls', summing);
const listing = needs('list addresses, routes and rules', 'ip', 'sed');
const firewall = needs('read the firewall', 'sed');

/**
 * What the look program uses to answer a query; kinds that are not here are answered by the shell
 * alone, or by what may be missing. Of a firewall, its own commands may be: that is an answer too.
 */
export const lookNeeds: Partial<Readonly<Record<Query['kind'], readonly Need[]>>> = {
  file: reading,
  directory: reading,
  parameter: needs('read kernel parameters', 'head'),
  interfaces: listing,
  rules: listing,
  routes: listing,
  proxies: listing,
  path: listing,
  entry: needs('look at files', ['stat', 'ls'], 'readlink'),
  tree: needs('look at directories', 'find', 'head', 'stat'),
  aliases: needs('see where symbolic links lead', 'readlink'),
  output: needs('run commands', 'head', 'sleep'),
  chains: firewall,
  nft: firewall,
  firewalls: [...firewall, ...needs('read the firewall', 'grep')],
  domains: needs('ask Xen', 'sed'),
  xen: needs('ask Xen', 'sed'),
};

/** The commands of these needs, each once. */
export function commandsOf(all: readonly Need[]): readonly string[] {
  return [...new Set(all.flatMap(({ oneOf }) => oneOf))].sort();
}

/** Those of the needs that a host does not meet. */
export function unmet(all: readonly Need[], lacks: readonly string[]): readonly Need[] {
  return all.filter(({ oneOf }) => oneOf.every((command) => lacks.includes(command)));
}

/** One sentence: what is missing, which of these need it for what, and what to install. */
export function lackText(missing: readonly Need[], who: readonly string[]): string {
  const commands = unique(
    missing.map(({ oneOf: [first, ...others] }) => withOthers(first, others)),
  );
  const purposes = unique(missing.map(({ purpose }) => `to ${purpose}`));
  const packages = unique(missing.flatMap(({ oneOf }) => oneOf.slice(0, 1).map(packageOf)));
  const need = `${inWords(who, 'and')} ${who.length === 1 ? 'needs' : 'need'}`;
  return `the host has no ${inWords(commands, 'or')}, which ${need} ${inWords(purposes, 'and')}; install ${inWords(packages, 'and')}`;
}

/** `a`, `a or b`, `a, b or c`. */
function inWords(words: readonly string[], conjunction: 'and' | 'or'): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}

function withOthers(first: string | undefined, others: readonly string[]): string {
  return others.length === 0 ? `${first}` : `${first} (nor ${others.join(', ')})`;
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}

/** As Debian calls them, and most others. */
const packages: Readonly<Record<string, string>> = {
  cmp: 'diffutils',
  find: 'findutils',
  grep: 'grep',
  ip: 'iproute2',
  nft: 'nftables',
  sed: 'sed',
  setsid: 'util-linux',
  su: 'util-linux',
};

function packageOf(command: string): string {
  if (/^ip6?tables-/.test(command)) return 'iptables';
  return packages[command] ?? 'coreutils';
}
