import type { HostStatus } from './events.ts';

/** What the process exits with; the table is in docs/command-line.md. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  rolledBack: 4,
  needsHuman: 5,
  busy: 6,
  pendingChanges: 10,
  interrupted: 130,
} as const;

/** Worst first. */
const severity: readonly (readonly [HostStatus, number])[] = [
  ['needs_human', exitCodes.needsHuman],
  ['rolled_back', exitCodes.rolledBack],
  ['failed', exitCodes.failed],
  ['unreachable', exitCodes.unreachable],
  ['busy', exitCodes.busy],
];

/** The worst host decides; an interrupt shows unless a host needs more than that said. */
export function exitCode(
  statuses: Iterable<HostStatus>,
  run: { readonly interrupted: boolean; readonly pendingAsExit: boolean },
): number {
  const seen = new Set(statuses);
  const worst = severity.find(([status]) => seen.has(status))?.[1] ?? exitCodes.done;
  if (run.interrupted && worst !== exitCodes.needsHuman && worst !== exitCodes.rolledBack) {
    return exitCodes.interrupted;
  }
  if (worst === exitCodes.done && run.pendingAsExit && seen.has('changed')) {
    return exitCodes.pendingChanges;
  }
  return worst;
}
