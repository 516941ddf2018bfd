import { parseFiles } from './file-state.ts';
import type { LookPart } from './look-part.ts';
import { checkedPath } from './names.ts';
import { quoteAll } from './quote.ts';

/** Files and their contents. */
export const lookFiles: LookPart = {
  runtime: null,
  lines: (asked) => {
    const paths = asked('file').map(({ path }) => checkedPath(path));
    return paths.length === 0 ? [] : [`xp_files ${quoteAll(paths)}`];
  },
  read: (asked, sections) => {
    const body = (id: string) => sections.get(id)?.body ?? '';
    const files = parseFiles(
      asked('file').map(({ path }) => path),
      { types: body('files'), contents: body('contents'), sumLines: body('sums') },
    );
    return (
      files &&
      asked('file').map((one) => [one, { answer: files.get(one.path) ?? { type: 'absent' } }])
    );
  },
};
