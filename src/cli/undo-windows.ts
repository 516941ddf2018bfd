import { type Decided, decide } from '../engine/decide.ts';
import type { HostEnd, HostStatus } from '../engine/events.ts';
import { exitCode } from '../engine/exit-code.ts';
import { runHost } from '../engine/run.ts';
import type { Visited } from '../engine/visit.ts';
import type { DecisionResult } from '../host/window.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { oneLine } from './one-line.ts';
import { sayProblems } from './problems.ts';
import { redactedEvent } from './redaction.ts';
import { newRunIdentity } from './run-identity.ts';
import { beginRecord } from './run-record.ts';
import type { Sources } from './sources.ts';
import type { Surveyor } from './survey-hosts.ts';
import { aligned } from './table.ts';
import { version } from './version.ts';

interface Undoing {
  readonly forks: number;
  /** What the inventory was read from. */
  readonly sources: Sources;
}

/**
 * Has the hosts undo now what waits to be confirmed there, says so, leaves a record, and gives the exit
 * code.
 */
export async function undoWindows(
  { transport, endpointOf, stopping, leaving }: Surveyor,
  hosts: readonly Host[],
  inventory: Inventory,
  { forks, sources }: Undoing,
): Promise<number> {
  const beganMs = performance.now();
  const identity = newRunIdentity();
  const record = beginRecord(
    { identity, check: false, sources, options: ['limit', 'forks'], left: undefined },
    sayWarning,
  );
  record.note({
    event: 'run_start',
    ...{ xpush: version(), run: identity, check: false, hosts: hosts.map(runHost) },
  });
  const decided = await decide({
    ...{ hosts, transport, stopping, leaving, forks },
    endpointOf: (host) => endpointOf(host, inventory),
    choose: (_host, { id }) => ({ id, decision: 'undo', why: 'undone by hand', identity: null }),
    onHost: () => {},
  });
  const reports = hosts.map((host) => ({ host, outcome: outcomeOf(decided.get(host.name)) }));
  const rows = reports.flatMap(({ host, outcome }) =>
    'text' in outcome ? [[host.name, oneLine(outcome.text)]] : [],
  );
  if (rows.length > 0) process.stdout.write(aligned(rows));
  sayProblems(reports);
  const statuses = reports.map(({ outcome }) => outcome.status);
  const interrupted = stopping.aborted;
  const exit = exitCode(statuses, { interrupted, pendingAsExit: false });
  const seconds = (performance.now() - beganMs) / 1000;
  for (const { host, outcome } of reports) {
    const { name, kind } = host;
    const { status } = outcome;
    record.note({ event: 'host_start', host: name, kind });
    const end = { host: name, kind, status, error: errorOf(outcome), seconds };
    record.note(redactedEvent({ event: 'host_end', ...end }));
  }
  record.note({ event: 'run_end', seconds, exit, interrupted });
  const failure = await record.close();
  if (failure !== null) sayWarning(failure);
  return exit;
}

function sayWarning(text: string): void {
  process.stderr.write(`warning: ${oneLine(text)}\n`);
}

/** null: it is as it was. */
function errorOf(outcome: Outcome): HostEnd['error'] {
  if ('message' in outcome) return { message: outcome.message, hint: outcome.hint };
  if (outcome.status === 'ok') return null;
  return { message: 'text' in outcome ? outcome.text : 'not asked', hint: null };
}

type Outcome =
  | { readonly status: HostStatus; readonly text: string }
  | { readonly status: 'unreachable'; readonly message: string; readonly hint: string | null }
  | { readonly status: 'skipped' };

function outcomeOf(visited: Visited<Decided> | undefined): Outcome {
  if (visited === undefined) return { status: 'skipped' };
  if ('unreachable' in visited) {
    const { unreachable: message, hint } = visited;
    return { status: 'unreachable', message, hint };
  }
  const { result } = visited;
  return result.type === 'left'
    ? { status: 'ok', text: 'nothing waits any more' }
    : { ...resultOf(result.result) };
}

function resultOf(result: DecisionResult): { readonly status: HostStatus; readonly text: string } {
  switch (result.type) {
    case 'rolled_back':
      return { status: 'ok', text: 'undone: it is as before' };
    case 'rebooted':
      return { status: 'ok', text: 'undone: it was rebooted in between' };
    case 'gone':
      return { status: 'ok', text: 'nothing waits any more' };
    case 'incomplete': {
      const left = `not as before: ${result.parts.join(', ')}`;
      return { status: 'needs_human', text: `could not undo everything (${result.why}); ${left}` };
    }
    case 'confirmed':
    case 'not_applied':
      return { status: 'failed', text: 'not undone: it was confirmed, or is being made' };
    case 'too_late':
    case 'failed':
      return { status: 'failed', text: `not undone: ${result.message}` };
    case 'busy':
      return { status: 'busy', text: `busy: ${result.by} holds it (run ${result.run})` };
  }
}
