import * as v from 'valibot';
import { type FoundEntry, query, treeLimit } from '../host/query.ts';
import { globMatcher } from '../inventory/glob.ts';
import { matchesIn, SlowPattern } from '../source/matches-in-time.ts';
import { patternOf } from '../text/pattern.ts';
import { described } from './described.ts';
import { entryData } from './entry-data.ts';
import { hostPath } from './host-path.ts';
import { defineStep, refuse } from './step.ts';
import { pattern } from './text-parameters.ts';

const oneOrMore = <Schema extends v.GenericSchema<string, string>>(schema: Schema) =>
  v.union([
    v.pipe(
      schema,
      v.transform((one) => [one]),
    ),
    v.pipe(v.array(schema), v.nonEmpty('at least one is needed')),
  ]);

const times: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const sizes: Readonly<Record<string, number>> = {
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
};

const age = v.pipe(
  v.union([v.string(), v.pipe(v.number(), v.transform(String))]),
  v.regex(
    /^-?\d{1,9}[smhdw]?$/,
    "an age is a number with s, m, h, d or w\nsuch as '2d', or '-2d' for what is younger",
  ),
);

const size = v.pipe(
  v.union([v.string(), v.pipe(v.number(), v.transform(String))]),
  v.regex(
    /^-?\d{1,12}[bkmgt]?$/i,
    "a size is a number with b, k, m, g or t\nsuch as '10m', or '-10m' for what is smaller",
  ),
);

const params = v.pipe(
  v.strictObject({
    paths: described(
      oneOrMore(hostPath),
      'Directories to look in; symbolic links are not followed.',
    ),
    patterns: v.optional(
      described(
        oneOrMore(v.pipe(v.string(), v.nonEmpty('a pattern is needed'))),
        'Names that are found: globs, or with `use_regex` expressions for whole names. Default: all.',
      ),
    ),
    excludes: v.optional(
      described(
        oneOrMore(v.pipe(v.string(), v.nonEmpty('a pattern is needed'))),
        'Names that are left out, in the same writing. Default: none.',
      ),
    ),
    use_regex: v.optional(
      described(v.boolean(), 'Whether patterns are regular expressions. Default: `false`.'),
    ),
    file_type: v.optional(
      described(
        v.picklist(['file', 'directory', 'link', 'any']),
        'What is found: `file`, `directory`, `link` or `any`. Default: `file`.',
      ),
    ),
    recurse: v.optional(
      described(v.boolean(), 'Whether to look in directories below. Default: `false`.'),
    ),
    depth: v.optional(
      described(
        v.pipe(v.number(), v.integer(), v.minValue(1)),
        'So many levels at most; 1 is what is in the directory itself. Default: all.',
      ),
    ),
    hidden: v.optional(
      described(v.boolean(), 'Whether names that begin with a dot are found. Default: `false`.'),
    ),
    age: v.optional(described(age, 'Changed so long ago or longer; with `-`, not as long ago.')),
    size: v.optional(described(size, 'So large or larger; with `-`, so large or smaller.')),
    contains: v.optional(
      described(
        v.pipe(v.string(), v.regex(/^[^\0\n]{1,1000}$/, 'an expression of one line is needed')),
        'Files with a line in which `grep -E` finds this expression.',
      ),
    ),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value.use_regex !== true) return;
    for (const one of [...(dataset.value.patterns ?? []), ...(dataset.value.excludes ?? [])]) {
      const read = v.safeParse(pattern, one);
      if (!read.success) addIssue({ message: read.issues[0].message });
    }
  }),
);

type Params = v.InferOutput<typeof params>;

