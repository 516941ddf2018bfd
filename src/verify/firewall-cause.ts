import { answerTo } from '../host/answer.ts';
import { type Query, query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Dom0, DomU, Family } from '../inventory/model.ts';
import { livePlan, liveQueries } from '../xen/firewall-live.ts';
import { firewallModels } from '../xen/firewall-model.ts';
import { hasReversePath } from '../xen/firewall-remarks.ts';
import { closingPolicies, type ForeignDrop, iptablesDrops, nftDrops } from './foreign-drops.ts';

/** What a dom0 must be asked for its firewall. */
export function firewallQueries(dom0: Dom0, guests: readonly DomU[]): readonly Query[] {
  const asked = firewallQuestions(dom0, guests);
  return [
    asked.live4,
    asked.live6,
    asked.native,
    query.firewalls(),
    query.system(),
    query.session(),
  ];
}

function firewallQuestions(dom0: Dom0, guests: readonly DomU[]) {
  return liveQueries(firewallModels(dom0, guests), dom0.firewall.backend);
}

/** What is known of a dom0's live firewall. */
export interface FirewallView {
  /** Whether its rules are those of the inventory; null: that can't be told. */
  readonly isAsDescribed: boolean | null;
  /** Rules of others that drop or reject. */
  readonly foreignDrops: readonly ForeignDrop[];
  /** Families whose FORWARD drops what no rule lets through, by a policy that is not ours. */
  readonly closes: readonly Family[];
}

/** null: it could not be looked at. */
export function firewallView(
  dom0: Dom0,
  guests: readonly DomU[],
  state: HostState,
): FirewallView | null {
  const asked = firewallQuestions(dom0, guests);
  const live4 = answerTo(state, asked.live4);
  const live6 = answerTo(state, asked.live6);
  const native = answerTo(state, asked.native);
  const facts = answerTo(state, query.firewalls());
  const system = answerTo(state, query.system());
  const peer = answerTo(state, query.session())?.peer ?? null;
  if (live4 === null || live6 === null || native === null || facts === null || system === null) {
    return null;
  }
  const kernel = { hasReversePath: hasReversePath(system.kernel) };
  const models = firewallModels(dom0, guests, kernel);
  const seen = { facts, live: { 4: live4, 6: live6 }, native, peer };
  const plan = livePlan(dom0.firewall.backend, models, guests, seen, []);
  return {
    isAsDescribed: 'refusal' in plan ? null : plan.changes.length === 0,
    foreignDrops: [...[live4, live6].flatMap(iptablesDrops), ...nftDrops(native)],
    closes: dom0.firewall.policy === 'leave' ? closingPolicies({ 4: live4, 6: live6 }) : [],
  };
}
