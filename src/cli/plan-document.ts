import type { HostedPlay } from '../engine/legs.ts';
import type { PlanRecorder, RecordedHost, RecordedTask } from '../engine/plan-recorder.ts';
import { recordOf } from '../engine/records.ts';
import type { Change } from '../host/change.ts';
import { plannedDocument } from '../host/planned-change.ts';
import { type PlayRollout, usualRollout } from '../playbook/model.ts';
import type { PlanDocument } from '../records/plan-file.ts';
import type { DiffText } from '../report/diff-text.ts';
import { redactor } from './redaction.ts';

type HostPlan = PlanDocument['hosts'][number];
type TaskPlan = HostPlan['tasks'][number];

/** The plays of a plan, as they go through their hosts. */
export function playsOfPlan(plays: readonly HostedPlay[]): PlanDocument['plays'] {
  return plays.map(({ play: { name, tasks, rollout = usualRollout } }) => ({
    name,
    rollout: rolloutDocument(rollout),
    tasks: tasks.map((task) => ({ name: task.name, step: task.step.name })),
  }));
}

function rolloutDocument(rollout: PlayRollout) {
  return {
    serial: rollout.serial === null ? null : [...rollout.serial],
    max_fail_percentage: rollout.maxFailPercentage,
    any_errors_fatal: rollout.anyErrorsFatal,
    max_per: rollout.maxPer.map(({ group, most }) => ({ group, most })),
    pause: rollout.pauseSeconds,
  };
}

/** The hosts of a plan, in the order of the inventory. */
export function hostsOfPlan(
  names: Iterable<string>,
  { hosts, plays }: Pick<PlanRecorder, 'hosts' | 'plays'>,
  diffs: DiffText,
): HostPlan[] {
  return [...names].flatMap((host) => {
    const found = hosts.get(host);
    if (found === undefined) return [];
    const { status, error } = found;
    return [{ host, status, error, tasks: tasksOf(found, plays, diffs) }];
  });
}

/** Nothing is done on a host that could not be planned whole. */
function tasksOf(
  { status, tasks }: RecordedHost,
  plays: readonly HostedPlay[],
  diffs: DiffText,
): TaskPlan[] {
  if (status !== 'ok' && status !== 'changed') return [];
  return tasks.flatMap((task): TaskPlan[] => {
    const { plan } = task;
    const name = plays[task.play]?.play.tasks[task.task]?.name ?? '';
    const frame = {
      at: `${task.play + 1}.${task.task + 1}`,
      task: name,
      network: isNetwork(task, plays),
    };
    if (task.status === 'unknown' || plan === null) {
      return [{ ...frame, ...nothing, status: 'unknown' as const, message: task.message }];
    }
    const upkeep = plan.upkeep ?? [];
    if (plan.changes.length === 0 && upkeep.length === 0) return [];
    const documents = upkeep.flatMap((one) => plannedDocument(one) ?? []);
    const changes = plan.changes.flatMap((one) => changeOf(one, diffs) ?? []);
    if (
      redactor.redact(JSON.stringify([changes, documents])) !== JSON.stringify([changes, documents])
    ) {
      const message = 'it holds a secret, which no plan does';
      return [{ ...frame, ...nothing, status: 'unknown' as const, message }];
    }
    return [
      {
        ...frame,
        status: plan.changes.length > 0 ? ('changed' as const) : ('upkeep' as const),
        message: plan.message ?? null,
        pending: [...(plan.pending ?? [])],
        ...{ changes, upkeep: documents },
      },
    ];
  });
}

const nothing = { pending: [], changes: [], upkeep: [] } satisfies Partial<TaskPlan>;

function isNetwork({ play, task, network }: RecordedTask, plays: readonly HostedPlay[]): boolean {
  return network || plays[play]?.play.tasks[task]?.network === true;
}

function changeOf(change: Change, diffs: DiffText): TaskPlan['changes'][number] | null {
  const exact = plannedDocument(change);
  const record = recordOf(change);
  // an empty line of a diff is a blank to diff, and nothing to see
  const diff = diffs.of(record)?.replace(/^ $/gm, '') ?? null;
  return exact === null ? null : { subject: record.subject, diff, exact };
}
