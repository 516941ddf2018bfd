import { basename } from 'node:path/posix';
import type { DomU, Vif } from '../inventory/model.ts';
import { networkdDirectories } from './networkd.ts';
import { isPlainMatch, matchesVif, unitSections } from './networkd-match.ts';
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
 * A `.link` file for each vif that gives its interface its name (systemd.link(5)), wholly ours, unless
 * another's does that already.
 *
 * @param observed what udev reads, in its order (`inForce`)
 * @param udev its version
 */
export function linkPlan(domU: DomU, observed: readonly ObservedFile[], udev: number): LinkPlan {
  const remarks: string[] = [];
  const described = new Set<Vif>();
  for (const vif of domU.vifs) {
    const found = observed.find(({ file }) => !isWhollyOurs(file) && speaksOf(textOf(file), vif));
    if (found === undefined) continue;
    const hasOwn = observed.some(({ path }) => path === linkPath(vif.iface));
    if (!hasOwn && found.path.startsWith('/etc/') && names(textOf(found.file) ?? '', vif)) {
      described.add(vif);
      remarks.push(`${found.path} names ${vif.iface} already`);
      continue;
    }
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
    files: domU.vifs
      .filter((vif) => !described.has(vif))
      .map((vif) => ({ path: linkPath(vif.iface), text: linkFile(vif, udev) })),
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

/** Whether a file that speaks of the vif ties the name to the MAC; a `NamePolicy=` would come before `Name=`. */
function names(text: string, { iface }: Vif): boolean {
  const sections = unitSections(text);
  const said = (section: string, pattern: RegExp): readonly string[] =>
    sections
      .filter(({ name }) => name === section)
      .flatMap(({ options }) => options)
      .flatMap(({ key, value }) => (pattern.test(key) ? [value] : []));
  return (
    isPlainMatch(text) &&
    said('Match', /^(?:Permanent)?MACAddress$/).length > 0 &&
    said('Match', /^(?:Original)?Name$/).length === 0 &&
    said('Link', /^NamePolicy$/).every((value) => value === '') &&
    said('Link', /^Name$/).at(-1) === iface
  );
}
