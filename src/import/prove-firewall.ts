import type { Inventory } from '../inventory/model.ts';
import { chains, iptablesFirewall } from '../xen/firewall.ts';
import { firewallModels } from '../xen/firewall-model.ts';
import { hasReversePath } from '../xen/firewall-remarks.ts';
import type { Dom0Seen } from './dom0.ts';
import { type Draft, noFirewall } from './draft.ts';
import { type Loaded, loadDraft } from './load-draft.ts';
import { hasOwnChains } from './own-chains.ts';
import { readRule } from './rule-words.ts';

/**
 * Leaves out what was read of xpush's own chains where the inventory, compiled, would not give the
 * same rules again.
 */
export async function proveFirewalls(
  loaded: Loaded,
  names: ReadonlyMap<Dom0Seen, string>,
): Promise<Loaded> {
  const wrong = [...names].flatMap(([seen, name]) =>
    isProven(seen, name, loaded.inventory) ? [] : [name],
  );
  return wrong.length === 0 ? loaded : await loadDraft(withoutFirewalls(loaded.draft, wrong));
}

function isProven(seen: Dom0Seen, name: string, inventory: Inventory): boolean {
  const host = inventory.hosts.get(name);
  if (
    host?.kind !== 'dom0' ||
    !([4, 6] as const).some((family) => hasOwnChains(seen.chains[family]))
  )
    return true;
  const guests = host.domUs.flatMap((guest) => {
    const domU = inventory.hosts.get(guest);
    return domU?.kind === 'domU' ? [domU] : [];
  });
  const kernel = { hasReversePath: hasReversePath(seen.kernel) };
  const wanted = new Map(
    firewallModels(host, guests, kernel).map((model) => [model.family, iptablesFirewall(model)]),
  );
  return ([4, 6] as const).every((family) =>
    [chains.forward, chains.out].every((chain) => {
      const live = seen.chains[family]?.chains.get(chain) ?? [];
      return meaning(live) === meaning(wanted.get(family)?.chains.get(chain) ?? []);
    }),
  );
}

/** The same for rules that differ only in how iptables spells them. */
function meaning(rules: readonly string[]): string {
  return JSON.stringify(rules.map((text) => readRule(text) ?? text));
}

function withoutFirewalls(draft: Draft, dom0s: readonly string[]): Draft {
  const remark =
    "xpush's chains are not what the guests' lists would give: allow is left out for all of them";
  return {
    ...draft,
    dom0s: draft.dom0s.map((dom0) =>
      dom0s.includes(dom0.name)
        ? { ...dom0, firewall: noFirewall, remarks: [...dom0.remarks, remark] }
        : dom0,
    ),
    domUs: draft.domUs.map((guest) =>
      dom0s.includes(guest.dom0) ? { ...guest, allow: null } : guest,
    ),
  };
}
