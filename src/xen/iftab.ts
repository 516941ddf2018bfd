import type { DomU, Vif } from '../inventory/model.ts';
import { splitJoinedLines, withOwnLines } from './own-lines.ts';

/** Where ifrename finds which MAC gets which interface name (iftab(5)). */
export const iftabPath = '/etc/iftab';

/**
 * The file with a line for each vif, `eth0 mac de:ad:be:ef:00:00 arp 1`. Lines that speak of one of
 * the guest's interface names or MACs are replaced; all others stay byte for byte. null stands for
 * no file, and stays where the guest has no vifs.
 */
export function iftabFile(text: string | null, domU: DomU): string | null {
  if (domU.vifs.length === 0) return text;
  return withOwnLines(
    splitJoinedLines(text ?? ''),
    domU.vifs.map((vif) => ({
      text: `${vif.iface} mac ${vif.mac} arp 1`,
      isSame: (line) => {
        const said = words(line).join(' ').toLowerCase();
        const wanted = `${vif.iface} mac ${vif.mac}`;
        return said === wanted || said === `${wanted} arp 1`;
      },
      isOurs: (line) => speaksOf(line, vif),
    })),
  );
}

function speaksOf(line: string, vif: Vif): boolean {
  const [name, ...selectors] = words(line);
  return (
    name === vif.iface ||
    selectors.some(
      (word, place) => word === 'mac' && selectors[place + 1]?.toLowerCase() === vif.mac,
    )
  );
}

/** Of a line, joined with the next by a backslash at its end, without its comment. */
const words = (line: string): readonly string[] =>
  line.replaceAll('\\\n', ' ').replace(/#.*/s, '').split(/\s+/).filter(Boolean);
