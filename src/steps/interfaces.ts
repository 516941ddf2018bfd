import { formerVifs } from '../xen/former-vif.ts';
import { noParams } from './described.ts';
import { eraFiles, withoutOtherEras } from './interfaces-eras.ts';
import { leaveInterfaces } from './interfaces-leave.ts';
import { interfacesMemory, interfacesQueries } from './interfaces-seen.ts';
import { recall, remember } from './memory.ts';
import { eraRemarks, isReadAtBoot, networkConfigOf, refuseEra } from './network-era.ts';
import { defineStep } from './step.ts';

export const interfaces = defineStep({
  name: 'interfaces',
  network: true,
  summary: "Writes the guest's network files for the next boot, for whatever reads them there.",
  on: ['domU'],
  params: noParams,

  queries: ({ host }) => interfacesQueries(host),

  plan: ({ host }, _params, seen) => {
    const earlier = recall(seen, interfacesMemory);
    if (host.vifs.length === 0) {
      // it has vifs all the same, whose list stays too: without a stanza it would be off the network
      return earlier === null
        ? { changes: [], message: 'the guest has no vifs' }
        : leaveInterfaces(seen);
    }
    const config = networkConfigOf(host, seen.network) ?? earlier?.config ?? null;
    if (config === null) return refuseEra(seen.network);
    const files = eraFiles(config, host, earlier?.vifs ?? [], seen);
    if ('refusal' in files) return files;
    const remarks = [...files.remarks, ...eraRemarks(config, seen)];
    const written = {
      config: isReadAtBoot(config, seen.network) ? config : (earlier?.config ?? config),
      vifs: formerVifs(host),
    };
    return {
      changes: [...files.changes, ...withoutOtherEras(config, host, earlier, seen)],
      upkeep: remember('interfaces', written, seen),
      message: remarks.length === 0 ? null : remarks.join('; '),
    };
  },

  leave: (_target, _params, seen) => leaveInterfaces(seen),
});
