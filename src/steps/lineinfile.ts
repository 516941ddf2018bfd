import * as v from 'valibot';
import { type LinePlace, withLine, withoutLine } from '../text/line-edit.ts';
import { missingGroup, patternOf } from '../text/pattern.ts';
import { described } from './described.ts';
import { defineStep } from './step.ts';
import { editQueries, planEdit } from './text-edit.ts';
import {
  editedPath,
  keepingFile,
  makingFile,
  oneLine,
  pattern,
  presence,
} from './text-parameters.ts';
import { validate } from './validated.ts';

const params = v.pipe(
  v.strictObject({
    path: editedPath,
    line: v.optional(
      described(
        oneLine,
        'The line; with `backrefs`, `\\1` and `\\g<name>` are groups of `regexp`.',
      ),
    ),
    regexp: v.optional(
      described(
        pattern,
        'The line that this expression finds, the last of several, is replaced; or all of them go.',
      ),
    ),
    search_string: v.optional(
      described(
        v.pipe(v.string(), v.nonEmpty('a text is needed')),
        'As `regexp`, for lines with this text in them.',
      ),
    ),
    state: presence,
    backrefs: v.optional(
      described(
        v.boolean(),
        'Whether `line` names groups of `regexp`; where that finds nothing, nothing is done. Default: `false`.',
      ),
    ),
    insertafter: v.optional(
      described(
        pattern,
        'A new line goes behind the last line that this expression finds. Default: `EOF`, the end.',
      ),
    ),
    insertbefore: v.optional(
      described(
        pattern,
        'A new line goes before the last line that this expression finds; `BOF`: to the beginning.',
      ),
    ),
    firstmatch: v.optional(
      described(v.boolean(), 'Whether the first match counts, not the last. Default: `false`.'),
    ),
    ...makingFile,
    backup: keepingFile,
    validate,
  }),
  v.check(
    ({ regexp, search_string: search }) => regexp === undefined || search === undefined,
    '"regexp" and "search_string" exclude each other',
  ),
  v.check(
    ({ insertafter, insertbefore }) => insertafter === undefined || insertbefore === undefined,
    '"insertafter" and "insertbefore" exclude each other',
  ),
  v.check(({ state, line }) => state === 'absent' || line !== undefined, 'a "line" is needed'),
  v.check(
    ({ line, regexp, search_string: search }) => (line ?? regexp ?? search) !== undefined,
    'one of "line", "regexp" and "search_string" is needed',
  ),
  v.check(
    ({ backrefs, regexp }) => backrefs !== true || regexp !== undefined,
    '"backrefs" needs a "regexp"',
  ),
  v.check(
    ({ backrefs, regexp, line }) =>
      backrefs !== true || missingGroup(regexp ?? '', line ?? '') === null,
    'the "line" names a group that "regexp" does not have',
  ),
);

type Params = v.InferOutput<typeof params>;

export const lineinfile = defineStep({
  name: 'lineinfile',
  summary: 'Makes sure that a line is in a text file, or that none like it is.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, given) => editQueries(given.path, given),

  plan: (_target, given, seen) => {
    const {
      path,
      line = '',
      regexp,
      search_string: search,
      state,
      create = false,
      ...owned
    } = given;
    const isAbsent = state === 'absent';
    return planEdit(
      path,
      seen,
      (text, own) => {
        const sought =
          regexp === undefined
            ? search === undefined
              ? null
              : own(search)
            : patternOf(own(regexp));
        if (isAbsent) return { text: withoutLine(text, sought, own(line)) };
        return {
          text: withLine(text, {
            line: own(line),
            sought,
            hasGroups: given.backrefs ?? false,
            place: placeOf(given, own),
            isFirst: given.firstmatch ?? false,
          }),
        };
      },
      { ...owned, create },
    );
  },
});

/** Where something new goes: `EOF` and `BOF` are the ends of the text. */
export function placeOf(
  { insertafter, insertbefore }: Pick<Params, 'insertafter' | 'insertbefore'>,
  own: (given: string) => string,
): LinePlace {
  if (insertbefore !== undefined) {
    const isStart = insertbefore === 'BOF';
    return { side: 'before', at: isStart ? null : patternOf(own(insertbefore)) };
  }
  if (insertafter === 'BOF') return { side: 'before', at: null };
  const isEnd = insertafter === undefined || insertafter === 'EOF';
  return { side: 'after', at: isEnd ? null : patternOf(own(insertafter)) };
}
