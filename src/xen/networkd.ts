import { basename } from 'node:path/posix';
import type { DomU, Vif } from '../inventory/model.ts';
import { linkSettings } from './link-settings.ts';
import { describes } from './networkd-described.ts';
import { networkdFile, networkdWithRules } from './networkd-file.ts';
import { asksDhcp, keptOf } from './networkd-kept.ts';
import { matchesVif } from './networkd-match.ts';
import { isWhollyOurs, type ObservedFile, textOf } from './whole-file.ts';

/** Where systemd-networkd and udev read what an admin says; the second is made anew at boot. */
export const networkdDirectories = ['/etc/systemd/network', '/run/systemd/network'] as const;

/** First in the order of names, since the first file that matches an interface is the one used. */
export const networkdPath = (iface: string): string =>
  `${networkdDirectories[0]}/00-xpush-${iface}.network`;

/** What networkd should find, or why that can't be. */
export type NetworkdPlan =
  | {
      readonly files: readonly { readonly path: string; readonly text: string }[];
      /** Sentences about files of others. */
      readonly remarks: readonly string[];
    }
  | { readonly refusal: string; readonly hint: string };

/**
 * A `.network` file for each vif, each wholly ours. A file of another's that was in force for the
 * interface stays as it is: in force where it says all that ours would, else without effect, and what
 * it says besides addresses and routes is taken over.
 *
 * @param files what networkd reads, in its order (`inForce`)
 */
export function networkdPlan(
  domU: DomU,
  files: readonly ObservedFile[],
  systemd: number,
): NetworkdPlan {
  const settings = linkSettings(domU);
  if (systemd < networkdWithRules && settings.some(({ rules }) => rules.length > 0)) {
    return {
      refusal: `systemd-networkd ${systemd} has no policy routing`,
      hint: `it came with ${networkdWithRules}: say "network_config: ifupdown", or give the guest its addresses on one vif (ips: [...])`,
    };
  }
  const foreign = files.filter(({ file }) => !isWhollyOurs(file));
  const planned = settings.map((each) => {
    const found = foreignOf(each.vif, foreign);
    const text = found === null ? '' : (textOf(found.file) ?? '');
    const kept = found === null ? null : { path: found.path, text: keptOf(text, domU, each.vif) };
    const isDescribed =
      found?.path.startsWith('/etc/') === true &&
      !files.some(({ path }) => path === networkdPath(each.vif.iface)) &&
      describes(text, domU, each, systemd);
    return {
      vif: each.vif,
      found,
      isDescribed,
      text: networkdFile(each, systemd, kept),
      old: text,
    };
  });
  for (const { vif, found, isDescribed } of planned) {
    if (isDescribed) continue;
    if (found?.path === networkdPath(vif.iface)) {
      return { refusal: `${found.path} is there, and not xpush's`, hint: 'give it another name' };
    }
    if (found !== null && basename(found.path) < basename(networkdPath(vif.iface))) {
      return {
        refusal: `${found.path} is read before ${networkdPath(vif.iface)} and speaks of ${vif.iface}`,
        hint: 'give it a name that sorts later, such as 10-NAME.network',
      };
    }
  }
  return {
    files: planned
      .filter(({ isDescribed }) => !isDescribed)
      .map(({ vif, text }) => ({ path: networkdPath(vif.iface), text })),
    remarks: planned.flatMap(({ vif, found, isDescribed, old }) => {
      if (found === null) return [];
      return isDescribed
        ? [`${found.path} describes ${vif.iface} already`]
        : [
            `${found.path} is no longer used for ${vif.iface}${asksDhcp(old) ? ', which asks DHCP for nothing now' : ''}`,
          ];
    }),
  };
}

/** The first that is no mask (empty, or a link to /dev/null) and speaks of the vif. */
function foreignOf(vif: Vif, files: readonly ObservedFile[]): ObservedFile | null {
  return (
    files.find(({ file }) => {
      const text = textOf(file);
      return text !== null && text !== '' && matchesVif(text, vif);
    }) ?? null
  );
}
