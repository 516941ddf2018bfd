import type { WindowsState } from '../host/window.ts';
import type { Host } from '../inventory/model.ts';
import type { Data } from '../source/data.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { hostsDocument } from './hosts-document.ts';

/** How asking a host ended. */
export type StatusOutcome =
  | { readonly status: 'ok' | 'needs_human'; readonly windows: WindowsState }
  | {
      readonly status: 'failed' | 'unreachable';
      readonly message: string;
      readonly hint: string | null;
    }
  | { readonly status: 'skipped' };

/** A host of the report. */
export interface StatusReport {
  readonly host: Host;
  readonly outcome: StatusOutcome;
}

/** The JSON of `xpush status -o json`; strings that came from hosts are escaped. */
export function statusDocument(
  reports: readonly StatusReport[],
  about: { readonly version: string; readonly exit: number },
): Data {
  return hostsDocument(reports, about, (outcome) =>
    windowsOf('windows' in outcome ? outcome.windows : null),
  );
}

function windowsOf(windows: WindowsState | null): Readonly<Record<string, Data>> {
  const { lock = null, pending = null, last = null } = windows ?? {};
  return {
    lock:
      lock === null
        ? null
        : {
            run: escapeControls(lock.run),
            by: escapeControls(lock.by),
            since: escapeControls(lock.since),
            is_stale: lock.isStale,
          },
    pending:
      pending === null
        ? null
        : {
            id: escapeControls(pending.id),
            run: escapeControls(pending.run),
            by: escapeControls(pending.by),
            state: pending.state,
            seconds_left: pending.secondsLeft,
            has_rebooted: pending.hasRebooted,
          },
    last:
      last === null
        ? null
        : {
            id: escapeControls(last.id),
            run: escapeControls(last.run),
            by: escapeControls(last.by),
            outcome: last.outcome,
            why: escapeControls(last.why),
            seconds_ago: last.secondsAgo,
          },
  };
}
