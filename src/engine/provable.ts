import type { Host } from '../inventory/model.ts';
import { isGood } from './budget.ts';
import type { HostProgress, Progress } from './host-progress.ts';

/** Those of these hosts whose network can be proven: they are done, and so is the other side of their Xen pair. */
export function provable(names: readonly string[], progress: Progress): readonly Host[] {
  return names.flatMap((name) => {
    const own = progress.of(name);
    if (own === undefined || !isDone(own)) return [];
    const others = own.host.kind === 'dom0' ? own.host.domUs : dom0Of(own.host);
    return others.every((other) => isDone(progress.of(other))) ? [own.host] : [];
  });
}

function dom0Of(host: Host): readonly string[] {
  return host.kind === 'domU' ? [host.dom0] : [];
}

/** What has no part in the run is as done as it gets. */
function isDone(progress: HostProgress | undefined): boolean {
  if (progress === undefined) return true;
  return progress.legsLeft === 0 && progress.error === null && isGood(progress.status);
}
