import { failureOf } from '../host/answer.ts';
import type { Change } from '../host/change.ts';
import { type PlannedChange, plannedChange, plannedQueries } from '../host/planned-change.ts';
import { areMade } from '../host/planned-made.ts';
import type { HostState } from '../host/state.ts';
import type { Plan, Refusal } from '../steps/step.ts';
import type { SavedTask } from './saved-tasks.ts';

/** A task of a saved plan, on one host. */
export interface PlannedWork extends Pick<SavedTask, 'step' | 'network'> {
  readonly changes: readonly PlannedChange[];
  readonly upkeep: readonly PlannedChange[];
  readonly pending: readonly string[];
  readonly message: string | null;
}

/** A task of a saved plan that can be bound. */
export interface PlannedTask extends SavedTask, Pick<PlannedWork, 'changes' | 'upkeep'> {}

/** Whether all that was planned of these tasks is in force. */
export function areTasksDone(tasks: readonly PlannedTask[], state: HostState): boolean {
  return areMade(
    tasks.flatMap(({ changes, upkeep }) => [...changes, ...upkeep]),
    state,
  );
}

/** Exactly those changes, on a host that is as they were planned from. */
export function plannedTask({
  step,
  network,
  changes,
  upkeep,
  pending,
  message,
}: PlannedWork): PlannedTask {
  return {
    ...{ step, network, changes, upkeep },
    queries: [...changes, ...upkeep].flatMap(plannedQueries),
    plan: (state) => {
      const counted = onHost(changes, state);
      if ('refusal' in counted) return counted;
      const kept = onHost(upkeep, counted.state);
      if ('refusal' in kept) return kept;
      return { changes: counted.changes, upkeep: kept.changes, pending, message } satisfies Plan;
    },
  };
}

function onHost(
  planned: readonly PlannedChange[],
  observed: HostState,
): Refusal | { readonly changes: readonly Change[]; readonly state: HostState } {
  let state = observed;
  const changes: Change[] = [];
  for (const one of planned) {
    const change = plannedChange(one, state);
    if (change === null) {
      const failed = plannedQueries(one).flatMap((asked) => failureOf(observed, asked) ?? []);
      const moved = `${subjectOf(one)} is not as it was when the plan was made`;
      const refusal = failed[0] ?? `${moved}: nothing was done on this host`;
      return { refusal, hint: 'see what changed, and make a new plan' };
    }
    changes.push(change);
    state = state.after(change);
  }
  return { changes, state };
}

/** What a change is about, in words. */
function subjectOf(planned: PlannedChange): string {
  switch (planned.kind) {
    case 'write':
    case 'send':
    case 'remove':
    case 'directory':
    case 'link':
    case 'attributes':
    case 'tree':
      return planned.path;
    case 'parameter':
      return planned.name;
    case 'routing':
      return planned.family === 4 ? 'routes and rules' : 'IPv6 routes and rules';
    case 'chains':
      return planned.family === 4 ? 'iptables' : 'ip6tables';
    case 'nft':
      return 'the nftables ruleset';
    case 'call':
      return planned.subject;
    case 'command':
      return planned.found.map(({ path }) => path).join(' or ');
  }
}