export const find = defineStep({
  name: 'find',
  summary: 'Lists files of the host by name, age, size and content; changes nothing.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'paths',

  queries: (_target, { paths, age: aged, contains }) => ({
    trees: paths.map((path) => query.tree(path)),
    clock: aged === undefined ? [] : [query.output(['date', '+%s'], { isBrief: true })],
    matching:
      contains === undefined
        ? []
        : [
            query.output(['grep', '-rlE', '--', contains, ...paths], {
              ...{ readsOnly: paths, timeoutSeconds: 120, limitBytes: 4 * 2 ** 20 },
            }),
          ],
  }),

  plan: (_target, given, { trees, clock, matching }) => {
    const [said] = matching;
    if (said !== undefined && (said.isCut || said.isTimedOut)) {
      return refuse(
        'too many files contain that, or it takes too long to tell',
        'look in fewer directories',
      );
    }
    const now = Number(clock[0]?.stdout.trim());
    if (clock.length > 0 && !Number.isSafeInteger(now))
      return refuse('the host does not tell the time');
    const containing = said === undefined ? null : new Set(said.stdout.split('\n'));
    const cut = trees.findIndex(({ isCut }) => isCut);
    if (cut !== -1) {
      return refuse(
        `${given.paths[cut]} has more than ${treeLimit} files`,
        'look in a directory below it',
      );
    }
    const all = trees.flatMap(({ entries }, index) => {
      const top = trimmed(given.paths[index] ?? '');
      return [...entries].filter(([path]) => path !== top && isInReach(given, top, path));
    });
    try {
      const isNamed = namesOf(all, given);
      const found = all.filter(
        ([path, entry], index) =>
          isNamed[index] === true &&
          isOfKind(given, entry, now) &&
          (containing === null || (entry.type === 'file' && containing.has(path))),
      );
      const skipped = given.paths.filter((_, index) => trees[index]?.type !== 'directory');
      return {
        changes: [],
        message: skipped.length === 0 ? null : `no directory: ${skipped.join(', ')}`,
        data: {
          files: found.map(([path, entry]) => entryData(path, entry)),
          ...{ matched: found.length, examined: all.length },
          skipped_paths: Object.fromEntries(skipped.map((path) => [path, 'not a directory'])),
        },
      };
    } catch (error) {
      if (error instanceof SlowPattern) return refuse(error.message);
      throw error;
    }
  },
});

function trimmed(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}

function isInReach({ recurse, depth, hidden }: Params, top: string, path: string): boolean {
  const parts = path.slice(top === '/' ? 1 : top.length + 1).split('/');
  if (parts.length > (recurse === true ? (depth ?? Number.POSITIVE_INFINITY) : 1)) return false;
  return hidden === true || !parts.some((part) => part.startsWith('.'));
}

/** Whether each has a name that is sought. */
function namesOf(
  all: readonly (readonly [string, FoundEntry])[],
  { patterns, excludes = [], use_regex: isRegex = false }: Params,
): readonly boolean[] {
  const names = all.map(([path]) => path.slice(path.lastIndexOf('/') + 1));
  const matching = (globs: readonly string[]) =>
    globs.map((glob) => {
      if (!isRegex) return names.map(globMatcher(glob));
      const expression = patternOf(`^(?:${glob})$`);
      return matchesIn(names, expression).map((matches) => matches.length > 0);
    });
  const wanted = patterns === undefined ? null : matching(patterns);
  const unwanted = matching(excludes);
  return names.map(
    (_, index) =>
      (wanted === null || wanted.some((one) => one[index] === true)) &&
      !unwanted.some((one) => one[index] === true),
  );
}

function isOfKind(
  { file_type: kind = 'file', age: aged, size: large }: Params,
  entry: FoundEntry,
  now: number,
) {
  if (kind !== 'any' && entry.type !== kind) return false;
  if (aged !== undefined) {
    const seconds = amount(aged, times);
    const since = now - (entry.mtimeSeconds ?? now);
    if (seconds < 0 || aged.startsWith('-') ? since > -seconds : since < seconds) return false;
  }
  if (large === undefined) return true;
  const bytes = amount(large, sizes);
  const own = entry.size ?? 0;
  return large.startsWith('-') ? own <= -bytes : own >= bytes;
}

function amount(text: string, units: Readonly<Record<string, number>>): number {
  const unit = text.at(-1)?.toLowerCase() ?? '';
  return Number.parseInt(text, 10) * (units[unit] ?? 1);
}
