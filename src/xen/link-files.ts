import { basename } from 'node:path/posix';
import type { DomU, Vif } from '../inventory/model.ts';
import { networkdDirectories } from './networkd.ts';
import { matchesVif } from './networkd-match.ts';
import { isWhollyOurs, type ObservedFile, ownHeader, textOf } from './whole-file.ts';

/** First in the order of names: udev uses the first file that matches an interface. */
const linkPath = (iface: string): string => `${networkdDirectories[0]}/00-xpush-${iface}.link`;

/** What udev should find, or why that can't be. */
export type LinkPlan =
  | {
      readonly files: readonly { readonly path: string; readonly text: string }[];
      /** Sentences about files of others that ours take the place of. */
      readonly remarks: readonly string[];
    }
  | { readonly refusal: string; readonly hint: string };

/**
 * A `.link` file for each vif that gives its interface its name (systemd.link(5)), wholly ours.
 *
 * @param observed what udev reads, in its order (`inForce`)
 * @param udev its version
 */
export function linkPlan(domU: DomU, observed: readonly ObservedFile[], udev: number): LinkPlan {
  const remarks: string[] = [];
  for (const vif of domU.vifs) {
    const found = observed.find(({ file }) => !isWhollyOurs(file) && speaksOf(textOf(file), vif));
    if (found === undefined) continue;
    if (found.path === linkPath(vif.iface)) {
      return { refusal: `${found.path} is there, and not xpush's`, hint: 'give it another name' };
    }
    if (basename(found.path) < basename(linkPath(vif.iface))) {
      return {
        refusal: `${found.path} is read before ${linkPath(vif.iface)} and speaks of ${vif.iface}`,
        hint: 'give it a name that sorts later, such as 10-NAME.link',
      };
    }
    remarks.push(`${found.path} is no longer used for ${vif.iface}`);
  }
  return {
    files: domU.vifs.map((vif) => ({ path: linkPath(vif.iface), text: linkFile(vif, udev) })),
    remarks,
  };
}

/**
 * VLANs and bridges have the MAC of what is below them, and would be called as it is: `Type=ether`
 * leaves them alone, since 245 (systemd issue 14952). Before, their renaming fails, since the name is taken.
 */
function linkFile({ iface, mac }: Vif, udev: number): string {
  const guard = udev >= 246 ? 'Type=ether\n' : '';
  return `${ownHeader}[Match]\nMACAddress=${mac}\n${guard}\n[Link]\nName=${iface}\n`;
}

const speaksOf = (text: string | null, vif: Vif): boolean =>
  text !== null && text !== '' && matchesVif(text, vif);
