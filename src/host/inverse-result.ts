import type { Change } from './change.ts';

/** How a change is undone. */
export type Inverse =
  /** By these, in order; with what people should know of what is not as before. */
  | { readonly changes: readonly Change[]; readonly notes: readonly string[] }
  /** Not at all, since somebody else has changed it: what, in a sentence. */
  | { readonly moved: string }
  /** Not at all: why, in a sentence. */
  | { readonly impossible: string };
