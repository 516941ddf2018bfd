import { createHash } from 'node:crypto';
import { answerTo } from '../host/answer.ts';
import { type CallCommand, change } from '../host/change.ts';
import { query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Handler } from '../playbook/keywords.ts';

/** Where a host remembers what was notified and not yet handled, as the runtime finds its own place. */
const place = 'if [ "$(id -u)" = 0 ]; then place=/var/lib/xpush; else place=$HOME/.xpush; fi';

/** The names of the notes that an earlier run has left. */
export const noticeQuery = query.output(
  ['/bin/sh', '-c', `${place}\ncd "$place/notified" 2>/dev/null || exit 0\necho *`],
  { isLasting: true, isBrief: true },
);

/** The handlers that were notified by an earlier run, which did not come to them. */
export function noticedBefore(state: HostState, handlers: readonly Handler[]): readonly Handler[] {
  const told = answerTo(state, noticeQuery);
  if (told === null || told.status !== 0) return [];
  const names = new Set(told.stdout.split(/\s+/));
  return handlers.filter((handler) => names.has(nameOf(handler)));
}

/** A note that handlers are to be run, made before what they are notified of. */
export function leaveNotice(handlers: readonly Handler[]): CallCommand {
  const names = handlers.map(nameOf);
  const script = `set -e\n${place}\numask 077\nmkdir -p "$place/notified"\ncd "$place/notified"\nfor name; do : >"$name"; done`;
  return called(script, names, ['', 'noted']);
}

/** The note goes: the handler was run. */
export function takeNotice(handler: Handler): CallCommand {
  const script = `${place}\nrm -f "$place/notified/$1"`;
  return called(script, [nameOf(handler)], ['noted', '']);
}

function called(
  script: string,
  names: readonly string[],
  [before, after]: readonly [string, string],
): CallCommand {
  return change.call(['/bin/sh', '-c', script, 'notified', ...names], {
    ...{ effect: 'live', subject: 'notified handlers', before, after },
    ...{ predicts: [], touches: [], isBrief: true },
  });
}

/** Handlers are known by their names from run to run. */
function nameOf({ name }: Handler): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}
