import type { Inventory } from '../inventory/model.ts';
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

/** Plays by their indexes, cut behind each that adds to the fleet: who is in the others depends on it. */
export function cutStages(
  plays: readonly HostedPlay[],
): readonly { readonly from: number; readonly to: number }[] {
  const ends = plays.flatMap(({ play }, index) =>
    play.tasks.some(({ step }) => step.addsToFleet !== null) ? [index + 1] : [],
  );
  const all = [...new Set([...ends, plays.length])];
  return all.map((to, index) => ({ from: all[index - 1] ?? 0, to }));
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
