/** What becomes of one of Ansible's modules. */
export interface ModuleEntry {
  /** Its names without their collection; the first is the usual one. */
  readonly names: readonly string[];
  /** The step that does the same; null: there is none. */
  readonly step: string | null;
  /** Parameters that have another name here. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Parameters that say nothing here, and why. */
  readonly dropped?: Readonly<Record<string, string>>;
  /** Parameters without which the task is another one: why they are not here, and what to do. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Parameters that are left out, with a word to whoever reads it. */
  readonly lost?: Readonly<Record<string, string>>;
  /** Values of refused and lost parameters that say nothing; of others, that is false. */
  readonly usual?: Readonly<Record<string, string | boolean>>;
  /** Parameters that are texts even where a truth value is written. */
  readonly texts?: readonly string[];
  /** Words of parameters that are others here. */
  readonly words?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The parameter that takes a text without `name=`. */
  readonly freeForm?: string;
  /** What differs, or what to do where there is no step. */
  readonly note?: string;
}
