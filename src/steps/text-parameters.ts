import * as v from 'valibot';
import { readPattern } from '../source/python-pattern.ts';
import { noSecret } from '../source/schema-walk.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { ownership } from './ownership.ts';

/** What goes into a file that is shown. */
export const shownText = v.pipe(
  v.string(),
  noSecret('what a file holds is shown in diffs and plans'),
);

/** One line, perhaps with the newline that a YAML block gives it. */
export const oneLine = v.pipe(
  shownText,
  v.transform((text) => text.replace(/\r?\n$/, '')),
  v.check((line) => !/[\n\0]/.test(line), 'one line is needed here\nblockinfile writes several'),
);

/** A regular expression in Python's writing, as far as JavaScript has the same. */
export const pattern = v.pipe(
  v.string(),
  v.nonEmpty('an expression is needed'),
  v.check(
    (text) => !('problem' in readPattern(text)),
    ({ input }) => {
      const read = readPattern(input);
      return 'problem' in read ? read.problem : '';
    },
  ),
);

/** Whether the file is there or made; both sorts of steps say it the same. */
export const presence = v.optional(
  described(v.picklist(['present', 'absent']), 'Whether it is there. Default: `present`.'),
);

/** A parameter for the file that is edited. */
export const editedPath = described(hostPath, 'The file; a symbolic link is followed.');

/** A parameter for keeping what is replaced. */
export const keepingFile = v.optional(
  described(
    v.boolean(),
    'Whether the file that is replaced is kept beside it, under a name that `backup_file` of the result has. Default: `false`.',
  ),
);

/** Parameters for a file that may be made. */
export const makingFile = {
  create: v.optional(
    described(v.boolean(), 'Whether a file that is missing is made. Default: `false`.'),
  ),
  ...ownership,
} as const;
