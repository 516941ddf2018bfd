import * as v from 'valibot';
import type { DomU } from '../inventory/model.ts';
import { splitLines, withOwnLines } from './own-lines.ts';
import { needsTable } from './routing.ts';

/** A line of rt_tables. */
export interface TableName {
  readonly id: number;
  readonly name: string;
}

/** How a guest remembers which lines are ours: its own word, believed as far as it could be ours. */
export const tableNamesSchema = v.pipe(
  v.array(
    v.object({
      id: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(252)),
      name: v.pipe(v.string(), v.regex(/^[^\s#]{1,64}$/)),
    }),
  ),
  v.maxLength(256),
);

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

/** The names of the guest's routing tables, of either family. */
export function tableNames(domU: DomU): readonly TableName[] {
  return domU.vifs
    .filter((vif) => needsTable(domU, vif))
    .map(({ table: { id, name } }) => ({ id, name }));
}

/**
 * The file with a line for each of these: `16<TAB>eth0-200`. A line that gives our id another name, or
 * our name another id, is replaced; one that says exactly what is in `former`, and is not wanted any
 * more, goes. All others stay byte for byte. null stands for no file, and stays where nothing is wanted.
 */
export function rtTablesFile(
  text: string | null,
  wanted: readonly TableName[],
  former: readonly TableName[] = [],
): string | null {
  if (text === null && wanted.length === 0) return null;
  const isFormer = (line: string): boolean =>
    former.some((each) => isEntry(line, each)) && !wanted.some((each) => isEntry(line, each));
  return withOwnLines(
    splitLines(text ?? standardText).filter((line) => !isFormer(line)),
    wanted.map((each) => ({
      text: `${each.id}\t${each.name}`,
      isSame: (line) => isEntry(line, each),
      isOurs: (line) => {
        const entry = readEntry(line);
        return entry?.id === each.id || entry?.name === each.name;
      },
    })),
  );
}

function isEntry(line: string, { id, name }: TableName): boolean {
  const entry = readEntry(line);
  return entry?.id === id && entry.name === name;
}

/** An id, decimal or 0x.., a name, and maybe a comment (iproute2's lib/rt_names.c). */
function readEntry(line: string): TableName | null {
  const match = /^[ \t]*(0x[0-9a-f]+|\d+)[ \t]+([^\s#]+)/i.exec(line);
  return match === null ? null : { id: Number(match[1]), name: match[2] ?? '' };
}
