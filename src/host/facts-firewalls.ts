import type { Lines } from './facts-lines.ts';
import { outlineOf } from './nft-ruleset.ts';
import type { BackendFacts, FirewallBackend, FirewallFacts } from './query.ts';

/** Listings that were told whole: of nft, and of iptables-save and ip6tables-save. */
interface Whole {
  readonly ruleset: string;
  readonly saved: readonly [string, string];
}

/** Reads what `xp_firewalls` printed. */
export function parseFirewalls(
  lines: Lines,
  { ruleset, saved }: Whole = { ruleset: '', saved: ['', ''] },
): FirewallFacts {
  const iptables = iptablesOf(lines);
  const inNft = lines.has('beside')
    ? savedTables(saved.flatMap(savedOutline), 'iptables-nft')
    : nftTables(lines.has('ruleset') ? outlineOf(ruleset) : lines.all('nft'));
  const inLegacy = savedTables([
    ...(lines.has('saved4') ? savedOutline(saved[0]) : []),
    ...lines.all('legacy'),
    ...(lines.has('saved6') ? savedOutline(saved[1]) : []),
  ]);
  const of = (isInstalled: boolean, tables: readonly Table[]): BackendFacts => ({
    isInstalled,
    rules: sum(tables.map(({ rules }) => rules)),
    forwarding: sum(tables.map(({ forwarding }) => forwarding)),
  });
  return {
    backends: {
      'iptables-nft': of(
        lines.has('iptables-nft-save') || iptables === 'iptables-nft',
        inNft.filter(({ backend }) => backend === 'iptables-nft'),
      ),
      'iptables-legacy': of(
        lines.has('iptables-legacy-save') || iptables === 'iptables-legacy',
        inLegacy,
      ),
      nftables: of(
        lines.has('nft'),
        inNft.filter(({ backend }) => backend === 'nftables'),
      ),
    },
    iptables,
    persistence: (
      [
        ['netfilter-persistent', lines.has('netfilter-persistent')],
        ['nftables.service', lines.has('nftables.service')],
        ['ifupdown', lines.has('ifup') && lines.has('if-pre-up.d')],
        ['systemd', lines.has('systemd')],
      ] as const
    ).flatMap(([name, isSo]) => (isSo ? [name] : [])),
  };
}

/** Versions before 1.8 (2018) do not name their back end: there was one. */
function iptablesOf(lines: Lines): FirewallFacts['iptables'] {
  const said = lines.all('iptables').find((text) => /^(?:iptables v\d|xtables-)/.test(text));
  if (said === undefined) return null;
  const isNft = said === 'xtables-nft' || said.includes('(nf_tables)');
  return isNft ? 'iptables-nft' : 'iptables-legacy';
}

interface Table {
  readonly backend: FirewallBackend;
  rules: number;
  forwarding: number;
}

/**
 * Tables of an outline: `table FAMILY NAME {`, `block chain NAME {`, `hook filter hook forward ...`,
 * `rule` for a line of the block; or `table NAME`, `drop CHAIN`, `rule CHAIN` where nft is missing.
 */
function nftTables(outline: readonly string[]): readonly Table[] {
  const tables: (Table & { ofIptables: boolean })[] = [];
  let block = '';
  let chain = '';
  let isForwarding = false;
  for (const line of outline) {
    const [kind = '', ...words] = line.split(' ');
    const table = tables.at(-1);
    if (kind === 'table' && words.length === 1) return savedTables(outline, 'iptables-nft');
    if (kind === 'table') {
      const ofIptables = isIptablesTable(words[0] ?? '', words[1] ?? '');
      tables.push({ backend: 'nftables', rules: 0, forwarding: 0, ofIptables });
    } else if (kind === 'block') {
      [block = '', chain = ''] = words;
      isForwarding = false;
    } else if (table === undefined || block !== 'chain') {
      // elements of a set, or a line before its table
    } else if (kind === 'hook') {
      if (!/^[A-Z]+$/.test(chain)) table.ofIptables = false;
      isForwarding = /^filter hook forward /.test(words.join(' '));
      if (isForwarding && words.join(' ').includes('policy drop')) table.forwarding += 1;
    } else if (kind === 'rule') {
      table.rules += 1;
      if (isForwarding) table.forwarding += 1;
    }
  }
  return tables.map(({ ofIptables, ...table }) =>
    ofIptables ? { ...table, backend: 'iptables-nft' } : table,
  );
}

/** Its tables have iptables' names, and base chains in capitals; native rulesets have neither, or one. */
function isIptablesTable(family: string, name: string): boolean {
  return (
    (family === 'ip' || family === 'ip6') &&
    ['filter', 'nat', 'mangle', 'raw', 'security'].includes(name)
  );
}

/** What `xp_saved` prints of a listing, without the words before the colons. */
function savedOutline(saved: string): readonly string[] {
  return saved.split('\n').flatMap((line) => {
    if (line.startsWith('*')) return [`table ${line.slice(1)}`];
    const drop = /^:([^ ]*) DROP /.exec(line)?.[1];
    if (drop !== undefined) return [`drop ${drop}`];
    return line.startsWith('-A ') ? [`rule ${/^[^ ]*/.exec(line.slice(3))?.[0] ?? ''}`] : [];
  });
}

/** Tables of iptables-save's outline: `table NAME`, `drop CHAIN`, `rule CHAIN`. */
function savedTables(
  outline: readonly string[],
  backend: FirewallBackend = 'iptables-legacy',
): readonly Table[] {
  const tables: (Table & { readonly name: string })[] = [];
  for (const line of outline) {
    const [kind, name = ''] = line.split(' ');
    const table = tables.at(-1);
    if (kind === 'table') tables.push({ name, backend, rules: 0, forwarding: 0 });
    else if (table !== undefined) {
      if (kind === 'rule') table.rules += 1;
      if (name === 'FORWARD' && table.name === 'filter') table.forwarding += 1;
    }
  }
  return tables;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
