import { type Change, change } from '../host/change.ts';
import { plainNetplanFile } from '../xen/netplan-file.ts';
import { plainNetworkdFile } from '../xen/networkd-file.ts';
import { isWhollyOurs, textOf } from '../xen/whole-file.ts';
import { withoutPolicyEdits } from './ifupdown-files.ts';
import type { SeenInterfaces } from './interfaces-seen.ts';
import { remember } from './memory.ts';
import { guestsOwnName, handOver, type OwnFile, withoutHeader } from './own-files.ts';
import type { Plan, Refusal } from './step.ts';

/**
 * The guest stays on the network: files that are wholly ours go on under names of its own, with
 * addresses and default routes only; stanzas of ifupdown stay without policy routing.
 */
export function leaveInterfaces(seen: SeenInterfaces): Plan | Refusal {
  const links = handOver(seen.networkd, (from) => ({
    path: guestsOwnName(from),
    text: plainNetworkdFile(from.text),
  }));
  if ('refusal' in links) return links;
  const toStatic = ({ path, text }: OwnFile): OwnFile => ({
    path: path.replace('-xpush', '-static'),
    text: plainNetplanFile(text),
  });
  const yaml = handOver(seen.netplan, toStatic, 0o600);
  if ('refusal' in yaml) return yaml;
  const stanzas = withoutPolicyEdits(seen);
  if ('refusal' in stanzas) return stanzas;
  const kept = [...links.paths, ...yaml.paths];
  return {
    changes: [...links.changes, ...yaml.changes, ...stanzas.changes, ...ownedNoMore(seen)],
    upkeep: remember('interfaces', null, seen),
    message: kept.length === 0 ? null : `the guest keeps its addresses: ${kept.join(', ')}`,
  };
}

/** That cloud-init leaves the network alone must stay so: it would write it as it was before. */
function ownedNoMore({ cloudNetwork }: SeenInterfaces): readonly Change[] {
  if (!isWhollyOurs(cloudNetwork)) return [];
  const path = '/etc/cloud/cloud.cfg.d/99-disable-network-config.cfg';
  return change.writeFile(path, withoutHeader(textOf(cloudNetwork) ?? ''), cloudNetwork, {
    effect: 'boot',
  });
}
