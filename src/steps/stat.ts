import * as v from 'valibot';
import { query } from '../host/query.ts';
import { checksumIn, checksumKinds, checksumQuery } from './checksum.ts';
import { described } from './described.ts';
import { entryData } from './entry-data.ts';
import { hostPath } from './host-path.ts';
import { defineStep } from './step.ts';

const params = v.strictObject({
  path: described(hostPath, 'What to look at.'),
  follow: v.optional(
    described(v.boolean(), 'Whether a symbolic link is followed. Default: `false`.'),
  ),
  get_checksum: v.optional(
    described(v.boolean(), 'Whether to tell the sum of a regular file. Default: `true`.'),
  ),
  checksum_algorithm: v.optional(
    described(
      v.picklist(checksumKinds),
      'Which sum: `sha256`, `sha512`, `sha384`, `sha224`, `sha1` or `md5`. Default: `sha256`.',
    ),
  ),
});

export const stat = defineStep({
  name: 'stat',
  summary: 'Looks at a file, directory or link of the host; changes nothing.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'path',
  queries: (
    _target,
    { path, follow, get_checksum: isSummed = true, checksum_algorithm: kind },
  ) => ({
    entry: follow === true ? query.followedEntry(path) : query.entry(path),
    sums: isSummed ? [checksumQuery(path, kind)] : [],
  }),
  plan: (_target, { path }, { entry, sums }) => {
    if (entry.type === 'absent') return { changes: [], data: { stat: { exists: false } } };
    const sum = sums.map(checksumIn).find((one) => one !== null);
    const isSummed = entry.type === 'file' && sum !== undefined && sum !== null;
    const about = {
      exists: true,
      ...entryData(path, entry),
      ...(isSummed ? { checksum: sum } : {}),
    };
    return { changes: [], data: { stat: about } };
  },
});
