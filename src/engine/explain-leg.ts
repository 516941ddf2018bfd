import { isOpaque } from '../host/change.ts';
import type { HostState } from '../host/state.ts';
import { noKeywords } from '../playbook/keywords.ts';
import {
  afterEnding,
  type Ending,
  type Knowledge,
  untold,
  whyPassedOver,
} from '../playbook/knowledge.ts';
import { levelsOf, namesUsed, reachedNames, valuesOn } from '../playbook/names-used.ts';
import type { Plan } from '../steps/step.ts';
import type { Foreseen, PlannedTask } from './foreseen.ts';
import type { LegOptions } from './leg-options.ts';
import type { LegTasks } from './leg-tasks.ts';
import type { Leg } from './legs.ts';
import type { OpenTask } from './open-task.ts';
import { allChanges } from './plan-effects.ts';
import { cutSegments } from './segment.ts';
import { withheldError } from './withheld.ts';

/** Tasks of a host that are carried out together, with one message to it. */
export interface ExplainedSegment {
  /** `look`: nothing is to be done; `window`: undone together unless confirmed. */
  readonly kind: 'look' | 'act' | 'window';
  /** Names of those that are not skipped. */
  readonly tasks: readonly string[];
  /** Whether what they do is known; else it is told by what is there now. */
  readonly isSure: boolean;
  /** Why those behind it are not part of it; null: there are none. */
  readonly ends: string | null;
}

/** What is known of a leg when it is explained. */
interface LegOutlook {
  readonly host: Leg['host'];
  /** The open tasks, and what those before them have told. */
  readonly open: readonly OpenTask[];
  readonly known: Knowledge;
  readonly observed: HostState;
  readonly foreseen: Foreseen;
  /** The operator wants no confirm windows. */
  readonly hasNoWindows: boolean;
}

/**
 * How the open tasks of a host are carried out: what is foreseen, and behind that, as what will be told is
 * not known, what the tasks and the host as it is now let one expect.
 */
function explainLeg(leg: LegOutlook): readonly ExplainedSegment[] {
  const { open, foreseen, hasNoWindows } = leg;
  const sure = foreseen.tasks.map((task): Expected => ({ task, ...ofPlan(task) }));
  const rest = open.slice(sure.length);
  const cut = cutSegments(foreseen.tasks, hasNoWindows);
  const segments: ExplainedSegment[] = cut.map(({ kind, tasks }, index) => {
    const hasWork = tasks.some(({ plan }) => allChanges(plan).length > 0);
    const next = cut[index + 1];
    return {
      kind: hasWork ? kind : 'look',
      tasks: namesOf(tasks.filter(({ outlook }) => outlook.type !== 'skip')),
      isSure: true,
      ends: next === undefined ? null : whyCut(kind, next.tasks[0]),
    };
  });
  if (foreseen.refusal !== null) {
    const { message } = withheldError(rest[0]?.task.keywords ?? noKeywords, foreseen.refusal);
    const ends = `${quoted(rest[0])} cannot be done: ${message}`;
    return endedBy(segments, ends);
  }
  const [next] = rest;
  const last = foreseen.tasks.at(-1);
  if (last?.plan.isCutShort === true) {
    const ends = `what ${quoted(last)} does for one item changes what a later one asks about`;
    return [...endedBy(segments, ends), ...expectedSegments(rest, leg)];
  }
  if (next === undefined) return withoutIdleEnds(segments);
  return [...endedBy(segments, whyOpen(sure, next, leg)), ...expectedSegments(rest, leg)].filter(
    (segment) => segment.tasks.length > 0 || segment.ends !== null,
  );
}

/** A task, and what is expected of it. */
interface Expected {
  readonly task: OpenTask;
  /** Its effect is not known before it is done. */
  readonly isOpaque: boolean;
  readonly kind: 'act' | 'window' | null;
}

/** Tells whoever asks how what is foreseen of a leg will be carried out. */
export function explainTo(
  { explain, confirm }: Pick<LegOptions, 'explain' | 'confirm'>,
  host: Leg['host'],
  { open, known }: Pick<LegTasks, 'open' | 'known'>,
  observed: HostState,
  foreseen: Foreseen,
): void {
  const hasNoWindows = confirm.isOff;
  explain?.(host.name, explainLeg({ host, open, known, observed, foreseen, hasNoWindows }));
}

function ofPlan({ plan, isNetwork }: Pick<PlannedTask, 'plan' | 'isNetwork'>) {
  const hasWork = allChanges(plan).length > 0;
  const kind: Expected['kind'] = hasWork ? (isNetwork ? 'window' : 'act') : null;
  return { isOpaque: allChanges(plan).some(isOpaque), kind };
}

