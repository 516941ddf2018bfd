import type { Secret } from './secret.ts';

/** Data of the user's: strings, numbers, booleans, null, secrets, lists and maps of these. */
export type Data =
  | string
  | number
  | boolean
  | null
  | Secret
  | readonly Data[]
  | { readonly [key: string]: Data };
