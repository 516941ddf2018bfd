import type { Secret } from './secret.ts';
import type { TemplateText } from './template-text.ts';

/** Data of the user's: strings, numbers, booleans, null, secrets, templates, lists and maps of these. */
export type Data =
  | string
  | number
  | boolean
  | null
  | Secret
  | TemplateText
  | readonly Data[]
  | { readonly [key: string]: Data };
