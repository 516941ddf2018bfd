import type { ChangeRecord, RunEvent } from '../engine/events.ts';
import { Redactor } from '../secrets/redactor.ts';
import { mapTexts } from '../source/map-texts.ts';

/** Knows every secret that this process has revealed; whatever it says goes through here. */
export const redactor = new Redactor();

/** Texts of which xpush knows all that they can be: a secret that is alike is not shown by them. */
const closedKeys = new Set(['event', 'kind', 'status', 'level', 'doing']);

/** The event as everybody may see it: views, records and reports are made of these only. */
export function redactedEvent(event: RunEvent): RunEvent {
  const redacted = mapTexts(event, (text) => redactor.redact(text), closedKeys);
  if (event.event !== 'task' || redacted.event !== 'task') return redacted;
  const changes = redacted.changes.map((change, index) => {
    const meant = event.changes[index];
    return meant === undefined ? change : withoutContent(meant, change);
  });
  return { ...redacted, changes };
}

/** What is left around a secret, and how it differs from the one before, tells of it. */
function withoutContent(change: ChangeRecord, redacted: ChangeRecord): ChangeRecord {
  const { before, after } = change;
  if (before === redacted.before && after === redacted.after) return redacted;
  return {
    ...redacted,
    before: before === null || before === '' ? before : 'content with a secret, not shown\n',
    after: after === null || after === '' ? after : 'content differs (secret)\n',
  };
}
