import type { Draft } from './draft.ts';

/** All that was not understood, a line each, with the name of what it is about. */
export function remarksOf({ networks, dom0s, domUs, remarks }: Draft): readonly string[] {
  return [
    ...remarks,
    ...[...networks, ...dom0s, ...domUs].flatMap((part) =>
      part.remarks.map((remark) => `${part.name}: ${remark}`),
    ),
  ];
}
