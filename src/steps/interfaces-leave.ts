import { type Change, change } from '../host/change.ts';
import { plainNetplanFile } from '../xen/netplan-file.ts';
import { plainNetworkdFile } from '../xen/networkd-file.ts';
import { isWhollyOurs, textOf } from '../xen/whole-file.ts';
import { withoutPolicyEdits } from './ifupdown-files.ts';
import type { SeenInterfaces } from './interfaces-seen.ts';
import { remember } from './memory.ts';
import { handedOver, inListing, type OwnFile, ownFilesIn, withoutHeader } from './own-files.ts';
import { type Plan, type Refusal, refuse } from './step.ts';

/**
 * The guest stays on the network: files that are wholly ours go on under names of its own, with
 * addresses and default routes only; stanzas of ifupdown stay without policy routing.
 */
export function leaveInterfaces(seen: SeenInterfaces): Plan | Refusal {
  const links = ownFilesIn(seen.networkd).map((from) => ({
    from,
    to: { path: guestsOwnName(from), text: plainNetworkdFile(from.text) },
  }));
  const yaml = ownFilesIn(seen.netplan).map((from) => ({
    from,
    to: { path: from.path.replace('-xpush', '-static'), text: plainNetplanFile(from.text) },
  }));
  const inWay = [
    ...links.filter(({ to }) => isOther(to, textOf(inListing(to.path, seen.networkd)))),
    ...yaml.filter(({ to }) => isOther(to, textOf(inListing(to.path, seen.netplan)))),
  ][0];
  if (inWay !== undefined) {
    return refuse(
      `${inWay.to.path} is there already, and ${inWay.from.path} is to be handed over to it`,
      'remove one of the two',
    );
  }
  const stanzas = withoutPolicyEdits(seen);
  if ('refusal' in stanzas) return stanzas;
  const kept = [...links, ...yaml].map(({ to }) => to.path);
  return {
    changes: [
      ...links.flatMap(({ from, to }) => handedOver(from, to, seen.networkd)),
      ...yaml.flatMap(({ from, to }) => handedOver(from, to, seen.netplan, 0o600)),
      ...stanzas.changes,
      ...ownedNoMore(seen),
    ],
    upkeep: remember('interfaces', null, seen),
    message: kept.length === 0 ? null : `the guest keeps its addresses: ${kept.join(', ')}`,
  };
}

/** Before the names that people give, and after ours, should xpush come back. */
export const guestsOwnName = ({ path }: OwnFile): string => path.replace('/00-xpush-', '/01-');

const isOther = ({ text }: OwnFile, found: string | null): boolean =>
  found !== null && found !== text;

/** That cloud-init leaves the network alone must stay so: it would write it as it was before. */
function ownedNoMore({ cloudNetwork }: SeenInterfaces): readonly Change[] {
  if (!isWhollyOurs(cloudNetwork)) return [];
  const path = '/etc/cloud/cloud.cfg.d/99-disable-network-config.cfg';
  return change.writeFile(path, withoutHeader(textOf(cloudNetwork) ?? ''), cloudNetwork, {
    effect: 'boot',
  });
}
