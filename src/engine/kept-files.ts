import type { Outcome } from '../playbook/judge.ts';
import type { Plan } from '../steps/step.ts';
import type { LegOptions } from './leg-options.ts';

/** Keeps what the parts of a plan have fetched, and gives what has become of them by that. */
export type Keeping = (
  plan: Plan,
  outcomes: readonly Outcome[],
  playbook: string,
) => readonly Outcome[];

/** Whether a plan brings files of the host here. */
export function hasFetched({ fetched = [], parts = [] }: Plan): boolean {
  return fetched.length > 0 || parts.some(hasFetched);
}

/** How the files of a leg are kept. */
export function keptBy({ keepFile, check }: Pick<LegOptions, 'keepFile' | 'check'>): Keeping {
  const noPlace = { isChanged: false, failure: 'nobody keeps files of hosts in this run' };
  return (plan, outcomes, playbook) =>
    outcomes.map((outcome, index) => {
      const { fetched = [] } = plan.parts?.[index] ?? plan;
      if (fetched.length === 0 || outcome.failure !== null) return outcome;
      const kept = fetched.map((file) => keepFile?.(file, { playbook, check }) ?? noPlace);
      return {
        ...outcome,
        isChanged: outcome.isChanged || kept.some(({ isChanged }) => isChanged),
        failure: kept.find(({ failure }) => failure !== null)?.failure ?? null,
      };
    });
}
