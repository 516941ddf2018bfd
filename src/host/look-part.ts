import type { Answers, Query, QueryOf } from './query.ts';
import type { RuntimeFile } from './runtime.ts';
import type { Section } from './sections.ts';

/**
 * The answer to one query, or why the host could not give it; or that it was given, and a change that
 * is planned may make it another one: only the host can tell.
 */
export type Observation =
  | { readonly answer: Answers[Query['kind']] }
  | { readonly failure: string }
  | { readonly outdated: true };

export type { Section } from './sections.ts';

/** What the host printed, by section id. */
export type Sections = ReadonlyMap<string, Section>;

/** The queries of one kind that are asked, each once. */
export type Asked = <K extends Query['kind']>(kind: K) => readonly QueryOf<K>[];

/** How queries of some kinds are asked, and how their answers are read. */
export interface LookPart {
  /** The runtime files that have the functions of its lines, besides look.sh. They cannot write. */
  readonly runtime: readonly RuntimeFile[];
  /**
   * Lines that print the sections (`xp_section ID COMMAND...`); none when nothing of it is asked.
   * Ids are this part's own. Throws for what no step may name.
   */
  readonly lines: (asked: Asked) => readonly string[];
  /**
   * The answers to all of its queries, whatever the host printed or left out; null when they do not
   * hold together because the host changed while it was read.
   */
  readonly read: (
    asked: Asked,
    sections: Sections,
  ) => Iterable<readonly [Query, Observation]> | null;
}

/** Text of a section's body; names are bytes to the kernel, and what is no UTF-8 matches nothing of ours. */
export function asText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
