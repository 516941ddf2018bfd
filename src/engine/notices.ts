import { createHash } from 'node:crypto';
import type { CallCommand } from '../host/change.ts';
import { leaveNotice, noticesIn, takeNotice } from '../host/notice.ts';
import type { HostState } from '../host/state.ts';
import type { Handler } from '../playbook/keywords.ts';

/** The handlers that were notified by an earlier run, which did not come to them. */
export function noticedBefore(state: HostState, handlers: readonly Handler[]): readonly Handler[] {
  const names = noticesIn(state);
  return handlers.filter((handler) => names.has(nameOf(handler)));
}

/** A note that handlers are to be run, made before what they are notified of. */
export function noteOf(handlers: readonly Handler[]): CallCommand {
  return leaveNotice(handlers.map(nameOf));
}

/** The note goes: the handler was run. */
export function noteHandled(handler: Handler): CallCommand {
  return takeNotice(nameOf(handler));
}

/** Handlers are known by their names from run to run. */
function nameOf({ name }: Handler): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}
