import type { RunningDomain, RunningVif } from '../host/query.ts';
import type { DomU, Vif } from '../inventory/model.ts';
import { isBridged } from './vif-entry.ts';
import { isRefusal, parseConfig } from './xl-config.ts';

/** How a running guest differs from its vif list, which it was created from or will be. */
export interface RunningDifference {
  readonly domain: RunningDomain;
  /** Vifs of the list that it does not have; each can be attached. */
  readonly missing: readonly Vif[];
  /** Whether vifs that it has are other ones, or are not in the list. */
  readonly hasOthers: boolean;
}

/**
 * The domain that runs for a guest: the one of the name that its configuration file (`text`, bytes as
 * latin1; null when there is none) gives it, else the one that has a MAC of it. Null: it does not run.
 */
export function runningDomain(
  guest: DomU,
  text: string | null,
  domains: readonly RunningDomain[],
): RunningDomain | null {
  const name = nameIn(text) ?? guest.name;
  const macs = new Set(guest.vifs.map(({ mac }) => mac));
  return (
    domains.find((domain) => domain.name === name) ??
    domains.find(({ vifs }) => vifs.some(({ mac }) => macs.has(mac))) ??
    null
  );
}

/** What of the guest's vif list the domain does not have yet; null: nothing. */
export function differenceOf(guest: DomU, domain: RunningDomain): RunningDifference | null {
  const runningOf = (vif: Vif) => domain.vifs.find(({ mac }) => mac === vif.mac);
  const missing = guest.vifs.filter((vif) => runningOf(vif) === undefined);
  const hasOthers =
    domain.vifs.length > guest.vifs.length - missing.length ||
    guest.vifs.some((vif) => {
      const running = runningOf(vif);
      return running !== undefined && !isAsListed(running, vif);
    });
  return missing.length === 0 && !hasOthers ? null : { domain, missing, hasOthers };
}

function isAsListed(running: RunningVif, vif: Vif): boolean {
  const lastName = (path: string | null): string | undefined => path?.split('/').at(-1);
  const listed = new Set(vif.ipv4?.ips ?? []);
  const isOpen = isBridged(vif) && running.ips.length === 0; // its list need not say them
  const hasSameIps =
    running.ips.length === listed.size && running.ips.every((ip) => listed.has(ip));
  return (
    (isOpen || hasSameIps) &&
    (running.script === null || lastName(running.script) === lastName(vif.script)) &&
    (vif.bridge === null || running.bridge === vif.bridge) &&
    (vif.vifname === null || running.device === vif.vifname)
  );
}

/** The `name` that a configuration file gives its domain (xl.cfg(5)). */
function nameIn(text: string | null): string | null {
  if (text === null) return null;
  const assignments = parseConfig(text);
  if (isRefusal(assignments)) return null;
  const named = assignments.findLast(({ name }) => name === 'name')?.value;
  return named?.kind === 'string' ? named.text.slice(1, -1) : null;
}
