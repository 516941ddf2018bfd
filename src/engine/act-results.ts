import { type Act, staleStatus } from '../host/act-program.ts';
import { type Change, isOpaque, mustTravel } from '../host/change.ts';
import type { Sending } from '../host/upload-program.ts';
import type { GenerationText } from '../host/window.ts';
import type { Outcome } from '../playbook/judge.ts';
import type { Data } from '../source/data.ts';
import { cutMark } from '../source/secret.ts';
import { generationText } from './generation.ts';
import type { LegOptions } from './leg-options.ts';
import { allChanges, type PlannedTask, partsOf } from './leg-plan.ts';
import type { Leg } from './legs.ts';
import { commandLine } from './records.ts';

/** How an act ended on the host. */
export interface ActResult {
  readonly status: number;
  /** What it printed, bytes as latin1 text. */
  readonly output: string;
}

/** What the host said of each act, by its id. */
export type Results = ReadonlyMap<string, ActResult>;

/** How a change went; `missing`: the host said nothing of it. */
export type ActEnd =
  | { readonly type: 'done'; readonly status: number; readonly said: string }
  | { readonly type: 'missing' }
  | { readonly type: 'stale' }
  | {
      readonly type: 'failed';
      readonly status: number;
      readonly said: string;
      /** What is wrong, with what it said. */
      readonly message: string;
    };

/** The changes of neighbouring tasks, with ids that say whose they are. */
export function actsOf(tasks: readonly PlannedTask[]): readonly Act[] {
  return tasks.flatMap(({ plan }, task) =>
    allChanges(plan).map((change, index) => ({ id: `${task}.${index}`, change })),
  );
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

/** What became of each part of a task, by how its changes went. */
export function outcomesOf(
  { plan }: Pick<PlannedTask, 'plan'>,
  ends: ReturnType<typeof endsOf>,
): readonly Outcome[] {
  let at = 0;
  return partsOf(plan).map(({ changes, data = {} }) => {
    const own = ends.slice(at, at + changes.length);
    at += changes.length;
    const failed = own.find(({ end }) => end.type === 'failed')?.end;
    return {
      isChanged: own.some(({ end }) => end.type === 'done'),
      failure: failed?.type === 'failed' ? failed.message : null,
      data: { ...data, ...toldBy(own) },
    };
  });
}

/** What the last command of them said, under Ansible's names. */
function toldBy(ends: ReturnType<typeof endsOf>): Readonly<Record<string, Data>> {
  const last = ends.findLast(
    ({ change, end }) =>
      change.kind === 'command' && (end.type === 'done' || end.type === 'failed'),
  )?.end;
  return last?.type === 'done' || last?.type === 'failed'
    ? { rc: last.status, stdout: last.said, stderr: '' }
    : {};
}

function endOf(change: Change, result: ActResult | undefined): ActEnd {
  if (result === undefined) return { type: 'missing' };
  const { status, output } = result;
  if (status === 0) return { type: 'done', status, said: asText(output).trimEnd() };
  if (status === staleStatus && !isOpaque(change)) return { type: 'stale' };
  const said = asText(output).trim();
  if (change.kind !== 'command') {
    const message = said === '' ? `failed with status ${status}` : said;
    return { type: 'failed', status, said, message };
  }
  const exit = `${commandLine(change)}: exit status ${status}`;
  return { type: 'failed', status, said, message: said === '' ? exit : `${exit}\n${said}` };
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
