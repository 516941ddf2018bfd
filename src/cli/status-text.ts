import { compressNames } from './host-names.ts';
import { oneLine } from './one-line.ts';
import { quotedWord } from './resume-command.ts';
import type { StatusReport } from './status-document.ts';
import { aligned } from './table.ts';
import { findingsOf } from './windows-words.ts';

/**
 * The report as people read it: a row for what is pending, held or undone, and one line for all other
 * hosts; `all`: a row for what was kept, too.
 */
export function statusText(reports: readonly StatusReport[], all = false): string {
  const rows = reports.flatMap(({ host, outcome }) =>
    outcome.status === 'ok' || outcome.status === 'needs_human'
      ? findingsOf(outcome.windows, all).map(({ word, text }) => [host.name, word, oneLine(text)])
      : [],
  );
  const quiet = reports.flatMap(({ host, outcome }) =>
    outcome.status === 'ok' && findingsOf(outcome.windows).length === 0
      ? [{ name: host.name, isKept: outcome.windows.last !== null }]
      : [],
  );
  const lines = rows.length === 0 ? '' : aligned(rows);
  return `${lines}${quiet.length === 0 ? '' : quietLine(quiet)}`;
}

/** More names than that are told by their number. */
const mostNames = 8;

function quietLine(quiet: readonly { readonly name: string; readonly isKept: boolean }[]): string {
  const shown = compressNames(quiet.map(({ name }) => name));
  const list =
    shown.length <= mostNames
      ? shown.join(', ')
      : `${shown.slice(0, mostNames).join(', ')} and others`;
  const hosts = quiet.length === 1 ? '1 host' : `${quiet.length} hosts`;
  const kept = quiet.filter(({ isKept }) => isKept).length;
  const changed = kept === 0 ? '' : `; the last change was kept on ${kept}`;
  return `Nothing pending on ${hosts}: ${list}${changed}\n`;
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
  const on = (names: readonly string[]): string =>
    `${quotedWord(inventory)} --limit ${quotedWord(compressNames(names).join(','))}`;
  return [
    ...(pending.length === 0
      ? []
      : [
          `To keep what waits: xpush confirm ${on(pending)}`,
          `To undo it now: xpush rollback ${on(pending)}`,
        ]),
    ...(stuck.length === 0
      ? []
      : [
          `A human is needed on the console of ${compressNames(stuck).join(', ')}: /var/lib/xpush/window there has the log of the undo, and all that was saved.`,
          `To have it tried again: xpush rollback ${on(stuck)}`,
          `When it is put in order by hand: xpush confirm ${on(stuck)} --as-it-is`,
        ]),
  ];
}
