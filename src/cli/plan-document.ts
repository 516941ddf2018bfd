import type { HostedPlay } from '../engine/legs.ts';
import type { RecordedHost, RecordedTask } from '../engine/plan-recorder.ts';
import { recordOf } from '../engine/records.ts';
import { type Change, isOpaque } from '../host/change.ts';
import { type FoundFile, plannedDocument } from '../host/planned-change.ts';
import { type PlayRollout, usualRollout } from '../playbook/model.ts';
import type { PlanDocument } from '../records/plan-schema.ts';
import type { DiffText } from '../report/diff-text.ts';
import { mapTexts } from '../source/map-texts.ts';
import { redactor } from './redaction.ts';

export type HostPlan = PlanDocument['hosts'][number];
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

/** A host of a plan, as far as the plays were planned on it. */
export function hostOfPlan(
  host: string,
  found: RecordedHost,
  plays: readonly HostedPlay[],
  diffs: DiffText,
): HostPlan {
  const { status, error } = found;
  return withoutSecrets({ host, status, error, tasks: tasksOf(found, plays, diffs) });
}

/** The same without what shows a secret that is known by now, and without commands behind one that does. */
export function withoutSecrets(host: HostPlan): HostPlan {
  let lacksCommand = false;
  const tasks = host.tasks.map((task): TaskPlan => {
    const { at, task: name, network, changes, upkeep } = task;
    const isOfCommand = changes.some(
      ({ exact }) => exact.kind === 'command' || (exact.kind === 'call' && exact.predicts === null),
    );
    const said = JSON.stringify([changes, upkeep]);
    const isSecret = redactor.redact(said) !== said;
    if (!isSecret && !(lacksCommand && isOfCommand)) return task;
    lacksCommand ||= isOfCommand; // what comes behind it may count on it
    return { at, task: name, network, ...nothing, ...left(isSecret ? secret : unknown) };
  });
  return mapTexts({ ...host, tasks }, (text) => redactor.redact(text), exactKeys);
}

/** What is done exactly; of what shows a secret, nothing is there. */
const exactKeys = new Set(['host', 'status', 'at', 'exact', 'upkeep']);

/** Nothing is done on a host that could not be planned whole. */
function tasksOf(
  { status, tasks }: RecordedHost,
  plays: readonly HostedPlay[],
  diffs: DiffText,
): TaskPlan[] {
  if (status !== 'ok' && status !== 'changed') return [];
  let lacksCommand = false;
  return tasks.flatMap((task): TaskPlan[] => {
    const { plan } = task;
    const name = plays[task.play]?.play.tasks[task.task]?.name ?? '';
    const frame = {
      at: `${task.play + 1}.${task.task + 1}`,
      task: name,
      network: isNetwork(task, plays),
    };
    const isOfCommand = plan?.changes.some(isOpaque) === true;
    if (plan === null || (lacksCommand && isOfCommand)) {
      return [{ ...frame, ...nothing, ...left(unknown) }];
    }
    const { changes: counted, upkeep = [], pending = [], message = null } = plan;
    if (counted.length === 0 && upkeep.length === 0) return [];
    const changes = counted.flatMap((one) => changeOf(one, task.found, diffs) ?? []);
    const documents = upkeep.flatMap((one) => plannedDocument(one) ?? []);
    if (changes.length < counted.length || documents.length < upkeep.length) {
      lacksCommand ||= isOfCommand; // what comes behind it may count on it
      return [{ ...frame, ...nothing, ...left(secret) }];
    }
    const status = counted.length > 0 ? ('changed' as const) : ('upkeep' as const);
    return [{ ...frame, status, message, pending: [...pending], changes, upkeep: documents }];
  });
}

const unknown = 'unknown when the plan was made: run xpush plan again afterwards';
const secret = 'it uses a secret, which no plan holds: xpush apply without a plan does it';

/** A task that the plan leaves out. */
const left = (message: string) => ({ status: 'unknown' as const, message });

const nothing = { pending: [], changes: [], upkeep: [] } satisfies Partial<TaskPlan>;

function isNetwork({ play, task, network }: RecordedTask, plays: readonly HostedPlay[]): boolean {
  return network || plays[play]?.play.tasks[task]?.network === true;
}

function changeOf(
  change: Change,
  found: readonly FoundFile[],
  diffs: DiffText,
): TaskPlan['changes'][number] | null {
  const exact = plannedDocument(change, found);
  const record = recordOf(change);
  // an empty line of a diff is a blank to diff, and nothing to see
  const diff = diffs.of(record)?.replace(/^ $/gm, '') ?? null;
  return exact === null ? null : { subject: record.subject, diff, exact };
}
