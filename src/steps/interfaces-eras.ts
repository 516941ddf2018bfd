import { dirname } from 'node:path/posix';
import type { Change } from '../host/change.ts';
import { change } from '../host/change.ts';
import type { DomU } from '../inventory/model.ts';
import type { FormerVif } from '../xen/former-vif.ts';
import { netplanPath, netplanPlan } from '../xen/netplan.ts';
import { networkdPlan } from '../xen/networkd.ts';
import { inForce } from '../xen/whole-file.ts';
import { quietCloudInit } from './cloud-init.ts';
import { ifupdownEdits } from './ifupdown-files.ts';
import type { SeenInterfaces } from './interfaces-seen.ts';
import { isReadAtBoot, type NetworkConfig, namesOf, versionsOf } from './network-era.ts';
import { inListing, type OwnFile, removeStaleFiles, writeOwnFiles } from './own-files.ts';
import type { Refusal } from './step.ts';

/** What brings the files of one era to what the inventory says. */
export interface EraFiles {
  readonly changes: readonly Change[];
  /** Sentences; the first says which files. */
  readonly remarks: readonly string[];
}

/** The files of the era that is in charge, vifs that left taken out. */
export function eraFiles(
  config: NetworkConfig,
  host: DomU,
  former: readonly FormerVif[],
  seen: SeenInterfaces,
): EraFiles | Refusal {
  switch (config) {
    case 'ifupdown':
      return ofIfupdown(host, former, seen);
    case 'networkd':
      return ofNetworkd(host, seen);
    case 'netplan':
      return ofNetplan(host, seen);
  }
}

/**
 * Takes out what an earlier run wrote for the other eras, once the guest does not need it any more
 * to be on the network after a boot.
 */
export function withoutOtherEras(
  config: NetworkConfig,
  host: DomU,
  earlier: { readonly config: NetworkConfig; readonly vifs: readonly FormerVif[] } | null,
  seen: SeenInterfaces,
): readonly Change[] {
  if (!isReadAtBoot(config, seen.network)) return [];
  const stanzas =
    config !== 'ifupdown' && earlier?.config === 'ifupdown' && seen.interfaces.type === 'file'
      ? ifupdownEdits({ ...host, vifs: [] }, earlier.vifs, seen)
      : null;
  return [
    ...(stanzas !== null && 'changes' in stanzas ? stanzas.changes : []),
    ...(config === 'networkd' ? [] : removeStaleFiles(seen.networkd, [])),
    ...(config === 'netplan' ? [] : removeStaleFiles(seen.netplan, [])),
  ];
}

function ofIfupdown(
  host: DomU,
  former: readonly FormerVif[],
  seen: SeenInterfaces,
): EraFiles | Refusal {
  const edits = ifupdownEdits(host, former, seen);
  if ('refusal' in edits) return edits;
  const quiet = quietCloudInit(edits.edited, seen);
  return {
    changes: [...edits.changes, ...quiet.changes],
    remarks: [...edits.remarks, ...quiet.remarks],
  };
}

function ofNetworkd(host: DomU, seen: SeenInterfaces): EraFiles | Refusal {
  const { networkd, networkdAtRun } = seen;
  const plan = networkdPlan(
    host,
    inForce([networkd, networkdAtRun]),
    versionsOf(seen).systemd ?? newest,
  );
  if ('refusal' in plan) return plan;
  return {
    changes: [...writeOwnFiles(plan.files, networkd), ...removeStaleFiles(networkd, plan.files)],
    remarks: [
      ...(plan.files.length === 0 ? [] : [`systemd-networkd reads ${listed(plan.files)}`]),
      ...plan.remarks,
    ],
  };
}

/** Where a version is not told, whatever runs there is not old. */
const newest = Number.POSITIVE_INFINITY;

function ofNetplan(host: DomU, seen: SeenInterfaces): EraFiles | Refusal {
  const { netplan, netplanAtRun, netplanOfPackages } = seen;
  const observed = inForce([netplanAtRun, netplan, netplanOfPackages]);
  const setsNames = namesOf(host, seen) === 'netplan';
  const plan = netplanPlan(host, observed, setsNames);
  if ('refusal' in plan) return plan;
  const own = plan.files.filter(({ path }) => path === netplanPath);
  const foreign = plan.files.filter(({ path }) => path !== netplanPath);
  const edited = foreign.map(({ path }) => ({ path, file: inListing(path, netplan) }));
  const quiet = quietCloudInit(edited, seen);
  return {
    changes: [
      ...writeOwnFiles(own, netplan, 0o600),
      ...foreign.flatMap(({ path, text }) =>
        change.writeFile(path, text, inListing(path, netplan), { effect: 'boot' }),
      ),
      ...quiet.changes,
    ],
    remarks: [...own.map(({ path }) => `netplan reads ${path}`), ...plan.remarks, ...quiet.remarks],
  };
}

/** `/etc/systemd/network/{00-xpush-eth0.network,00-xpush-eth1.network}`. */
function listed(files: readonly OwnFile[]): string {
  const [first] = files;
  if (first === undefined || files.length === 1) return first?.path ?? '';
  const directory = dirname(first.path);
  return `${directory}/{${files.map(({ path }) => path.slice(directory.length + 1)).join(',')}}`;
}
