import { type Act, staleStatus } from '../host/act-program.ts';
import {
  type CallCommand,
  type Change,
  isCommand,
  mustTravel,
  type RunCommand,
} from '../host/change.ts';
import type { Sending } from '../host/upload-program.ts';
import type { GenerationText } from '../host/window.ts';
import type { Outcome } from '../playbook/judge.ts';
import type { Data } from '../source/data.ts';
import { cutMark } from '../source/secret.ts';
import type { Plan } from '../steps/step.ts';
import type { PlannedTask } from './foreseen.ts';
import { generationText } from './generation.ts';
import type { LegOptions } from './leg-options.ts';
import type { Leg } from './legs.ts';
import { allChanges, partsOf } from './plan-effects.ts';
import { commandLine } from './records.ts';

/** How an act ended on the host. */
export interface ActResult {
  readonly status: number;
  /** What it printed, bytes as latin1 text; of a command without its errors. */
  readonly output: string;
  /** The errors of a command, without newlines at their end. */
  readonly errors?: string;
  /** Whether it was stopped since its time was over. */
  readonly isLate?: true;
}

/** What the host said of each act, by its id. */
export type Results = ReadonlyMap<string, ActResult>;

/** How a change went; `missing`: the host said nothing of it. */
export type ActEnd =
  | ({ readonly type: 'done' } & ActSaid)
  | { readonly type: 'missing' }
  | { readonly type: 'stale' }
  /** `message`: what is wrong, with what it said. */
  | ({ readonly type: 'failed'; readonly message: string } & ActSaid);

/** What a change said. */
export interface ActSaid {
  readonly status: number;
  /** All of it, for people. */
  readonly said: string;
  /** Of a command, its output and its errors. */
  readonly stdout: string;
  readonly stderr: string;
}

/** The changes of neighbouring tasks, with ids that say whose they are. */
export function actsOf(tasks: readonly PlannedTask[]): readonly Act[] {
  return tasks.flatMap(({ plan, notice }, task) => [
    ...(notice === null ? [] : [{ id: noticeId(task), change: notice }]),
    ...allChanges(plan).map((change, index) => ({ id: `${task}.${index}`, change })),
  ]);
}

function noticeId(task: number): string {
  return `${task}.notice`;
}

/** Why the note of a task could not be left, so that nothing of it was done; null: it could. */
export function noticeFailure(
  { notice }: PlannedTask,
  task: number,
  results: Results,
): string | null {
  if (notice === null) return null;
  const end = endOf(notice, results.get(noticeId(task)));
  return end.type === 'failed' ? `what it notifies could not be noted: ${end.message}` : null;
}

/** Those of the acts whose content travels beside the program. */
export function sendingsOf(acts: readonly Act[]): readonly Sending[] {
  return acts.flatMap(({ id, change }) =>
    change.kind === 'send' && mustTravel(change) ? [{ id, change }] : [],
  );
}

/** The place among its neighbours of the task that an act is for. */
export function taskOf(id: string): number {
  return Number(id.split('.')[0]);
}

/** How the changes of one task went, in their order; `task`: its place among its neighbours. */
export function endsOf(
  { plan }: PlannedTask,
  task: number,
  results: Results,
): readonly { readonly change: Change; readonly end: ActEnd }[] {
  return allChanges(plan).map((change, index) => ({
    change,
    end: endOf(change, results.get(`${task}.${index}`)),
  }));
}

/** The parts of a task with how their changes went. */
export function partsWith(
  plan: Plan,
  ends: ReturnType<typeof endsOf>,
): readonly { readonly part: Plan; readonly ends: ReturnType<typeof endsOf> }[] {
  let at = 0;
  return partsOf(plan).map((part) => {
    const first = at;
    at += part.changes.length;
    return { part, ends: ends.slice(first, at) };
  });
}

/** What became of each part of a task, by how its changes went. */
export function outcomesOf(
  { plan }: Pick<PlannedTask, 'plan'>,
  all: ReturnType<typeof endsOf>,
): readonly Outcome[] {
  return partsWith(plan, all).map(({ part: { failure = null, data = {}, tells }, ends }) => {
    const failed = ends.find(({ end }) => end.type === 'failed')?.end;
    return {
      isChanged: ends.some(hasActed),
      failure: failed?.type === 'failed' ? failed.message : failure,
      data: { ...data, ...toldBy(ends, tells) },
    };
  });
}

