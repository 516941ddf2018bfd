import type { DecisionPlan, DecisionResult, PendingWindow, WindowsState } from '../host/window.ts';
import { compileDecision } from '../host/window-program.ts';
import { readDecision } from '../host/window-sections.ts';
import type { Host } from '../inventory/model.ts';
import type { HostShell } from './host-shell.ts';
import { LostError } from './lost-error.ts';
import { type Visited, type VisitRequest, visit } from './visit.ts';
import { decidingMs, lookAtWindows, windowQueries } from './window-shell.ts';

/** What became of a host whose window was to be decided. */
export type Decided =
  /** Nothing waits there. */
  | { readonly type: 'left' }
  | {
      readonly type: 'decided';
      readonly window: PendingWindow;
      readonly result: DecisionResult;
    };

/** All that deciding needs. */
export interface DecideRequest extends VisitRequest {
  /** What to decide of a window that is not over; null: leave it alone. */
  readonly choose: (window: PendingWindow) => DecisionPlan | null;
}

/**
 * Decides the windows of many hosts at once, each over its own new connection. By host name. A line
 * that is lost under a decision is made again, and the host asked what became of it: a decision is
 * made once, whoever asks how often.
 */
export async function decide(
  request: DecideRequest,
): Promise<ReadonlyMap<string, Visited<Decided>>> {
  /** Windows that a lost line may have decided. */
  const asked = new Map<string, PendingWindow>();
  const decideHost = async (host: Host, shell: HostShell): Promise<Decided> => {
    const windows = await lookAtWindows(shell);
    const before = asked.get(host.name);
    const result = before === undefined ? null : resultOf(before, windows);
    if (before !== undefined && result !== null) {
      return { type: 'decided', window: before, result };
    }
    const plan = windows.pending === null ? null : request.choose(windows.pending);
    if (windows.pending === null || plan === null) return { type: 'left' };
    asked.set(host.name, windows.pending);
    const sections = await shell.run((known) => compileDecision(plan, known), {
      patience: ({ since }) => since + decidingMs,
    });
    const decided = readDecision(sections);
    if (decided === null) throw new LostError('it does not say what it made of the decision');
    return { type: 'decided', window: windows.pending, result: decided };
  };
  return await visit(request, { firstQueries: () => windowQueries, work: decideHost });
}

/** How a window ended; null: it has not. */
function resultOf({ id }: PendingWindow, { last, pending }: WindowsState): DecisionResult | null {
  if (pending?.id === id) return null;
  if (last?.id !== id) return { type: 'gone' };
  if (last.outcome === 'confirmed') return { type: 'confirmed' };
  return last.outcome === 'rolled_back'
    ? { type: 'rolled_back', why: last.why }
    : { type: 'incomplete', why: last.why, parts: [] };
}
