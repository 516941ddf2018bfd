import * as v from 'valibot';
import { query } from '../host/query.ts';
import type { DomU } from '../inventory/model.ts';
import { iftabPath } from '../xen/iftab.ts';
import { netplanDirectories } from '../xen/netplan.ts';
import { networkdDirectories } from '../xen/networkd.ts';
import { udevNamesPaths } from '../xen/udev-names.ts';
import type { Seen } from './answers.ts';
import { cloudInitQueries } from './cloud-init.ts';
import { formerSchema } from './former.ts';
import { ifupdownQueries } from './ifupdown-files.ts';
import { memoryQueries } from './memory.ts';
import { systemQueries } from './network-era.ts';

const [etcNetworkd, runNetworkd] = networkdDirectories;
const [runNetplan, etcNetplan, libNetplan] = netplanDirectories;

/** The files of every era: which one a guest is of is known with the same answer. */
export function interfacesQueries({ networkConfig }: DomU) {
  return {
    ...memoryQueries('interfaces'),
    ...ifupdownQueries,
    ...cloudInitQueries,
    system: systemQueries(networkConfig === null || networkConfig === 'networkd'),
    network: query.network(),
    iftab: query.file(iftabPath),
    udevNames: udevNamesPaths.map((path) => query.file(path)),
    networkd: query.directory(etcNetworkd, '.network'),
    networkdAtRun: query.directory(runNetworkd, '.network'),
    netplan: query.directory(etcNetplan, '.yaml'),
    netplanAtRun: query.directory(runNetplan, '.yaml'),
    netplanOfPackages: query.directory(libNetplan, '.yaml'),
  } as const;
}

/** The answers. */
export type SeenInterfaces = Seen<ReturnType<typeof interfacesQueries>>;

/** What the step remembers on a host. */
export const interfacesMemory = v.strictObject({
  config: v.picklist(['ifupdown', 'networkd', 'netplan']),
  vifs: formerSchema,
});
