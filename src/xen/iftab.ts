import type { DomU } from '../inventory/model.ts';
import type { FormerVif } from './former-vif.ts';
import { splitJoinedLines, withOwnLines } from './own-lines.ts';

/** Where ifrename finds which MAC gets which interface name (iftab(5)). */
export const iftabPath = '/etc/iftab';

/**
 * The file with a line for each vif, `eth0 mac de:ad:be:ef:00:00 arp 1`. Lines that speak of one of
 * the guest's interface names or MACs are replaced; those that give a `former` vif its name go; all
 * others stay byte for byte. null stands for no file, and stays where the guest has no vifs.
 */
export function iftabFile(
  text: string | null,
  domU: DomU,
  former: readonly FormerVif[] = [],
): string | null {
  if (text === null && domU.vifs.length === 0) return null;
  const lines = splitJoinedLines(text ?? '').filter(
    (line) =>
      domU.vifs.some((vif) => speaksOf(line, vif)) || !former.some((was) => isLineOf(line, was)),
  );
  return withOwnLines(
    lines,
    domU.vifs.map((vif) => ({
      text: `${vif.iface} mac ${vif.mac} arp 1`,
      isSame: (line) => isLineOf(line, vif),
      isOurs: (line) => speaksOf(line, vif),
    })),
  );
}

type Named = Pick<FormerVif, 'iface' | 'mac'>;

/** Whether a line gives the interface its name by its MAC, and asks for nothing else. */
function isLineOf(line: string, { iface, mac }: Named): boolean {
  const said = words(line).join(' ').toLowerCase();
  const wanted = `${iface} mac ${mac}`;
  return said === wanted || said === `${wanted} arp 1`;
}

function speaksOf(line: string, { iface, mac }: Named): boolean {
  const [name, ...selectors] = words(line);
  return (
    name === iface ||
    selectors.some((word, place) => word === 'mac' && selectors[place + 1]?.toLowerCase() === mac)
  );
}

/** Of a line, joined with the next by a backslash at its end, without its comment. */
const words = (line: string): readonly string[] =>
  line.replaceAll('\\\n', ' ').replace(/#.*/s, '').split(/\s+/).filter(Boolean);
