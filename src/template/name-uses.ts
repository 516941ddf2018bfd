import type { NameUse, PathUse } from './program.ts';

/** The variables of the scope that expressions read, each place once. */
export class NameUses {
  readonly all: NameUse[] = [];
  readonly #noted = new Set<string>();

  /** @param mayBeMissing whether it is tested for, or has a default */
  note({ root, segments, start, end }: PathUse, mayBeMissing: boolean): void {
    if (root === null) return;
    const unknown = segments.findIndex(({ key }) => key === null);
    const known = unknown === -1 ? segments : segments.slice(0, unknown);
    const keys = known.flatMap(({ key }) => key ?? []);
    const last = unknown === -1 ? end : (known.at(-1)?.end ?? start + root.length);
    const mark = `${start} ${mayBeMissing}`;
    if (this.#noted.has(mark)) return;
    this.#noted.add(mark);
    this.all.push({ keys: [root, ...keys], mayBeMissing, start, end: Math.min(end, last) });
  }
}
