import { answerTo } from './answer.ts';
import {
  type Change,
  change,
  type MakeDirectory,
  type RemoveFile,
  type SendFile,
  type WriteFile,
} from './change.ts';
import { hasContent, hasSums } from './file-state.ts';
import { chainsInverse, chainsInverseQueries } from './inverse-chains.ts';
import { attributesInverse, linkInverse } from './inverse-entries.ts';
import { nftInverse, nftInverseQueries } from './inverse-nft.ts';
import type { Inverse } from './inverse-result.ts';
import { routingInverse, routingInverseQueries } from './inverse-routing.ts';
import { normalParameter } from './names.ts';
import { type FileState, type Query, query, type RegularFile } from './query.ts';
import type { HostState } from './state.ts';

export type { Inverse } from './inverse-result.ts';

/** What is remembered and locked there is no change of a run's: the directory stays. */
const stateDirectory = '/var/lib/xpush';

/** What must be known of a host to undo a change there. */
export function inverseQueries(done: Change): readonly Query[] {
  switch (done.kind) {
    case 'write':
    case 'send':
    case 'remove':
      return [query.file(done.path)];
    case 'directory':
      return [query.file(done.path), query.directory(done.path, '')];
    case 'parameter':
      return [query.parameter(done.name)];
    case 'routing':
      return routingInverseQueries(done);
    case 'chains':
      return chainsInverseQueries(done);
    case 'nft':
      return nftInverseQueries(done);
    case 'link':
      return [query.entry(done.path), query.file(done.path)];
    case 'attributes':
      return [query.entry(done.path)];
    case 'tree':
    case 'command':
    case 'call':
      return [];
  }
}

/**
 * What undoes a change that was made on a host, from how the host is now: nothing where it is as
 * before already. What others did since is left alone, or is a reason to refuse.
 */
export function inverseOf(done: Change, now: HostState): Inverse {
  switch (done.kind) {
    case 'write':
      return writeInverse(done, answerTo(now, query.file(done.path)));
    case 'send':
      return writeInverse(done, answerTo(now, query.file(done.path)));
    case 'remove':
      return removeInverse(done, answerTo(now, query.file(done.path)));
    case 'directory':
      return directoryInverse(done, now);
    case 'parameter': {
      const { name, before, value } = done;
      const found = answerTo(now, query.parameter(name));
      if (found === null) return nothing(`the kernel has no ${name} any more`);
      const isOurs = normalParameter(found) === normalParameter(value);
      if (!isOurs && normalParameter(found) !== normalParameter(before)) {
        return { moved: `${name} is ${found}: the run set it to ${value}` };
      }
      return { changes: change.setParameter(name, before, found), notes: [] };
    }
    case 'routing':
      return routingInverse(done, now);
    case 'chains':
      return chainsInverse(done, now);
    case 'nft':
      return nftInverse(done, now);
    case 'link':
      return linkInverse(done, now);
    case 'attributes':
      return attributesInverse(done, answerTo(now, query.entry(done.path)));
    case 'tree':
      return { impossible: `${done.path} was removed with all below it: no copy is kept` };
    case 'command':
      return nothing(`what the command did is not undone: ${done.argv.join(' ')}`);
    case 'call': {
      const { subject, before, after } = done;
      return nothing(`${subject} is not undone: it was ${before}, and is ${after} since`);
    }
  }
}

function writeInverse(done: WriteFile | SendFile, now: FileState | null): Inverse {
  const { path, mode, effect, before } = done;
  if (now === null) return unread(path);
  if (isAsBefore(now, before)) return nothing();
  const mustHave = mode ?? (before.type === 'file' ? before.mode : 0o644);
  const isOurs = now.type === 'file' && now.mode === mustHave && isContentOf(done, now);
  if (!isOurs) return { moved: `${path} is not as the run left it` };
  if (before.type === 'absent') {
    return { changes: change.removeFile(path, now, effect), notes: [] };
  }
  return putBack(path, before, now, effect);
}

function isContentOf(done: WriteFile | SendFile, now: RegularFile): boolean {
  return done.kind === 'write' ? hasContent(now, done.content) : hasSums(now, done.source);
}

function removeInverse({ path, effect, before }: RemoveFile, now: FileState | null): Inverse {
  if (now === null) return unread(path);
  if (path === stateDirectory || isAsBefore(now, before)) return nothing();
  if (now.type !== 'absent') return { moved: `${path} is there again, and not as it was` };
  if (before.type === 'directory') {
    return { changes: change.makeDirectory(path, now), notes: [] };
  }
  const back = putBack(path, before, now, effect);
  const isOfOthers = before.type === 'file' && (before.uid !== 0 || before.gid !== 0);
  if ('changes' in back && before.type === 'file' && isOfOthers) {
    const note = `${path} was of user ${before.uid} and group ${before.gid}: the new one is of root`;
    return { changes: back.changes, notes: [note] };
  }
  return back;
}

function putBack(
  path: string,
  before: FileState,
  now: FileState,
  effect: WriteFile['effect'],
): Inverse {
  if (before.type !== 'file') return { impossible: `${path} was no file of which a copy is kept` };
  if (before.content === null) {
    return { impossible: `${path} was too large to keep: its old content is not known` };
  }
  const options = { effect, mode: before.mode };
  return { changes: change.writeFile(path, before.content, now, options), notes: [] };
}

/** A directory that others use by now stays. */
function directoryInverse({ path, effect }: MakeDirectory, now: HostState): Inverse {
  const found = answerTo(now, query.file(path));
  if (found === null) return unread(path);
  if (path === stateDirectory || found.type === 'absent') return nothing();
  if (found.type !== 'directory') return { moved: `${path} is no directory any more` };
  const listing = answerTo(now, query.directory(path, ''));
  if (listing === null || listing.files.size > 0) return nothing(`${path} is not empty: it stays`);
  return { changes: change.removeFile(path, found, effect), notes: [] };
}

/** Whose it is aside. */
function isAsBefore(now: FileState, before: FileState): boolean {
  if (now.type !== 'file' || before.type !== 'file') return now.type === before.type;
  if (now.mode !== before.mode) return false;
  if (before.content !== null) return hasContent(now, before.content);
  return now.content === null ? now.sums === before.sums : hasContent(before, now.content);
}

const unread = (path: string): Inverse => ({ impossible: `${path} could not be looked at` });

const nothing = (...notes: readonly string[]): Inverse => ({ changes: [], notes });
