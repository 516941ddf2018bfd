import { type Decided, decide } from '../engine/decide.ts';
import type { HostEnd, HostStatus, RunEvent } from '../engine/events.ts';
import { exitCode, exitCodes } from '../engine/exit-code.ts';
import { runHost } from '../engine/run-host.ts';
import type { Visited } from '../engine/visit.ts';
import type { DecisionPlan } from '../host/window.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { createReporter, type OutputForm } from '../report/reporter.ts';
import { compressNames } from './host-names.ts';
import { oneLine } from './one-line.ts';
import { sayProblems } from './problems.ts';
import { redactedEvent } from './redaction.ts';
import { writeReportFile } from './report-file.ts';
import { newRunIdentity } from './run-identity.ts';
import { beginRecord } from './run-record.ts';
import type { Sources } from './sources.ts';
import type { Surveyor } from './survey-hosts.ts';
import { aligned } from './table.ts';
import { version } from './version.ts';
import { decisionOf } from './windows-words.ts';

export interface Deciding {
  readonly decision: DecisionPlan['decision'];
  /** Only windows of this run; absent: of all. */
  readonly run?: string | undefined;
  readonly forks: number;
  /** What the inventory was read from. */
  readonly sources: Sources;
  /** What is said instead of a row for each host. */
  readonly output?: OutputForm;
  /** The file for a page about it. */
  readonly report?: string | undefined;
}

/**
 * Has the hosts keep or undo now what waits to be confirmed there, says so, leaves a record, and gives
 * the exit code.
 */
export async function decideWindows(
  { transport, endpointOf, stopping, leaving }: Surveyor,
  hosts: readonly Host[],
  inventory: Inventory,
  { decision, run, forks, sources, output = 'auto', report }: Deciding,
): Promise<number> {
  const beganMs = performance.now();
  const identity = newRunIdentity();
  const record = beginRecord(
    { identity, check: false, sources, options: ['limit', 'forks'], left: undefined },
    sayWarning,
  );
  let reportFailure: string | null = null;
  const writePage = async (page: AsyncIterable<string>): Promise<void> => {
    reportFailure = report === undefined ? null : await writeReportFile(report, page);
  };
  const { stdout, stderr } = process;
  const reporter = isReported({ output, report })
    ? createReporter({ ...{ form: output, diff: false, verbose: 0, stdout, stderr }, writePage })
    : null;
  const note = (event: RunEvent): void => {
    const shown = redactedEvent(event);
    record.note(shown);
    reporter?.emit(shown);
  };
  note({
    event: 'run_start',
    ...{ xpush: version(), run: identity, check: false, hosts: hosts.map(runHost) },
  });
  const why = decision === 'undo' ? 'undone by hand' : '';
  const decided = await decide({
    ...{ hosts, transport, stopping, leaving, forks },
    endpointOf: (host) => endpointOf(host, inventory),
    choose: ({ id, run: of }) =>
      run === undefined || of === run ? { id, decision, why, identity: null } : null,
  });
  const reports = hosts.map((host) => ({
    host,
    outcome: outcomeOf(decision, decided.get(host.name)),
  }));
  const statuses = reports.map(({ outcome }) => outcome.status);
  const interrupted = stopping.aborted;
  const exit = exitCode(statuses, { interrupted, pendingAsExit: false });
  const seconds = (performance.now() - beganMs) / 1000;
  for (const { host, outcome } of reports) {
    const { name, kind } = host;
    const { status } = outcome;
    note({ event: 'host_start', host: name, kind });
    if ('text' in outcome) {
      const text = `${outcome.word}: ${outcome.text}`;
      note({ event: 'message', level: 'info', host: name, text });
    }
    const end = { host: name, kind, status, error: errorOf(outcome), seconds };
    note({ event: 'host_end', ...end });
  }
  note({ event: 'run_end', seconds, exit, interrupted });
  if (reporter === null) {
    say(reports);
    sayProblems(reports);
  }
  const failure = await record.close();
  await reporter?.close();
  if (failure !== null) sayWarning(failure);
  if (reportFailure === null) return exit;
  stderr.write(`xpush: ${reportFailure}\n`);
  return exit === exitCodes.done ? exitCodes.failed : exit;
}

/** Whether more is wanted than rows for people. */
export function isReported({ output, report }: Pick<Deciding, 'output' | 'report'>): boolean {
  return report !== undefined || (output !== 'auto' && output !== 'plain');
}

function say(reports: readonly Report[]): void {
  const rows = reports.flatMap(({ host, outcome }) =>
    'text' in outcome ? [[host.name, outcome.word, oneLine(outcome.text)]] : [],
  );
  if (rows.length > 0) process.stdout.write(aligned(rows));
  const quiet = reports.flatMap(({ host, outcome }) =>
    outcome.status === 'ok' && !('text' in outcome) ? [host.name] : [],
  );
  if (quiet.length > 0) {
    process.stdout.write(`Nothing to confirm on ${compressNames(quiet).join(', ')}\n`);
  }
}

function sayWarning(text: string): void {
  process.stderr.write(`warning: ${oneLine(text)}\n`);
}

interface Report {
  readonly host: Host;
  readonly outcome: Outcome;
}

type Outcome =
  | { readonly status: HostStatus; readonly word: string; readonly text: string }
  | { readonly status: 'unreachable'; readonly message: string; readonly hint: string | null }
  /** Nothing waits there, or it was not asked. */
  | { readonly status: 'ok' | 'skipped' };

/** null: nothing is wrong with it. */
function errorOf(outcome: Outcome): HostEnd['error'] {
  if ('message' in outcome) return { message: outcome.message, hint: outcome.hint };
  if (outcome.status === 'ok' || outcome.status === 'changed') return null;
  return { message: 'text' in outcome ? outcome.text : 'not asked', hint: null };
}

function outcomeOf(
  decision: DecisionPlan['decision'],
  visited: Visited<Decided> | undefined,
): Outcome {
  if (visited === undefined) return { status: 'skipped' };
  if ('unreachable' in visited) {
    const { unreachable: message, hint } = visited;
    return { status: 'unreachable', message, hint };
  }
  const { result } = visited;
  return result.type === 'left'
    ? { status: 'ok' }
    : decisionOf(decision, result.window, result.result);
}
