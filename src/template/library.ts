import { addressFilters } from './filters/addresses.ts';
import { dataFilters } from './filters/data.ts';
import { listFilters } from './filters/lists.ts';
import { mapFilters, mapMethods } from './filters/maps.ts';
import { regexFilters } from './filters/regex.ts';
import { textFilters } from './filters/texts.ts';
import type { FilterFunction, Library } from './function.ts';
import { tests } from './tests-of-values.ts';

/** What templates may use. Each is a pure function: a check predicts exactly what an apply does. */
export const library: Library = {
  filters: new Map(
    Object.entries({
      ...{ ...textFilters, ...regexFilters, ...listFilters },
      ...{ ...mapFilters, ...dataFilters, ...addressFilters },
    }),
  ),
  tests,
};

/** Methods of maps; those of texts are the engine's. */
export const methods: ReadonlyMap<string, FilterFunction> = new Map(Object.entries(mapMethods));

/** Filters that the engine has, and does well. */
export const engineFilters: ReadonlySet<string> = new Set(['batch', 'slice']);

const notPredictable = 'a check must predict what an apply does: write the value in vars';
const whereFilesAre = 'a template reads no files: use the copy step, or write the value in vars';

/** What people bring from elsewhere and is not here, with what to use instead. */
export const refusedNames: ReadonlyMap<string, string> = new Map([
  ...['random', 'shuffle', 'now', 'random_mac', 'lipsum', 'strftime'].map(
    (name) => [name, notPredictable] as const,
  ),
  ...['fileglob', 'realpath', 'expanduser', 'expandvars'].map(
    (name) => [name, whereFilesAre] as const,
  ),
  ...['lookup', 'query', 'q'].map(
    (name) =>
      [
        name,
        'a value of the controller comes by vars, -e, or !secret { env: NAME } and !secret { command: [...] }',
      ] as const,
  ),
  ['password_hash', 'write the hash itself, as a !secret: its salt would change in every run'],
  ['vault', 'write the value with !vault'],
  ['unvault', 'write the value with !vault'],
  ['json_query', 'use selectattr and map(attribute="...")'],
  ['pprint', 'use to_nice_json'],
  ['xmlattr', 'write the attributes out'],
]);
