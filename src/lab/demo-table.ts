import type { Paint } from './demo-paint.ts';
import type { ServiceCell, ServiceRow } from './demo-services.ts';

const NAME_WIDTH = 10;
const ADDRESS_WIDTH = 15;
const CELL_WIDTH = 9;
const GAP = ' ';

/** The table of which address answers on which port, from where: red is what the inventory has otherwise. */
export function serviceTable(
  rows: readonly ServiceRow[],
  ports: readonly number[],
  paint: Paint,
): readonly string[] {
  const block = CELL_WIDTH * ports.length;
  const indent = ' '.repeat(NAME_WIDTH + ADDRESS_WIDTH);
  const portHeads = ports.map((port) => `:${port}`.padEnd(CELL_WIDTH)).join('');
  return [
    `${indent}${paint.bold('from the LAN'.padEnd(block))}${GAP}${paint.bold('from beyond the router')}`,
    `${indent}${paint.dim(`${portHeads}${GAP}${portHeads.trimEnd()}`)}`,
    ...rows.map(({ guest, address, lan, far }, index) => {
      const isFirst = rows[index - 1]?.guest !== guest;
      const name = (isFirst ? guest : '').padEnd(NAME_WIDTH);
      const cells = (row: readonly ServiceCell[]): string =>
        row.map((cell) => cellText(cell, paint)).join('');
      return `${paint.bold(name)}${address.padEnd(ADDRESS_WIDTH)}${cells(lan)}${GAP}${cells(far)}`.trimEnd();
    }),
  ];
}

/** How many cells are as the inventory says, of how many. */
export function countRight(rows: readonly ServiceRow[]): {
  readonly right: number;
  readonly all: number;
} {
  const cells = rows.flatMap(({ lan, far }) => [...lan, ...far]);
  const right = cells.filter(({ isOpen, shouldBeOpen }) => isOpen === shouldBeOpen).length;
  return { right, all: cells.length };
}

function cellText({ isOpen, shouldBeOpen }: ServiceCell, paint: Paint): string {
  const word = (isOpen ? 'open' : 'silent').padEnd(CELL_WIDTH - 2);
  if (isOpen !== shouldBeOpen) return paint.red(`${paint.wrong} ${word}`);
  return (isOpen ? paint.green : paint.dim)(`${paint.right} ${word}`);
}
