import type { ChainsState } from './query.ts';

/**
 * The sed script by which both programs list the same chains: `:NAME POLICY` and `-A NAME ...` lines
 * of these. Names are iptables chain names ([A-Za-z0-9_-], at most 28 characters).
 * Throws for any other name: it would be sed's to interpret.
 */
export function chainsScript(chains: readonly string[]): string {
  for (const chain of chains) {
    if (!/^[\w-]{1,28}$/.test(chain)) throw new Error(`not a chain name: ${chain}`);
  }
  return [...chains]
    .sort()
    .map((chain) => `/^:${chain} /p;/^-A ${chain}$/p;/^-A ${chain} /p`)
    .join(';');
}

/** The kernel's own chains: they are there, and accept, before anything is said of them. */
const builtIn = ['INPUT', 'FORWARD', 'OUTPUT'];

/** Parses what `xp_list_chains` prints, or says why it cannot be relied on. */
export function parseChains(
  text: string,
  listed: readonly string[],
  fingerprint: string,
): { readonly state: ChainsState } | { readonly failure: string } {
  const present = builtIn.filter((chain) => listed.includes(chain));
  const chains = new Map<string, string[]>(present.map((chain) => [chain, []]));
  const policies = new Map(present.map((chain) => [chain, 'ACCEPT']));
  for (const line of text.split('\n')) {
    const status = /^#status (\d+)$/.exec(line)?.[1];
    if (status === '127') {
      return { failure: 'iptables is not installed (looked for iptables-save)' };
    }
    if (status !== undefined) return { failure: `iptables-save failed with status ${status}` };
    if (/^#.*incompatible/.test(line)) {
      return { failure: "the filter table holds native nft rules that iptables can't show" };
    }
    const chain = /^:(\S+) (\S+)/.exec(line);
    if (chain?.[1] !== undefined && chain[2] !== undefined) {
      chains.set(chain[1], []);
      if (chain[2] !== '-') policies.set(chain[1], chain[2]);
    }
    const rule = /^-A (\S+) ?(.*)$/.exec(line);
    if (rule?.[1] !== undefined) chains.get(rule[1])?.push(rule[2] ?? '');
  }
  return { state: { listed, chains, policies, fingerprint } };
}
