import { createHash } from 'node:crypto';
import { type Change, change } from '../host/change.ts';
import type { FileState } from '../host/query.ts';
import { sums } from '../host/sums.ts';

/** The name that a file is kept by, from what is in it; null: there is nothing to keep. */
export function backupName(path: string, before: FileState): string | null {
  if (before.type !== 'file') return null;
  const [sha256 = '*', crc = ''] = (
    before.content === null ? before.sums : sums(before.content)
  ).split(' ');
  const mark = sha256 === '*' ? createHash('sha256').update(crc).digest('hex') : sha256;
  return `${path}.${mark.slice(0, 8)}~`;
}

/** Keeps a file by that name, with its mode and owner. */
export function backup(path: string, name: string): Change {
  return change.call(['cp', '-p', '--', path, name], {
    ...{ effect: 'boot', subject: name, before: 'not kept', after: `what ${path} was` },
    ...{ predicts: [], touches: [name], isBrief: true },
  });
}
