import type { RunEvent } from '../engine/events.ts';
import { planHosts } from '../engine/plays.ts';
import { run } from '../engine/run.ts';
import type { Visit } from '../import/describe-fleet.ts';
import type { Loaded } from '../import/load-draft.ts';
import { loadPlaybooks } from '../playbook/load-playbook.ts';
import { defaultPlaybook } from './load-work.ts';
import { newRunIdentity } from './run-identity.ts';
import type { Surveyor } from './survey-hosts.ts';
import { version } from './version.ts';

/** What `xpush apply` would change on the hosts that were seen, by the very plan of a check. */
export async function differencesFrom(
  { inventory }: Loaded,
  visits: ReadonlyMap<string, Visit>,
  surveyor: Surveyor,
  forks: number,
): Promise<readonly string[]> {
  const seen = [...inventory.hosts.values()].flatMap(({ name, kind }) => {
    const visit = visits.get(name);
    return kind === 'dom0' || (visit !== undefined && 'state' in visit) ? [name] : [];
  });
  const plays = (await loadPlaybooks([defaultPlaybook])).flatMap((playbook) => playbook.plays);
  const differences: string[] = [];
  const { transport, stopping, leaving, endpointOf } = surveyor;
  await run({
    version: version(),
    identity: newRunIdentity(),
    inventory,
    plays: planHosts(plays, inventory, seen.join(',')).plays,
    transport,
    endpointOf: (host) => endpointOf(host, inventory),
    check: true,
    forks,
    pendingAsExit: false,
    emit: (event) => differences.push(...inWords(event)),
    ...{ stopping, leaving },
  });
  return differences.toSorted();
}

function inWords(event: RunEvent): readonly string[] {
  if (event.event === 'host_end' && event.error !== null) {
    return [`${event.host}: ${event.status}: ${event.error.message}`];
  }
  if (event.event !== 'task' || event.changes.length === 0) return [];
  const subjects = [...new Set(event.changes.map(({ subject }) => subject))];
  return [`${event.host}: ${event.step}: ${subjects.join(', ')}`];
}
