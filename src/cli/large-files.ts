import type { HostedPlays } from '../engine/plays.ts';
import type { SavedPlan } from '../records/plan-schema.ts';
import { ControllerFiles } from '../steps/controller-files.ts';

/**
 * Lets V8 collect old garbage when there is much of it again, as it does unless load-program.ts tells it otherwise.
 * ssh2 makes a buffer for each packet, which V8 counts as garbage of its own: it would collect all there is
 * for every 12 MB that are sent, at 400 ms of CPU for 200 MB.
 */
export function collectRarely(): void {
  if (!process.version.startsWith('v20.')) return;
  process.getBuiltinModule('node:v8').setFlagsFromString('--heap-growing-percent=0');
}

/** Whether any task may send a file in pieces. */
export function sendsLargeFiles({ plays }: HostedPlays): boolean {
  return plays.some(({ play }) =>
    play.tasks.some(({ params }) =>
      Object.values(params ?? {}).some((one) => one instanceof ControllerFiles && one.hasLarge),
    ),
  );
}

/** The same of a saved plan. */
export function planSendsLargeFiles({ hosts }: SavedPlan): boolean {
  return hosts.some(({ tasks }) =>
    tasks.some(({ changes }) => changes.some(({ exact }) => exact.kind === 'send')),
  );
}
