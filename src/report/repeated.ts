import type { Message } from '../engine/events.ts';
import type { RunRecord } from './run-record.ts';
import { counted, listNames } from './wording.ts';

/** As it happens the same is told of so many hosts; the recap has all of them. */
const toldEach = 3;
const mostNames = 12;
const mostTexts = 20;

/** Whether this was told of other hosts so often that one more line says nothing new. */
export function isRepeated({ host, text }: Message, record: RunRecord): boolean {
  return host !== null && (record.remarks.get(text)?.size ?? 0) > toldEach;
}

/** What was told of more hosts than were shown, for the recap. */
export function repeatedLines(record: RunRecord): readonly string[] {
  const repeated = [...record.remarks].filter(([, hosts]) => hosts.size > toldEach);
  if (repeated.length === 0) return [];
  const shown = repeated
    .slice(0, mostTexts)
    .map(
      ([text, hosts]) =>
        `${counted(hosts.size, 'host')}: ${text} (${listNames([...hosts], mostNames)})`,
    );
  const hidden = repeated.length - shown.length;
  return ['', ...shown, ...(hidden > 0 ? [`... and ${counted(hidden, 'other remark')}`] : [])];
}
