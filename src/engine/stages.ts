import type { Inventory } from '../inventory/model.ts';
import { hostvarsAliases, namesSet, readsOthers, tellsOthers } from '../playbook/others.ts';
import { type HostedPlay, type PlannedLeg, planLegs } from './legs.ts';
import { planSequences, type RolloutOptions, type Sequence } from './sequences.ts';

/** Plays that are laid out together: which hosts they have is known. */
export interface Stage {
  readonly legs: readonly PlannedLeg[];
  readonly sequences: readonly Sequence[];
  readonly inventory: Inventory;
  /** Whether no more plays come. */
  readonly isLast: boolean;
}

/** Plays by their indexes. */
interface Cut {
  readonly from: number;
  readonly to: number;
}

/**
 * Plays in a row that need not wait for each other: cut behind each that adds to the fleet, as who is in the
 * others depends on it, and before each that reads of other hosts what plays before it tell.
 */
export function cutStages(plays: readonly HostedPlay[], inventory: Inventory): readonly Cut[] {
  const cuts = new Set([plays.length]);
  let told: string[] = [];
  let isTelling = false;
  let aliases: ReadonlySet<string> | null = null;
  for (const [index, { play }] of plays.entries()) {
    if (isTelling) {
      aliases ??= hostvarsAliases(inventory);
      const [names, others] = [new Set(told), aliases];
      if (play.tasks.some((task) => readsOthers(task, names, others))) {
        cuts.add(index);
        isTelling = false;
        told = [];
      }
    }
    told.push(...play.tasks.flatMap(namesSet));
    isTelling ||= play.tasks.some(tellsOthers);
    if (play.tasks.some(({ step }) => step.addsToFleet !== null)) {
      cuts.add(index + 1);
      isTelling = false;
      told = [];
    }
  }
  const ends = [...cuts].toSorted((one, other) => one - other);
  return ends.map((to, index) => ({ from: ends[index - 1] ?? 0, to }));
}

/** @param firstSequence how many sequences the stages before have */
export function planStage(
  plays: readonly HostedPlay[],
  inventory: Inventory,
  options: RolloutOptions & { readonly check: boolean },
  { firstSequence, isLast }: { readonly firstSequence: number; readonly isLast: boolean },
): Stage {
  const sequences = planSequences(plays, inventory, options);
  const legs = planLegs(plays, inventory, {
    sequenceOf: (play) => firstSequence + (sequences.ofPlay[play] ?? 0),
    firstOf: (play) => firstHost(plays[play], sequences.all[sequences.ofPlay[play] ?? 0]),
  });
  return { legs, sequences: sequences.all, inventory, isLast };
}

/** The host of a play that comes first in its batches: nobody of an earlier one waits for it. */
function firstHost(hosted: HostedPlay | undefined, sequence: Sequence | undefined): string | null {
  return sequence?.batches.flat().find((name) => hosted?.hosts.has(name)) ?? null;
}
