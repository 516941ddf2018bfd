import { lockNeeds, windowNeeds } from '../host/change-needs.ts';
import { lackText, lookNeeds, type Need, needs, unmet } from '../host/needs.ts';
import type { Query } from '../host/query.ts';

/** What is known of a task before its host is. */
export interface ExpectedTask {
  /** The step's name. */
  readonly step: string;
  readonly queries: readonly Query[];
  /** Whether its changes are made in a confirm window. */
  readonly hasWindow: boolean;
}

/** Its changes are of one kind or the other, by what the host has. */
const firewallNeeds = needs(
  'change the firewall',
  ['iptables-save', 'nft'],
  ['iptables-restore', 'nft'],
);

/**
 * What a host lacks of what its tasks are likely to need, in a sentence; null: nothing. What a plan needs
 * beyond that, its run says.
 *
 * @param lacks commands that it said it has not
 */
export function lackOfTools(
  tasks: readonly ExpectedTask[],
  lacks: readonly string[],
): string | null {
  const missing = tasks.map((task) => ({ step: task.step, needs: unmet(needsOf(task), lacks) }));
  const lacking = missing.filter((one) => one.needs.length > 0);
  if (lacking.length === 0) return null;
  const steps = [...new Set(lacking.map(({ step }) => step))];
  return lackText(
    lacking.flatMap((one) => one.needs),
    steps,
  );
}

function needsOf({ step, queries, hasWindow }: ExpectedTask): readonly Need[] {
  return [
    ...queries.flatMap(({ kind }) => lookNeeds[kind] ?? []),
    ...lockNeeds,
    ...(hasWindow ? windowNeeds : []),
    ...(step === 'firewall' ? firewallNeeds : []),
  ];
}
