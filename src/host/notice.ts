import type { CallCommand, Change } from './change.ts';
import { quoteAll } from './quote.ts';

/** What a note of notified handlers (engine/notices.ts) is called where changes are told of. */
const subject = 'notified handlers';

/**
 * A call of act-notices.sh that does the same as this command, without one; null: it is no note. Only for
 * programs that hold the host's lock.
 */
export function noticeCall(change: Change): string | null {
  const names = namesIn(change);
  if (names === null || change.kind !== 'call') return null;
  if (change.after !== '') return `xp_leave_notice ${quoteAll(names)}`;
  return names.length === 1 ? `xp_take_notice ${quoteAll(names)}` : null;
}

function namesIn(change: Change): readonly string[] | null {
  if (change.kind !== 'call' || change.subject !== subject || !isPlain(change)) return null;
  const [shell, option, , own, ...names] = change.argv;
  if (shell !== '/bin/sh' || option !== '-c' || own !== 'notified') return null;
  return names.length > 0 && names.every((name) => /^[\da-f]{16}$/.test(name)) ? names : null;
}

function isPlain({ user, stdin, touches }: CallCommand): boolean {
  return user === null && stdin === null && touches?.length === 0;
}
