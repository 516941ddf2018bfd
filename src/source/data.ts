/** Plain data of the user's: strings, numbers, booleans, null, lists and maps of these. */
export type Data =
  | string
  | number
  | boolean
  | null
  | readonly Data[]
  | { readonly [key: string]: Data };