/** The tasks that nobody can plan yet. */
function expectedSegments(rest: readonly OpenTask[], leg: LegOutlook): ExplainedSegment[] {
  let known = knownBehind(leg);
  const segments: { kind: ExplainedSegment['kind']; tasks: Expected[]; ends: string | null }[] = [];
  for (const task of rest) {
    const { keywords = noKeywords } = task.task;
    const expected = whyPassedOver(known, keywords) === null ? expect(task, known, leg) : null;
    known = afterEnding(known, keywords, expected === null ? skippedEnding : untoldEnding);
    if (expected === null) continue;
    const last = segments.at(-1);
    const why = last === undefined ? null : whyBetween(last.kind, last.tasks, expected, leg);
    if (last === undefined || why !== null) {
      if (last !== undefined) last.ends = why;
      segments.push({ kind: expected.kind ?? 'look', tasks: [expected], ends: null });
    } else {
      last.tasks.push(expected);
      if (last.kind === 'look') last.kind = expected.kind ?? 'look';
    }
  }
  return segments.map(({ kind, tasks, ends }) => {
    return { kind, tasks: namesOf(tasks.map(({ task }) => task)), isSure: false, ends };
  });
}

/** null: it is skipped, whatever is told. */
function expect(task: OpenTask, known: Knowledge, leg: LegOutlook): Expected | null {
  const { step } = task.task;
  const prepared = task.prepare(known);
  if (prepared.type === 'skipped') return null;
  if (prepared.type === 'ready') {
    const { bound } = prepared;
    const isSeen = bound.queries.every((asked) => leg.observed.get(asked) !== undefined);
    const plan = isSeen ? bound.plan(leg.observed) : null;
    if (plan !== null && !('refusal' in plan)) {
      return { task, ...ofPlan({ plan: plan satisfies Plan, isNetwork: bound.network }) };
    }
  }
  const kind = step.mayBeNetwork && !leg.hasNoWindows ? 'window' : 'act';
  return { task, isOpaque: step.mustSay.length > 0, kind };
}

/** Why a task does not go with those before it; null: it does. */
function whyBetween(
  kind: ExplainedSegment['kind'],
  before: readonly Expected[],
  next: Expected,
  leg: LegOutlook,
): string | null {
  const opaque = before.filter((one) => one.isOpaque);
  if (opaque.length > 0) return whyOpen(before, next.task, leg);
  if (next.kind === null || kind === 'look' || next.kind === kind) return null;
  return whyCut(kind, next.task);
}

function whyCut(kind: 'act' | 'window' | 'look', next: OpenTask | undefined): string {
  return kind === 'window'
    ? 'its network changes are confirmed first'
    : `${quoted(next)} begins a confirm window`;
}

/** Why a task waits for those before it. */
function whyOpen(before: readonly Expected[], next: OpenTask, leg: LegOutlook): string {
  const { keywords = noKeywords } = next.task;
  const used = namesReached(next, leg);
  const teller = before.findLast(({ task }) => {
    const { register } = task.task.keywords ?? noKeywords;
    return register !== null && used.has(register);
  });
  if (teller !== undefined) {
    return `the result of ${quoted(teller.task)} is needed by ${quoted(next)}`;
  }
  const opaque = before.findLast((one) => one.isOpaque);
  const { handler } = keywords;
  const notifier =
    handler === null
      ? undefined
      : before.findLast(({ task }) => task.task.keywords?.notify.includes(handler) === true);
  if (opaque !== undefined && notifier !== undefined) {
    return `whether ${quoted(notifier.task)} notifies ${quoted(next)} is not known before`;
  }
  if (opaque !== undefined) {
    return `what ${quoted(opaque.task)} does is unknown until it is done`;
  }
  const last = before.at(-1)?.task;
  if (last?.task.keywords?.until) return `${quoted(last)} is done until its condition holds`;
  return `${quoted(next)} asks about what is changed before it`;
}

/** Everything that a task may read, by way of other variables too. */
function namesReached({ task }: OpenTask, { host }: LegOutlook): ReadonlySet<string> {
  const { step, params, keywords = noKeywords } = task;
  const roots = namesUsed({ step, params, keywords }).map(({ keys: [root] }) => root);
  return reachedNames(roots, valuesOn([...levelsOf({ keywords }), host.vars]));
}

const untoldEnding: Ending = { status: 'untold', result: untold, sets: {} };
const skippedEnding: Ending = { ...untoldEnding, status: 'skipped' };
const okEnding: Ending = { ...untoldEnding, status: 'ok' };

/** What is known behind the tasks that are foreseen if none of them tells its result. */
function knownBehind({ foreseen, known }: LegOutlook): Knowledge {
  return foreseen.tasks.reduce((before, { task: { keywords = noKeywords }, outlook, plan }) => {
    const isIdle = allChanges(plan).length === 0;
    const ending = outlook.type === 'skip' ? skippedEnding : isIdle ? okEnding : untoldEnding;
    return afterEnding(before, keywords, ending);
  }, known);
}

function endedBy(segments: readonly ExplainedSegment[], ends: string): ExplainedSegment[] {
  const last = segments.at(-1);
  if (last === undefined) return [{ kind: 'look', tasks: [], isSure: true, ends }];
  return [...segments.slice(0, -1), { ...last, ends }];
}

/** Of a host with nothing left to do one look is shown, and no empty segments. */
function withoutIdleEnds(segments: readonly ExplainedSegment[]): readonly ExplainedSegment[] {
  return segments.filter(({ tasks }, index) => index === 0 || tasks.length > 0);
}

function namesOf(tasks: readonly OpenTask[]): readonly string[] {
  return tasks.map(({ task }) => task.name);
}

function quoted(task: OpenTask | undefined): string {
  return JSON.stringify(task?.task.name ?? '');
}
