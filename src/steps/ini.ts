import * as v from 'valibot';
import { withOption } from '../text/ini-edit.ts';
import { described } from './described.ts';
import { defineStep } from './step.ts';
import { editQueries, planEdit } from './text-edit.ts';
import { editedPath, keepingFile, makingFile, oneLine, presence } from './text-parameters.ts';

const value = v.union([
  oneLine,
  v.pipe(
    v.number(),
    v.transform((number) => `${number}`),
  ),
  v.pipe(
    v.boolean(),
    v.transform((flag) => `${flag}`),
  ),
]);

const params = v.pipe(
  v.strictObject({
    path: editedPath,
    section: v.optional(
      described(
        v.pipe(oneLine, v.regex(/^[^\]]+$/, 'the name of a section has no "]"')),
        'The section, without its brackets. Default: what stands before the first one.',
      ),
    ),
    option: v.optional(
      described(
        v.pipe(
          oneLine,
          v.regex(/^[^\s=#;[](?:[^=]*[^\s=])?$/, 'an option has no "=", and no blank around it'),
        ),
        'The option; none: the section itself.',
      ),
    ),
    value: v.optional(described(value, 'What it is set to.')),
    values: v.optional(
      described(
        v.pipe(v.array(value), v.nonEmpty('a value is needed')),
        'Several values, a line each, in place of `value`.',
      ),
    ),
    allow_no_value: v.optional(
      described(v.boolean(), 'Whether the option may stand without a value. Default: `false`.'),
    ),
    state: presence,
    exclusive: v.optional(
      described(
        v.boolean(),
        'Whether the option has these values alone; else they are added, or only they go. Default: `true`.',
      ),
    ),
    no_extra_spaces: v.optional(
      described(v.boolean(), 'Whether `=` is written without blanks around it. Default: `false`.'),
    ),
    modify_inactive_option: v.optional(
      described(
        v.boolean(),
        'Whether a line of the option that is commented out is used where one is needed. Default: `true`.',
      ),
    ),
    ...makingFile,
    backup: keepingFile,
  }),
  v.check(
    (given) => given.value === undefined || given.values === undefined,
    '"value" and "values" exclude each other',
  ),
  v.check(
    ({ option, value: one, values }) =>
      option !== undefined || (one === undefined && values === undefined),
    'a value needs an "option"',
  ),
  v.check(
    ({ option, section }) => option !== undefined || section !== undefined,
    'one of "section" and "option" is needed',
  ),
  v.check(
    ({ state, option, value: one, values, allow_no_value: mayBare = false }) =>
      state === 'absent' || option === undefined || mayBare || (one ?? values) !== undefined,
    'a "value" is needed\nallow_no_value: true writes the option alone',
  ),
);

export const ini = defineStep({
  name: 'ini',
  summary: 'Sets an option in a file of sections, options and values.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, given) => editQueries(given.path, given),

  plan: (_target, given, seen) => {
    const { path, section, option, value: one, values, state, create = false, ...owned } = given;
    const isPresent = state !== 'absent';
    const all = values ?? (one === undefined ? [] : [one]);
    return planEdit(
      path,
      seen,
      (text, own) => ({
        text: withOption(text, {
          section: section === undefined ? null : own(section),
          option: option === undefined ? null : own(option),
          values: all.length === 0 && isPresent ? [null] : all.map(own),
          isPresent,
          isExclusive: given.exclusive ?? true,
          separator: given.no_extra_spaces ? '=' : ' = ',
          revives: given.modify_inactive_option ?? true,
        }),
      }),
      { ...owned, create },
    );
  },
});
