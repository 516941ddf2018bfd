import * as v from 'valibot';
import type { Data } from '../source/data.ts';

/** Any value of the user's. */
export const anything = v.custom<Data>((value) => value !== undefined, 'a value is needed');

/** An expression and its value, as parameters named in `expressions` of a step come. */
export const worked = v.strictObject({ expression: v.string(), value: anything });
