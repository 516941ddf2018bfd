import { isOpaque } from '../host/change.ts';
import type { HostState } from '../host/state.ts';
import type { Data } from '../source/data.ts';
import type { BoundStep, Plan, Refusal } from '../steps/step.ts';
import { asMap, type Judgement, type Outcome, type ResultMap, skippedJudgement } from './judge.ts';
import type { Keywords } from './keywords.ts';
import type { Prepared } from './prepare.ts';

/** An item of a loop. */
export interface Part {
  /** How it is called when it is spoken of. */
  readonly name: string;
  readonly item: Data;
  readonly variable: string;
  readonly prepared:
    | Extract<Prepared, { readonly type: 'ready' | 'skipped' }>
    /** In an earlier turn. */
    | { readonly type: 'done'; readonly judgement: Judgement };
}

/** All items as one step. */
export function together(parts: readonly Part[]): BoundStep {
  const bounds = parts.flatMap(({ prepared }) =>
    prepared.type === 'ready' ? [prepared.bound] : [],
  );
  return {
    queries: bounds.flatMap(({ queries }) => queries),
    network: bounds.some(({ network }) => network),
    isReadOnly: bounds.every(({ isReadOnly }) => isReadOnly === true),
    plan: (observed) => planParts(parts, observed),
    leave: null,
  };
}

function planParts(parts: readonly Part[], observed: HostState): Plan | Refusal {
  let state = observed;
  const plans: Plan[] = [];
  let isCutShort = false;
  for (const { name, prepared } of parts) {
    if (prepared.type !== 'ready') {
      plans.push({ changes: [] });
      continue;
    }
    const { bound } = prepared;
    // what a command does, nobody knows before it is done
    isCutShort = bound.queries.length > 0 && plans.some(({ changes }) => changes.some(isOpaque));
    if (isCutShort) break;
    const plan = bound.plan(state);
    isCutShort = 'refusal' in plan && plan.isOutdated === true && plans.length > 0;
    if (isCutShort) break;
    if ('refusal' in plan) return { ...plan, refusal: `${name}: ${plan.refusal}` };
    plans.push(plan);
    for (const change of [...plan.changes, ...(plan.upkeep ?? [])]) state = state.after(change);
  }
  return {
    changes: plans.flatMap(({ changes }) => changes),
    upkeep: plans.flatMap(({ upkeep }) => upkeep ?? []),
    pending: [...new Set(plans.flatMap(({ pending }) => pending ?? []))],
    message: messageOf(parts, plans),
    sets: Object.assign({}, ...plans.map(({ sets }) => sets)),
    adds: plans.flatMap(({ adds }) => adds ?? []),
    parts: plans,
    ...(isCutShort ? { isCutShort } : {}),
  };
}

/** What is said of each item, where anything is. */
function messageOf(parts: readonly Part[], plans: readonly Plan[]): string | null {
  const said = plans.flatMap(({ message }, index) =>
    typeof message === 'string' && message !== ''
      ? [`${parts[index]?.name ?? ''}: ${message}`]
      : [],
  );
  return said.length === 0 ? null : said.join('\n');
}

/**
 * A loop has failed with the first of its items that has, and changed something if any of them did.
 *
 * @param outcomes of the items by their places; of those that did not come to their turn, none
 * @param isLast whether it is done no more
 */
export function judgeParts(
  parts: readonly Part[],
  outcomes: readonly (Outcome | undefined)[],
  { ignoresErrors }: Keywords,
  isLast = false,
): Judgement {
  const judged = parts.map(({ name, item, variable, prepared }, index) => {
    const outcome = outcomes[index];
    const isDone = prepared.type === 'ready' && outcome !== undefined;
    const before = prepared.type === 'done' ? prepared.judgement : skippedJudgement();
    const own = isDone ? prepared.judge([outcome], isLast) : before;
    return { ...own, name, result: withItem(own.result, variable, item) };
  });
  const failed = judged.find(({ failure }) => failure !== null);
  const hasChanged = judged.some(({ status }) => status === 'changed');
  const failure = failed === undefined ? null : `${failed.name}: ${failed.failure}`;
  return {
    status:
      failure !== null ? (ignoresErrors ? 'ignored' : 'failed') : hasChanged ? 'changed' : 'ok',
    failure,
    result: asMap({
      results: judged.map(({ result }) => result),
      changed: hasChanged,
      failed: failure !== null,
      ...(failure === null ? {} : { msg: failure }),
    }),
    isToRepeat: judged.some(({ isToRepeat }) => isToRepeat),
    items: judged,
  };
}

/** Of a loop that was refused for one of its items, so that none was done; null: it is none of them. */
export function refusedPart(
  parts: readonly Part[],
  message: string,
  keywords: Keywords,
): Judgement | null {
  const refused = parts.find(({ name }) => message.startsWith(`${name}: `));
  if (refused === undefined) return null;
  const failure = message.slice(`${refused.name}: `.length);
  const outcomes = parts.map((part) =>
    part === refused ? { isChanged: false, failure, data: {} } : undefined,
  );
  return judgeParts(parts, outcomes, keywords);
}

function withItem(result: ResultMap, variable: string, item: Data): ResultMap {
  return asMap({ ...result, [variable]: item, ansible_loop_var: variable });
}
