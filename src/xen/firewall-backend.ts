import { isOwn } from '../host/nft-text.ts';
import type { ChainsState, FirewallBackend, FirewallFacts, NftState } from '../host/query.ts';
import type { Dom0Firewall } from '../inventory/model.ts';
import { hasForeignForward } from './firewall-swap.ts';

/** What is known of a host's firewalls. */
export interface SeenFirewalls {
  readonly facts: FirewallFacts;
  /** As `iptables-save` and `ip6tables-save` print them. */
  readonly live: readonly ChainsState[];
  readonly native: NftState;
}

interface Refused {
  readonly refusal: string;
  readonly hint: string;
  /** Whether something is not installed. */
  readonly isLack?: boolean;
}

/**
 * The back end that holds the rules, or why none can: what one accepts, another may still drop, so
 * two that both decide on what is forwarded are one too many.
 */
export function chooseBackend(
  wanted: Dom0Firewall['backend'],
  seen: SeenFirewalls,
): { readonly backend: FirewallBackend } | Refused {
  const { facts } = seen;
  const native = facts.backends.nftables;
  if (wanted === 'nftables' || (wanted === 'auto' && isNativeInCharge(facts))) {
    if (!native.isInstalled) {
      return {
        refusal: "nftables is not installed (looked for 'nft')",
        hint: 'install nftables, or set firewall: { backend: auto }',
        isLack: true,
      };
    }
    return besideNative(seen) ?? { backend: 'nftables' };
  }
  if (facts.iptables === null) {
    return {
      refusal: 'iptables is not installed (looked for iptables-save)',
      hint: wanted === 'auto' ? 'install iptables or nftables' : 'install iptables',
      isLack: true,
    };
  }
  return besideIptables(facts.iptables, seen) ?? { backend: facts.iptables };
}

/** Only nft is installed, or only native rules are there. */
function isNativeInCharge({ backends, iptables, persistence }: FirewallFacts): boolean {
  const { nftables } = backends;
  if (!nftables.isInstalled) return false;
  if (iptables === null) return true;
  const isUnused = backends['iptables-nft'].rules + backends['iptables-legacy'].rules === 0;
  const isLasting = persistence.includes('nftables.service') && nftables.rules > 0;
  return isUnused && (isLasting || nftables.forwarding > 0);
}

function besideIptables(
  chosen: 'iptables-nft' | 'iptables-legacy',
  { facts, live, native }: SeenFirewalls,
): Refused | null {
  const other = chosen === 'iptables-nft' ? 'iptables-legacy' : 'iptables-nft';
  const { rules } = facts.backends[other];
  if (rules > 0) return twoOfThem(chosen, other, rules);
  const problem = live[0]?.problem ?? null;
  if (problem?.includes('is not installed')) {
    return { refusal: problem, hint: 'install iptables', isLack: true };
  }
  if (problem !== null) {
    return {
      refusal: problem,
      hint: problem.includes('native nft rules')
        ? 'move them to a table of another name (nft list ruleset shows them), or set firewall: { backend: nftables }'
        : 'log in as root, and see what iptables-save says there',
    };
  }
  const closing = native.bases.find(
    (one) => one.hook === 'forward' && !one.isOfIptables && !isOwn(one) && one.policy === 'drop',
  );
  return closing === undefined
    ? null
    : {
        refusal: `the nftables chain ${closing.family} ${closing.table} ${closing.chain} drops what it does not accept itself, whatever iptables accepts`,
        hint: 'set firewall: { backend: nftables } for this dom0, or give that chain the policy accept',
      };
}

function besideNative({ facts, live }: SeenFirewalls): Refused | null {
  const legacy = facts.backends['iptables-legacy'];
  const isSeen = facts.iptables === 'iptables-legacy';
  const interferes = isSeen ? live.some(hasForeignForward) : legacy.forwarding > 0;
  return interferes ? twoOfThem('nftables', 'iptables-legacy', legacy.rules) : null;
}

function twoOfThem(chosen: FirewallBackend, other: FirewallBackend, rules: number): Refused {
  const count = rules === 1 ? '1 rule' : `${rules} rules`;
  const tool = other.replace('iptables-', '');
  const move =
    chosen === 'nftables'
      ? `make native rules of them (iptables-${tool}-save, iptables-restore-translate)`
      : `iptables-${tool}-save | iptables-${chosen.replace('iptables-', '')}-restore (and ip6tables)`;
  return {
    refusal: `${other} holds ${count} beside ${chosen}: a packet must pass both`,
    hint: `if they are needed: ${move}; then clear them: iptables-${tool} -F; iptables-${tool} -P FORWARD ACCEPT; for nat, mangle and raw: iptables-${tool} -t TABLE -F`,
  };
}
