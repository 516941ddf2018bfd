import type { DomU } from '../inventory/model.ts';
import { splitLines, withOwnLines } from './own-lines.ts';
import { needsTable } from './routing.ts';

/** Where iproute2 finds the names of routing tables. */
export const rtTablesPath = '/etc/iproute2/rt_tables';

/** As iproute2 ships it. */
const standardText = `#
# reserved values
#
255\tlocal
254\tmain
253\tdefault
0\tunspec
#
# local
#
`;

/**
 * The file with a line for each routing table of the guest: `16<TAB>eth0-200`. A line that gives our
 * id another name, or our name another id, is replaced; all others stay byte for byte. null stands
 * for no file, and stays where the guest needs no tables.
 */
export function rtTablesFile(text: string | null, domU: DomU): string | null {
  const tables = domU.vifs.filter((vif) => needsTable(domU, vif)).map((vif) => vif.table);
  if (tables.length === 0) return text;
  return withOwnLines(
    splitLines(text ?? standardText),
    tables.map(({ id, name }) => ({
      text: `${id}\t${name}`,
      isSame: (line) => {
        const entry = readEntry(line);
        return entry?.id === id && entry.name === name;
      },
      isOurs: (line) => {
        const entry = readEntry(line);
        return entry?.id === id || entry?.name === name;
      },
    })),
  );
}

/** An id, decimal or 0x.., a name, and maybe a comment (iproute2's lib/rt_names.c). */
function readEntry(line: string): { readonly id: number; readonly name: string } | null {
  const match = /^[ \t]*(0x[0-9a-f]+|\d+)[ \t]+([^\s#]+)/i.exec(line);
  return match === null ? null : { id: Number(match[1]), name: match[2] ?? '' };
}
