import type { Host } from '../inventory/model.ts';

/** One of each kind of host that its variables, its groups and what it was told tell apart. */
export function sampleHosts(
  hosts: readonly Host[],
  toldOn: (host: Host) => readonly string[],
): readonly Host[] {
  const samples = new Map<string, Host>();
  for (const host of hosts) {
    const key = JSON.stringify([host.kind, host.groups, host.vars, toldOn(host)]);
    if (!samples.has(key)) samples.set(key, host);
  }
  return [...samples.values()];
}
