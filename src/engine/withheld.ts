import type { Keywords } from '../playbook/keywords.ts';
import { hidden } from '../source/secret.ts';
import type { ChangeRecord, TaskEnd } from './events.ts';
import type { LegError } from './leg-options.ts';

/** The end of a task without what it says of itself not to be shown (`no_log`, `diff: false`). */
export function withheld(
  { isSilent, showsDiff }: Pick<Keywords, 'isSilent' | 'showsDiff'>,
  end: TaskEnd,
): TaskEnd {
  if (!isSilent && showsDiff) return end;
  const changes = end.changes.map((change): ChangeRecord => {
    const bare = { ...change, before: null, after: null };
    return isSilent ? { ...bare, subject: hidden, path: null } : bare;
  });
  const message = isSilent && end.message !== null ? hidden : end.message;
  return { ...end, changes, message };
}

/** Why a task failed, without what is not to be shown of it. */
export function withheldError({ isSilent }: Pick<Keywords, 'isSilent'>, error: LegError): LegError {
  return isSilent ? { message: hidden, hint: null } : error;
}
