import { actCalls } from './act-calls.ts';
import type { Change } from './change.ts';
import { runtimeOf } from './change-words.ts';
import { holdCall, holdRuntime } from './lock-program.ts';
import { lookOf } from './look-program.ts';
import { noticeCall } from './notice.ts';
import { compound, type Program } from './program.ts';
import type { Query } from './query.ts';
import { quoteAll } from './quote.ts';
import type { RuntimeFile } from './runtime.ts';
import type { Holder } from './window.ts';

/** Status of a section whose change was refused since the state is not the one planned from. */
export const staleStatus = 75;

/** A change with the id of the section that will tell how it went. */
export interface Act {
  readonly id: string;
  readonly change: Change;
  /** Of a file that was sent (upload-program.ts): what it is found by. */
  readonly stage?: string | null;
}

/**
 * A program that makes these changes in order, stops at the first that fails, and then asks these
 * queries. It goes to the shell that ran the look program, once that was answered; nothing may
 * follow it before it has answered. It stops before its next change when its input ends.
 * `known`: what the shell has seen. With a holder, the host's lock is taken first, and told of by the
 * section `lock` (`readLock`): no change is begun without it. It is kept until the shell ends.
 */
export function compileAct(
  acts: readonly Act[],
  known: ReadonlySet<RuntimeFile>,
  thenLook: readonly Query[] = [],
  holder: Holder | null = null,
): Program {
  const { functions, calls } = actCalls(acts, holder !== null);
  const hold = holder === null ? [] : [`xp_do lock ${holdCall(holder)} || return`];
  const look = lookOf(thenLook);
  const files = [
    ...look.files,
    ...runtimeOf(acts.map(({ change }) => change)),
    ...(holder === null ? [] : [...holdRuntime, ...noticeRuntime(acts)]),
  ];
  return compound(files, known, [
    ...functions,
    ...['xp_changes() {', ':', ...hold, ...calls, '}'],
    ...['xp_watch', 'xp_changes', 'xp_outcome=$?', 'xp_finish_files'],
    ...(holder === null
      ? []
      : [`xp_told_syslog "$xp_outcome" ${quoteAll(namesOf(holder))}`, 'xp_forget_home']),
    ...['xp_unwatch', 'xp_done'],
    ...(thenLook.length > 0 ? look.lines : []),
  ]);
}

function noticeRuntime(acts: readonly Act[]): readonly RuntimeFile[] {
  return acts.some(({ change }) => noticeCall(change) !== null) ? ['act-notices.sh'] : [];
}

function namesOf({ identity }: Holder): readonly string[] {
  return [identity.id, identity.by];
}
