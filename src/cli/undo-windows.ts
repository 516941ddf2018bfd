import { type Decided, decide } from '../engine/decide.ts';
import type { HostStatus } from '../engine/events.ts';
import { exitCode } from '../engine/exit-code.ts';
import type { Visited } from '../engine/visit.ts';
import type { DecisionResult } from '../host/window.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { oneLine } from './one-line.ts';
import { sayProblems } from './problems.ts';
import type { Surveyor } from './survey-hosts.ts';
import { aligned } from './table.ts';

/** Has the hosts undo now what waits to be confirmed there, says so, and gives the exit code. */
export async function undoWindows(
  { transport, endpointOf, stopping, leaving }: Surveyor,
  hosts: readonly Host[],
  inventory: Inventory,
  forks: number,
): Promise<number> {
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
  return exitCode(statuses, { interrupted: stopping.aborted, pendingAsExit: false });
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
