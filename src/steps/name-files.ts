import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { type FileState, query } from '../host/query.ts';
import type { DomU } from '../inventory/model.ts';
import type { FormerVif } from '../xen/former-vif.ts';
import { iftabFile, iftabPath } from '../xen/iftab.ts';
import { linkPlan } from '../xen/link-files.ts';
import { netplanPath } from '../xen/netplan.ts';
import { networkdDirectories } from '../xen/networkd.ts';
import { udevNamesFile, udevNamesPaths } from '../xen/udev-names.ts';
import { inForce } from '../xen/whole-file.ts';
import type { Seen } from './answers.ts';
import { editable } from './editable.ts';
import { formerSchema } from './former.ts';
import { memoryQueries } from './memory.ts';
import { type Names, systemQueries, versionsOf } from './network-era.ts';
import {
  guestsOwnName,
  type HandedOver,
  handOver,
  removeStaleFiles,
  withoutHeader,
  writeOwnFiles,
} from './own-files.ts';
import type { Refusal } from './step.ts';

const [etcNetworkd, runNetworkd] = networkdDirectories;

/** The files of every era: which one a guest is of is known with the same answer. */
export function namesQueries({ names }: DomU) {
  return {
    ...memoryQueries('iftab'),
    system: systemQueries(names === null || names === 'udev' || names === 'link'),
    network: query.network(),
    iftab: query.file(iftabPath),
    udevNames: udevNamesPaths.map((path) => query.file(path)),
    links: query.directory(etcNetworkd, '.link'),
    linksAtRun: query.directory(runNetworkd, '.link'),
  } as const;
}

/** The answers. */
export type SeenNames = Seen<ReturnType<typeof namesQueries>>;

/** What the step remembers on a host. */
export const namesMemory = v.strictObject({
  names: v.picklist(['iftab', 'udev', 'link', 'netplan', 'none']),
  vifs: formerSchema,
});

/** What brings the files that give names to what the inventory says. */
export interface NameFiles {
  readonly changes: readonly Change[];
  readonly message: string | null;
}

/** The files of the era that the guest is of, lines of vifs that left taken out. */
export function nameFiles(
  names: Names,
  host: DomU,
  former: readonly FormerVif[],
  seen: SeenNames,
): NameFiles | Refusal {
  switch (names) {
    case 'iftab':
    case 'udev': {
      const changes = lineEdits(names, host, former, seen);
      if ('refusal' in changes) return changes;
      const [first] = names === 'udev' ? [udevFile(seen).path] : [iftabPath];
      return {
        changes: changes.changes,
        message: areGiven(names, seen)
          ? `names are in ${first}`
          : `nothing there reads ${first}: install ifrename`,
      };
    }
    case 'link': {
      const udev = versionsOf(seen).udev ?? Number.POSITIVE_INFINITY;
      const plan = linkPlan(host, inForce([seen.links, seen.linksAtRun]), udev);
      if ('refusal' in plan) return plan;
      return {
        changes: [
          ...writeOwnFiles(plan.files, seen.links),
          ...removeStaleFiles(seen.links, plan.files),
        ],
        message: [
          ...(plan.files.length === 0 ? [] : [`names are in ${etcNetworkd}/00-xpush-*.link`]),
          ...plan.remarks,
        ].join('; '),
      };
    }
    case 'netplan':
      return {
        changes: [],
        message: `names are in ${netplanPath}, if netplan had none (step interfaces)`,
      };
    case 'none': {
      const links = handOverLinks(seen);
      if ('refusal' in links) return links;
      return {
        changes: links.changes,
        message:
          host.names === 'none'
            ? 'names are left alone (names: none)'
            : 'nothing there gives names by MAC: they are left alone, in the order of the vifs',
      };
    }
  }
}

/** Interfaces keep the names that `.link` files of ours give them. */
export function handOverLinks({ links }: SeenNames): HandedOver | Refusal {
  return handOver(links, (from) => ({
    path: guestsOwnName(from),
    text: withoutHeader(from.text),
  }));
}

/** Edits the lines of the file that holds names, or takes those of former vifs out. */
function lineEdits(
  names: 'iftab' | 'udev',
  host: DomU,
  former: readonly FormerVif[],
  seen: SeenNames,
): { readonly changes: readonly Change[] } | Refusal {
  const { path, file } = names === 'udev' ? udevFile(seen) : { path: iftabPath, file: seen.iftab };
  const found = editable(path, file);
  if ('refusal' in found) return found;
  const text =
    names === 'udev'
      ? udevNamesFile(found.text, host, versionsOf(seen).udev, former)
      : iftabFile(found.text, host, former);
  return { changes: text === null ? [] : change.writeFile(path, text, file, { effect: 'boot' }) };
}

function udevFile({ udevNames }: SeenNames) {
  const place = Math.max(
    udevNames.findIndex((file) => file.type !== 'absent'),
    0,
  );
  return { path: udevNamesPaths[place] ?? udevNamesPaths[0], file: udevNames[place] ?? absent };
}

const absent: FileState = { type: 'absent' };

/**
 * Takes out what an earlier run wrote where names are no longer said. It stays where they would be
 * said nowhere at the next boot: the network files know the interfaces by them.
 */
export function withoutOtherNames(
  names: Names,
  host: DomU,
  earlier: { readonly names: Names; readonly vifs: readonly FormerVif[] } | null,
  seen: SeenNames,
): readonly Change[] {
  if (!areGiven(names, seen)) return [];
  const before = earlier?.names;
  const isLines = (before === 'iftab' || before === 'udev') && before !== names;
  const lines = isLines
    ? lineEdits(before, { ...host, vifs: [] }, earlier?.vifs ?? [], seen)
    : null;
  return [
    ...(lines !== null && 'changes' in lines ? lines.changes : []),
    ...(names === 'link' ? [] : removeStaleFiles(seen.links, [])),
  ];
}

/** Whether something gives interfaces these names at boot. */
export function areGiven(names: Names, { network }: SeenNames): boolean {
  return names === 'iftab' ? network.hasIfrename : names !== 'none';
}
