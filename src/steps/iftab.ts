import { formerVifs } from '../xen/former-vif.ts';
import { textOf } from '../xen/whole-file.ts';
import { noParams } from './described.ts';
import { guestsOwnName } from './interfaces-leave.ts';
import { recall, remember } from './memory.ts';
import { nameFiles, namesMemory, namesQueries, withoutOtherNames } from './name-files.ts';
import { namesOf } from './network-era.ts';
import { handedOver, inListing, ownFilesIn, withoutHeader } from './own-files.ts';
import { defineStep, refuse } from './step.ts';

export const iftab = defineStep({
  name: 'iftab',
  summary: "Ties the guest's interface names to MACs, for whatever reads that there at boot.",
  on: ['domU'],
  params: noParams,

  queries: () => namesQueries,

  plan: ({ host }, _params, seen) => {
    const earlier = recall(seen, namesMemory);
    if (host.vifs.length === 0 && earlier === null)
      return { changes: [], message: 'the guest has no vifs' };
    const names = namesOf(host, seen);
    const files = nameFiles(names, host, earlier?.vifs ?? [], seen);
    if ('refusal' in files) return files;
    const written = { names, vifs: formerVifs(host) };
    return {
      changes: [...files.changes, ...withoutOtherNames(names, host, earlier, seen)],
      upkeep: remember('iftab', host.vifs.length === 0 ? null : written, seen),
      message: files.message,
    };
  },

  leave: (_target, _params, seen) => {
    const links = ownFilesIn(seen.links).map((from) => ({
      from,
      to: { path: guestsOwnName(from), text: withoutHeader(from.text) },
    }));
    const inWay = links.find(({ to }) => {
      const found = textOf(inListing(to.path, seen.links));
      return found !== null && found !== to.text;
    });
    if (inWay !== undefined) {
      return refuse(
        `${inWay.to.path} is there already, and ${inWay.from.path} is to be handed over to it`,
        'remove one of the two',
      );
    }
    const kept = recall(seen, namesMemory)?.names ?? null;
    return {
      changes: links.flatMap(({ from, to }) => handedOver(from, to, seen.links)),
      upkeep: remember('iftab', null, seen),
      message: kept === null && links.length === 0 ? null : 'interfaces keep their names at boot',
    };
  },
});
