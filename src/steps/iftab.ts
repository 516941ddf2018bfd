import { formerVifs } from '../xen/former-vif.ts';
import { noParams } from './described.ts';
import { recall, remember } from './memory.ts';
import {
  areGiven,
  handOverLinks,
  nameFiles,
  namesMemory,
  namesQueries,
  type SeenNames,
  withoutOtherNames,
} from './name-files.ts';
import { namesOf } from './network-era.ts';
import { defineStep, type Plan, type Refusal } from './step.ts';

export const iftab = defineStep({
  name: 'iftab',
  network: true,
  summary: "Ties the guest's interface names to MACs, for whatever reads that there at boot.",
  on: ['domU'],
  params: noParams,

  queries: ({ host }) => namesQueries(host),

  plan: ({ host }, _params, seen) => {
    const earlier = recall(seen, namesMemory);
    if (host.vifs.length === 0) {
      return earlier === null
        ? { changes: [], message: 'the guest has no vifs' }
        : leaveNames(seen);
    }
    const names = namesOf(host, seen);
    const files = nameFiles(names, host, earlier?.vifs ?? [], seen);
    if ('refusal' in files) return files;
    const written = {
      names: areGiven(names, seen) ? names : (earlier?.names ?? names),
      vifs: formerVifs(host),
    };
    return {
      changes: [...files.changes, ...withoutOtherNames(names, host, earlier, seen)],
      upkeep: remember('iftab', written, seen),
      message: files.message,
    };
  },

  leave: (_target, _params, seen) => leaveNames(seen),
});

/** Interfaces keep their names, which the guest's network files know them by. */
function leaveNames(seen: SeenNames): Plan | Refusal {
  const links = handOverLinks(seen);
  if ('refusal' in links) return links;
  const kept = recall(seen, namesMemory)?.names ?? null;
  return {
    changes: links.changes,
    upkeep: remember('iftab', null, seen),
    message:
      kept === null && links.paths.length === 0 ? null : 'interfaces keep their names at boot',
  };
}
