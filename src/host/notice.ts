import { isDeepStrictEqual } from 'node:util';
import { answerTo } from './answer.ts';
import { type CallCommand, type Change, change } from './change.ts';
import { query } from './query.ts';
import { quote, quoteAll } from './quote.ts';
import type { HostState } from './state.ts';

/** Where a host remembers what was notified and not yet handled, as the runtime finds its own place. */
const place = 'if [ "$(id -u)" = 0 ]; then place=/var/lib/xpush; else place=$HOME/.xpush; fi';

/** What these commands are called on the host. */
const own = 'notified';

const leaving = `set -e\n${place}\numask 077\nmkdir -p "$place/notified"\ncd "$place/notified"\nfor name; do : >"$name"; done`;
const taking = `${place}\nrm -f "$place/notified/$1"`;

/** The notes that an earlier run has left on a host. */
export const noticeQuery = query.output(
  ['/bin/sh', '-c', `${place}\ncd "$place/notified" 2>/dev/null || exit 0\necho *`],
  { isLasting: true, isBrief: true },
);

/** The names of these notes; whatever else is there is among them. */
export function noticesIn(state: HostState): ReadonlySet<string> {
  const told = answerTo(state, noticeQuery);
  return new Set(told === null || told.status !== 0 ? [] : told.stdout.split(/\s+/));
}

/** Leaves notes on a host; their names are of hexadecimal digits. */
export function leaveNotice(names: readonly string[]): CallCommand {
  return called(leaving, names, ['', 'noted']);
}

/** Takes the note of that name away, if it is there. */
export function takeNotice(name: string): CallCommand {
  return called(taking, [name], ['noted', '']);
}

function called(
  script: string,
  names: readonly string[],
  [before, after]: readonly [string, string],
): CallCommand {
  return change.call(['/bin/sh', '-c', script, own, ...names], {
    ...{ effect: 'live', subject: 'notified handlers', before, after },
    ...{ predicts: [], touches: [], isBrief: true },
  });
}

/**
 * A call of act-notices.sh that does the same as such a change, without a program of its own; null: the
 * change is none. Only for programs that hold the host's lock.
 */
export function noticeCall(change: Change): string | null {
  if (change.kind !== 'call' || change.argv[3] !== own) return null;
  const [first, ...others] = change.argv.slice(4);
  if (first === undefined) return null;
  const names = [first, ...others];
  if (isDeepStrictEqual(change, leaveNotice(names))) return `xp_leave_notice ${quoteAll(names)}`;
  if (isDeepStrictEqual(change, takeNotice(first))) return `xp_take_notice ${quote(first)}`;
  return null;
}
