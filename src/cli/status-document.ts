import type { WindowsState } from '../host/window.ts';
import type { Host } from '../inventory/model.ts';
import type { Data } from '../source/data.ts';
import { oneLine } from './one-line.ts';

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
  return {
    schema: 1,
    xpush: about.version,
    exit: about.exit,
    hosts: Object.fromEntries(
      reports.map(({ host, outcome }) => [
        host.name,
        {
          kind: host.kind,
          status: outcome.status,
          error: errorOf(outcome),
          ...windowsOf('windows' in outcome ? outcome.windows : null),
        },
      ]),
    ),
  };
}

function errorOf(outcome: StatusOutcome): Data {
  if (!('message' in outcome)) return null;
  const { message, hint } = outcome;
  return {
    message: oneLine(message),
    hint: hint === null ? null : oneLine(hint),
  };
}

function windowsOf(windows: WindowsState | null): Readonly<Record<string, Data>> {
  const { lock = null, pending = null, last = null } = windows ?? {};
  return {
    lock:
      lock === null
        ? null
        : {
            run: oneLine(lock.run),
            by: oneLine(lock.by),
            since: oneLine(lock.since),
            is_stale: lock.isStale,
          },
    pending:
      pending === null
        ? null
        : {
            id: oneLine(pending.id),
            run: oneLine(pending.run),
            by: oneLine(pending.by),
            state: pending.state,
            seconds_left: pending.secondsLeft,
            has_rebooted: pending.hasRebooted,
          },
    last:
      last === null
        ? null
        : {
            id: oneLine(last.id),
            run: oneLine(last.run),
            by: oneLine(last.by),
            outcome: last.outcome,
            why: oneLine(last.why),
            seconds_ago: last.secondsAgo,
          },
  };
}
