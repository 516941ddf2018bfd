import { type Change, isOpaque } from '../host/change.ts';
import type { HostState } from '../host/state.ts';
import { noKeywords } from '../playbook/keywords.ts';
import { whyPassedOver } from '../playbook/knowledge.ts';
import { type Prepared, skipped } from '../playbook/prepare.ts';
import type { BoundStep, Plan, Refusal } from '../steps/step.ts';
import { endAs } from './end-task.ts';
import type { Foreseen } from './foreseen.ts';
import { foresee } from './leg-plan.ts';
import type { LegTasks } from './leg-tasks.ts';
import { predictedOutcomes, stateAfter } from './plan-effects.ts';
import { recordOf } from './records.ts';

/**
 * Check mode: the plans are the results, and nothing is sent.
 *
 * @param foreseen null: what was done before is unknown, and so is all of it
 */
export function predict(
  tasks: LegTasks,
  observed: HostState,
  foreseen: Foreseen | null = foresee(tasks.open, observed, tasks.known, { isCheck: true }),
): void {
  const { tasks: planned, refusal } = foreseen ?? { tasks: [], refusal: null };
  let state = observed;
  for (const task of planned) {
    const { plan } = task;
    if (plan.changes.some(isOpaque)) {
      const message = 'would run; what it does is unknown until applied';
      tasks.end({
        ...{ status: 'unknown', changes: plan.changes.map(recordOf), message },
        pending: plan.pending ?? [],
      });
    } else if (plan.isCutShort === true) {
      const message =
        'unknown until applied: what it does for one item changes what a later one asks';
      tasks.end({ status: 'unknown', changes: plan.changes.map(recordOf), message });
    } else if (plan.failure !== undefined && plan.patience !== undefined) {
      const message = `would wait: ${plan.failure}`;
      tasks.end({ status: 'unknown', changes: [], message });
    } else if (
      task.outlook.type === 'do' &&
      task.outlook.judge(predictedOutcomes(plan)).isToRepeat
    ) {
      const message = 'would be tried until its condition holds';
      tasks.end({ status: 'unknown', changes: plan.changes.map(recordOf), message });
    } else endAs(tasks, task, predictedOutcomes(plan), plan.changes.map(recordOf));
    if (tasks.ending !== null) return;
    state = stateAfter(plan, state);
  }
  if (refusal !== null) tasks.fail(refusal, []);
  else predictUnknown(tasks, state);
}

/** What follows an opaque change can't be told: it is planned from what is there now, and says so. */
function predictUnknown(tasks: LegTasks, observed: HostState): void {
  let state = observed;
  while (tasks.open.length > 0) {
    const [task] = tasks.open;
    if (task === undefined) return;
    const passedOver = whyPassedOver(tasks.known, task.task.keywords ?? noKeywords);
    const prepared: Prepared =
      passedOver === null ? task.prepare(tasks.known) : skipped(passedOver);
    if (prepared.type === 'skipped') {
      tasks.end({ status: 'skipped', changes: [], message: prepared.why });
      continue;
    }
    const plan = prepared.type === 'ready' ? guessed(prepared.bound, state) : null;
    const changes = plan !== null && 'changes' in plan ? plan.changes : [];
    const guess =
      plan === null
        ? ''
        : `; as things stand, it ${'refusal' in plan ? `would fail: ${plan.refusal}` : `would make ${inWords(changes)}`}`;
    tasks.end({
      status: 'unknown',
      changes: changes.map(recordOf),
      message: `unknown until applied${guess}`,
    });
    if (plan !== null && 'changes' in plan) state = stateAfter(plan, state);
  }
}

/** null: not even that can be told. */
function guessed(bound: BoundStep, state: HostState): Plan | Refusal | null {
  if (bound.queries.some((asked) => state.get(asked) === undefined)) return null;
  const plan = bound.plan(state);
  return 'refusal' in plan && plan.isOutdated === true ? null : plan;
}

function inWords(changes: readonly Change[]): string {
  if (changes.length === 0) return 'no change';
  return changes.length === 1 ? '1 change' : `${changes.length} changes`;
}