/** What a task says of itself, and what its changes said that were made; what its step reads is not for people. */
export function messageOf(
  { plan }: Pick<PlannedTask, 'plan'>,
  all: ReturnType<typeof endsOf>,
): string {
  const said = partsWith(plan, all).flatMap(({ part, ends }) =>
    part.tells === undefined ? ends.map(({ end }) => (end.type === 'done' ? end.said : '')) : [],
  );
  return [plan.message ?? '', ...said].filter((text) => text !== '').join('\n');
}

/** How many parts of a task came to their turn before the first that failed, and that one. */
export function partsBegun(plan: Plan, all: ReturnType<typeof endsOf>): number {
  const { parts = [] } = plan;
  const end = partsWith(plan, all).findIndex(({ ends }) =>
    ends.some((one) => one.end.type !== 'done'),
  );
  return end === -1 ? parts.length : Math.min(end + 1, parts.length);
}

/** Whether a change was made; what a command that failed has done, nobody knows. */
function hasActed({ change, end }: ReturnType<typeof endsOf>[number]): boolean {
  return end.type === 'done' || (end.type === 'failed' && change.kind === 'command');
}

/** What the last command of them said, under Ansible's names. */
function toldBy(
  ends: ReturnType<typeof endsOf>,
  tells: Plan['tells'],
): Readonly<Record<string, Data>> {
  const last = ends.findLast(
    ({ change, end }) => isCommand(change) && (end.type === 'done' || end.type === 'failed'),
  )?.end;
  return last?.type === 'done' || last?.type === 'failed'
    ? { rc: last.status, stdout: last.stdout, stderr: last.stderr, ...tells?.(last) }
    : {};
}

function endOf(change: Change, result: ActResult | undefined): ActEnd {
  if (result === undefined) return { type: 'missing' };
  const { status, output, errors = '', isLate } = result;
  const [stdout, stderr] = [asText(output).trimEnd(), asText(errors)];
  const said = [stdout, stderr].filter((text) => text !== '').join('\n');
  const all = { status, said, stdout, stderr };
  const fine = isCommand(change) ? change.okStatuses : [0];
  if (fine.includes(status) && isLate !== true) return { type: 'done', ...all };
  if (status === staleStatus && !isCommand(change)) return { type: 'stale' };
  const why = whyFailed(change, result);
  const message = [why, said.trim()].filter((text) => text !== '').join('\n');
  return { type: 'failed', ...all, message };
}

/** '': what it said tells. */
function whyFailed(change: Change, { status, output, isLate }: ActResult): string {
  if (!isCommand(change)) return output.trim() === '' ? `failed with status ${status}` : '';
  const what = isOwnScript(change) ? change.subject : commandLine(change);
  return isLate === true
    ? `${what}: took longer than ${change.timeoutSeconds} s: stopped`
    : `${what}: exit status ${status}`;
}

/** Whether it is a script of a step, which tells its user nothing. */
function isOwnScript(change: RunCommand | CallCommand): change is CallCommand {
  const [shell, option] = change.argv;
  return change.kind === 'call' && shell === '/bin/sh' && option === '-c';
}

/** What the host keeps to have these tasks undone later; null: nothing. */
export function generationOf(
  { host }: Pick<Leg, 'host'>,
  { identity }: Pick<LegOptions, 'identity'>,
  id: string,
  tasks: readonly PlannedTask[],
): GenerationText | null {
  const text = generationText(
    identity,
    tasks.map(({ play, task, plan, isNetwork }) => ({
      play: play.name,
      task: task.name,
      step: task.step.name,
      network: isNetwork,
      isUpkeep: plan.changes.length === 0,
      changes: allChanges(plan),
    })),
  );
  return text === null ? null : { id, text, keep: host.safety.keepGenerations };
}

/** The runtime sends no more of a command's output; who else sends more is no runtime of ours. */
const longestOutput = 65_536;

/** What a host printed, as text; bytes that are no UTF-8 stay visible as replacement characters. */
function asText(bytes: string): string {
  const isCut = bytes.length >= longestOutput;
  // a character that the cut went through would hide which value it is of
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    Buffer.from(bytes.slice(0, longestOutput), 'latin1'),
    { stream: isCut },
  );
  return isCut ? `${text}${cutMark}` : text;
}
