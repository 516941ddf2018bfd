import type { Dom0, DomU } from '../inventory/model.ts';
import { type FirewallModel, firewallModel, keepRules } from './firewall-model.ts';
import { iptablesRules } from './firewall-rule.ts';

export { chains } from './firewall-model.ts';

/** dom0's filter for its guests, in the words of iptables-save. */
export interface DesiredFirewall {
  /** Chain -> all its rules, without `-A CHAIN `; XPUSH-KEEP is not among them. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Chains that come to be the first rule of a built-in chain. */
  readonly jumps: readonly { readonly from: string; readonly to: string }[];
  /** Built-in chains whose policy is ours to set. */
  readonly policies: ReadonlyMap<string, 'ACCEPT' | 'DROP'>;
  /** Whether XPUSH-KEEP must be there, because XPUSH-FWD jumps to it; else it can go. */
  readonly needsKeep: boolean;
}

/** What dom0 forwards for its guests (IPv4); see `firewallModel`. */
export function desiredFirewall(dom0: Dom0, guests: readonly DomU[]): DesiredFirewall {
  return iptablesFirewall(firewallModel(dom0, guests, 4));
}

/** The model in the words of iptables-save. */
export function iptablesFirewall(model: FirewallModel): DesiredFirewall {
  const rendered = model.chains.map(({ name, rules }) => {
    const lines = rules.flatMap((rule) => iptablesRules(rule, model.family));
    return [name, [...new Set(lines)]] as const;
  });
  return {
    chains: new Map(rendered),
    jumps: model.chains.flatMap(({ name, entry }) =>
      entry === null ? [] : [{ from: 'FORWARD', to: name }],
    ),
    policies: new Map(model.policy === 'drop' ? [['FORWARD', 'DROP']] : []),
    needsKeep: model.needsKeep,
  };
}

/** Rules to add to XPUSH-KEEP, so that the pushing session's peer reaches the closed guests' port 22. */
export function missingKeepRules(
  existing: readonly string[],
  peer: string | null,
  guests: readonly DomU[],
): readonly string[] {
  return keepRules(peer, guests, 4)
    .flatMap((rule) => iptablesRules(rule, 4))
    .filter((wanted) => !existing.includes(wanted));
}
