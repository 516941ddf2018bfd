import type { Judgement, Outcome } from '../playbook/judge.ts';
import type { Plan } from '../steps/step.ts';
import type { ChangeRecord } from './events.ts';
import type { PlannedTask } from './foreseen.ts';
import type { LegTasks } from './leg-tasks.ts';
import { predictedOutcomes } from './plan-effects.ts';

/** The first open task ended so, by what became of its parts. */
export function endAs(
  tasks: LegTasks,
  planned: PlannedTask,
  outcomes: readonly Outcome[],
  changes: readonly ChangeRecord[],
  message: string | null = planned.plan.message ?? null,
): void {
  const { outlook, plan, play } = planned;
  switch (outlook.type) {
    case 'skip':
      tasks.end({ status: 'skipped', changes: [], message: outlook.why }, outlook.judgement);
      break;
    case 'unknown':
      tasks.end({ status: 'unknown', changes: [], message: 'unknown until applied' });
      break;
    case 'fail':
      tasks.fail(outlook.error, changes, outlook.judgement);
      break;
    case 'say':
      tasks.added(plan, predictedOutcomes(plan), planned);
      endJudged(tasks, outlook.judgement, { ...plan, ...outlook, isOnlySaid: true });
      break;
    case 'do': {
      const kept = tasks.kept(plan, outcomes, play.hostsPlace?.source.file ?? '');
      const all = tasks.added(plan, kept, planned);
      endJudged(tasks, outlook.judge(all, true), { ...plan, changes, message });
    }
  }
}

function endJudged(
  tasks: LegTasks,
  judgement: Judgement,
  { changes, pending = [], message, sets, isOnlySaid = false }: Said,
): void {
  const { status, failure } = judgement;
  if (failure !== null) {
    tasks.fail({ message: failure, hint: null }, isOnlySaid ? [] : changes, judgement);
    return;
  }
  const shown = status === 'changed' || status === 'skipped' ? status : 'ok';
  tasks.end({ status: shown, changes, pending, message, isOnlySaid }, judgement, sets);
}

/** What is said of a task that ended. */
interface Said extends Pick<Plan, 'pending' | 'sets'> {
  readonly changes: readonly ChangeRecord[];
  readonly message: string | null;
  /** Nothing of it was done. Absent: it was. */
  readonly isOnlySaid?: boolean;
}
