import type { Family } from '../inventory/model.ts';
import {
  chains,
  type FirewallModel,
  type FirewallRule,
  type ModelChain,
} from './firewall-model.ts';
import { iptablesRules } from './firewall-rule.ts';

export { chains } from './firewall-model.ts';

/**
 * dom0's filter for its guests in one family, in the words of iptables-save. Chains of the raw table
 * are named `raw/NAME`.
 */
export interface DesiredFirewall {
  readonly family: Family;
  /** Chain -> all its rules, without `-A CHAIN `; XPUSH-KEEP is not among them. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Chains that come to be the first rule of a built-in chain. */
  readonly jumps: readonly { readonly from: string; readonly to: string }[];
  /** Built-in chains whose policy is ours to set. */
  readonly policies: ReadonlyMap<string, 'ACCEPT' | 'DROP'>;
  /** Whether XPUSH-KEEP must be there, because XPUSH-FWD jumps to it; else it can go. */
  readonly needsKeep: boolean;
}

/** What is to be looked at: our chains, those of earlier versions, and those that lead to them. */
export const iptablesChains: readonly string[] = [
  ...['FORWARD', ...Object.values(chains)],
  ...['raw/PREROUTING', `raw/${chains.spoof}`],
];

/** Where a chain is entered, and the name it has there. */
const entries = {
  forward: { from: 'FORWARD', prefix: '' },
  prerouting: { from: 'raw/PREROUTING', prefix: 'raw/' },
} as const;

/** What is asked about is planned by. */
const written = new WeakMap<FirewallModel, DesiredFirewall>();

/** The model in the words of iptables-save; made once. */
export function iptablesFirewall(model: FirewallModel): DesiredFirewall {
  const known = written.get(model);
  if (known !== undefined) return known;
  const made = inWords(model);
  written.set(model, made);
  return made;
}

function inWords({ family, chains: modelled, policy, needsKeep }: FirewallModel): DesiredFirewall {
  const rendered = modelled.map(({ name, entry, rules }) => {
    const lines = rules.flatMap((rule) => iptablesRules(rule, family));
    return [nameOf(name, entry), [...new Set(lines)]] as const;
  });
  return {
    family,
    chains: new Map(rendered),
    jumps: modelled.flatMap(({ name, entry }) =>
      entry === null ? [] : [{ from: entries[entry].from, to: nameOf(name, entry) }],
    ),
    policies: new Map(policy === 'drop' ? [['FORWARD', 'DROP']] : []),
    needsKeep,
  };
}

const nameOf = (name: string, entry: ModelChain['entry']): string =>
  entry === null ? name : `${entries[entry].prefix}${name}`;

/**
 * Rules to add to XPUSH-KEEP, so that the pushing session's peer reaches the closed guests' port 22:
 * those of `keepRules` that are not among the existing ones, however the host spells these.
 */
export function missingKeepRules(
  existing: readonly string[],
  wanted: readonly FirewallRule[],
  family: Family,
): readonly string[] {
  const there = new Set(existing.map(endsOf));
  return wanted
    .flatMap((rule) => iptablesRules(rule, family))
    .filter((rule) => !there.has(endsOf(rule)));
}

/** Who reaches whom; before 1.4 iptables-save prints an address without its length. */
function endsOf(rule: string): string {
  const [, source, destination] = /^-s (\S+) -d (\S+) .*--dport 22 -j ACCEPT$/.exec(rule) ?? [];
  return `${source} ${destination}`.replaceAll(/\/(?:32|128)\b/g, '');
}
