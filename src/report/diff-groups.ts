import type { TaskEnd } from '../engine/events.ts';
import type { DiffText } from './diff-text.ts';
import type { Kept, Spill } from './spill.ts';

/** One outcome of changing one thing, and the hosts that share it. */
export interface DiffGroup {
  readonly subject: string;
  /** null: there is no text to compare (a command, a binary file). */
  readonly diff: Kept | null;
  readonly hosts: readonly string[];
}

interface OpenGroup extends DiffGroup {
  readonly hosts: string[];
}

/** Groups the changes of a run by what changes and by diff; each distinct diff is put away once. */
export class DiffGroups {
  readonly #diffText: DiffText;
  readonly #spill: Spill;
  readonly #bySubject = new Map<string, Map<Kept | null, OpenGroup>>();

  constructor(diffText: DiffText, spill: Spill) {
    this.#diffText = diffText;
    this.#spill = spill;
  }

  add({ host, changes }: TaskEnd): void {
    for (const change of changes) {
      const { subject } = change;
      const drawn = this.#diffText.of(change);
      const diff = drawn === null ? null : this.#spill.keep(drawn);
      const groups = this.#bySubject.get(subject) ?? new Map<Kept | null, OpenGroup>();
      const group = groups.get(diff) ?? { subject, diff, hosts: [] };
      if (group.hosts.at(-1) !== host) group.hosts.push(host);
      groups.set(diff, group);
      this.#bySubject.set(subject, groups);
    }
  }

  /** For each subject, in the order of the run, its groups: the one with most hosts first. */
  get subjects(): readonly (readonly DiffGroup[])[] {
    return Array.from(this.#bySubject.values(), (groups) =>
      [...groups.values()].sort((one, other) => other.hosts.length - one.hosts.length),
    );
  }
}
