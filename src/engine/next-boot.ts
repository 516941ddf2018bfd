import { setTimeout as pause } from 'node:timers/promises';
import { answerTo } from '../host/answer.ts';
import { type Query, query } from '../host/query.ts';
import { HostState } from '../host/state.ts';
import type { HostContact } from './host-contact.ts';
import type { LegOptions } from './leg-options.ts';

/** Another one after each boot (random(4)). */
const bootId = query.parameter('kernel.random.boot_id');

/** A host that is going down still answers for a while. */
const restartPollMs = 1_000;

/** What came of a restart. */
type BootEnd =
  /** `state`: what it answered to what it was asked. */
  | { readonly type: 'booted'; readonly state: HostState }
  | { readonly type: 'late'; readonly message: string }
  /** The operator left before that. */
  | { readonly type: 'left' };

/**
 * Waits until a host that restarts answers these queries over a new connection, in another boot than
 * it was observed in before.
 */
export async function nextBoot(
  contact: HostContact,
  asked: readonly Query[],
  before: HostState,
  seconds: number,
  { leaving }: Pick<LegOptions, 'leaving'>,
): Promise<BootEnd> {
  const until = performance.now() + seconds * 1000;
  const queries = [...asked, bootId];
  const bootBefore = answerTo(before, bootId);
  for (;;) {
    const state = await contact.comeBack(
      until,
      async (shell) => new HostState(await shell.look(queries)),
      queries,
    );
    if (state === null) {
      const message = `it did not come back within ${seconds} s: ${contact.why}`;
      return { type: 'late', message };
    }
    if (answerTo(state, bootId) !== bootBefore) return { type: 'booted', state };
    if (leaving.aborted) return { type: 'left' };
    await pause(restartPollMs);
  }
}
