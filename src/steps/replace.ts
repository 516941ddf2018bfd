import * as v from 'valibot';
import { missingGroup, patternOf } from '../text/pattern.ts';
import { sectionPattern, withReplacements } from '../text/replace-edit.ts';
import { described } from './described.ts';
import { ownership } from './ownership.ts';
import { defineStep } from './step.ts';
import { editQueries, planEdit } from './text-edit.ts';
import { editedPath, keepingFile, pattern, shownText } from './text-parameters.ts';
import { validate } from './validated.ts';

const params = v.pipe(
  v.strictObject({
    path: editedPath,
    regexp: described(
      pattern,
      'What is replaced, each time that it is found; `^` and `$` are those of lines.',
    ),
    replace: v.optional(
      described(
        shownText,
        'What it becomes; `\\1` and `\\g<name>` are groups of `regexp`. Default: nothing.',
      ),
    ),
    after: v.optional(
      described(pattern, 'Only what is behind this expression is looked at; `.` is newlines, too.'),
    ),
    before: v.optional(
      described(pattern, 'Only what is before this expression is looked at; `.` is newlines, too.'),
    ),
    ...ownership,
    backup: keepingFile,
    validate,
  }),
  v.check(
    ({ regexp, replace: wanted }) => missingGroup(regexp, wanted ?? '') === null,
    '"replace" names a group that "regexp" does not have',
  ),
);

export const replace = defineStep({
  name: 'replace',
  summary: 'Replaces what an expression finds in a text file.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, given) => editQueries(given.path, given),

  plan: (_target, { path, regexp, replace: wanted = '', after, before, ...owned }, seen) => {
    if (seen.file.type === 'absent') {
      return { refusal: `${path} does not exist`, hint: 'have a task before this one write it' };
    }
    return planEdit(
      path,
      seen,
      (text, own) => {
        const optional = (part: string | undefined) => (part === undefined ? null : own(part));
        const section = sectionPattern(optional(after), optional(before));
        return {
          text: withReplacements(text, {
            expression: patternOf(own(regexp), 'gm'),
            replacement: own(wanted),
            section: section === null ? null : patternOf(section, 's'),
          }),
        };
      },
      { ...owned, create: false },
    );
  },
});
