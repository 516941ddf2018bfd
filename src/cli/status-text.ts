import { compressNames } from './host-names.ts';
import { oneLine } from './one-line.ts';
import type { StatusReport } from './status-document.ts';
import { aligned } from './table.ts';
import { findingsOf } from './windows-words.ts';

/** The report as people read it: a row for what is pending, held or undone, and one line for all other hosts. */
export function statusText(reports: readonly StatusReport[]): string {
  const rows = reports.flatMap(({ host, outcome }) =>
    outcome.status === 'ok' || outcome.status === 'needs_human'
      ? findingsOf(outcome.windows).map(({ word, text }) => [host.name, word, oneLine(text)])
      : [],
  );
  const quiet = reports.flatMap(({ host, outcome }) =>
    outcome.status === 'ok' && findingsOf(outcome.windows).length === 0 ? [host.name] : [],
  );
  const lines = rows.length === 0 ? '' : aligned(rows);
  return `${lines}${quiet.length === 0 ? '' : quietLine(quiet)}`;
}

/** More names than that are told by their number. */
const mostNames = 8;

function quietLine(names: readonly string[]): string {
  const shown = compressNames(names);
  const list =
    shown.length <= mostNames
      ? shown.join(', ')
      : `${shown.slice(0, mostNames).join(', ')} and others`;
  const hosts = names.length === 1 ? '1 host' : `${names.length} hosts`;
  return `Nothing pending on ${hosts}: ${list}\n`;
}

/** What can be done about it, one line each. */
export function statusHints(
  reports: readonly StatusReport[],
  inventory: string,
): readonly string[] {
  const pending = reports.flatMap(({ host, outcome }) =>
    'windows' in outcome &&
    outcome.windows.pending?.state === 'applied' &&
    !outcome.windows.pending.hasRebooted
      ? [host.name]
      : [],
  );
  const stuck = reports.flatMap(({ host, outcome }) =>
    outcome.status === 'needs_human' ? [host.name] : [],
  );
  const limit = (names: readonly string[]): string => compressNames(names).join(',');
  return [
    ...(pending.length === 0
      ? []
      : [`To keep what waits: xpush confirm ${inventory} --limit '${limit(pending)}'`]),
    ...(stuck.length === 0
      ? []
      : [
          `A human is needed on the console of ${compressNames(stuck).join(', ')}: /var/lib/xpush/window there has the log of the undo, and all that was saved.`,
        ]),
  ];
}
