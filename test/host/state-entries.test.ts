import { describe, expect, test } from 'vitest';
import { answerTo, isOutdated } from '../../src/host/answer.ts';
import { type Change, change } from '../../src/host/change.ts';
import { type FileState, type FoundEntry, query } from '../../src/host/query.ts';
import { hostWith } from '../engine/known-host.ts';

const entry: FoundEntry = {
  ...{ type: 'file', mode: 0o640, uid: 5, gid: 6, owner: 'a', group: 'b', size: 3 },
  ...{ mtimeSeconds: 9, links: 1, inode: 8, target: null },
};
const file: FileState = { type: 'file', mode: 0o640, uid: 5, gid: 6, size: 3, content: 'old' };
const absent = { type: 'absent' } as const;
const tree = { type: 'directory', entries: new Map([['/d', entry]]), isCut: false } as const;
const asked = {
  entry: query.entry('/d/f'),
  followed: query.followedEntry('/d/f'),
  file: query.file('/d/f'),
  none: query.entry('/d/none/deep'),
  above: query.entry('/d/none'),
  directory: query.directory('/d', ''),
  tree: query.tree('/d'),
  elsewhere: query.entry('/d/fx'),
};
const host = hostWith([
  [asked.entry, entry],
  [asked.followed, entry],
  [asked.file, file],
  [asked.none, absent],
  [asked.above, absent],
  [asked.directory, { exists: true, files: new Map([['/d/f', file]]), isCut: false }],
  [asked.tree, tree],
  [asked.elsewhere, entry],
]);
const worldAfter = (changes: readonly Change[]) =>
  changes.reduce((state, one) => state.after(one), host);
const outdated = (changes: readonly Change[]) =>
  Object.entries(asked).flatMap(([name, one]) =>
    isOutdated(worldAfter(changes), one) ? [name] : [],
  );

describe('HostState', () => {
  test('a file that is written keeps owner and mode', () => {
    const changes = change.writeFile('/d/f', 'longer', file, { effect: 'boot' });

    expect(answerTo(worldAfter(changes), asked.entry)).toEqual({
      ...{ ...entry, size: 6, mtimeSeconds: null, inode: null },
    });
    expect(outdated(changes)).toEqual(['tree']);
  });

  test('a file that goes is gone by all names', () => {
    const changes = change.removeFile('/d/f', file, 'boot');

    expect(answerTo(worldAfter(changes), asked.entry)).toEqual(absent);
    expect(answerTo(worldAfter(changes), asked.followed)).toEqual(absent);
    expect(outdated(changes)).toEqual(['tree']);
  });

  test('a directory that is made is there, and those above it', () => {
    const changes = change.makeDirectory('/d/none/deep', absent, 0o700);

    expect(answerTo(worldAfter(changes), asked.none)).toMatchObject({
      type: 'directory',
      mode: 0o700,
    });
    expect(answerTo(worldAfter(changes), asked.above)).toMatchObject({
      type: 'directory',
      mode: 0o755,
    });
  });

  test('where a link that is made leads is not known', () => {
    const changes = change.makeLink('/d/f', '../x', entry, 'boot');

    expect(answerTo(worldAfter(changes), asked.entry)).toMatchObject({
      type: 'link',
      target: '../x',
    });
    expect(outdated(changes)).toEqual(['followed', 'file', 'directory', 'tree']);
  });

  test('owner and mode are those that are set, the numbers where they are known', () => {
    const known = { owner: { name: 'c', id: 7 }, mode: 0o600 };
    const named = { group: { name: 'd', id: null } };
    const first = change.setAttributes('/d/f', known, entry, 'boot');
    const second = change.setAttributes('/d/f', named, entry, 'boot');

    expect(answerTo(worldAfter(first), asked.entry)).toEqual({
      ...entry,
      owner: 'c',
      uid: 7,
      mode: 0o600,
    });
    expect(answerTo(worldAfter(first), asked.file)).toEqual({ ...file, uid: 7, mode: 0o600 });
    expect(answerTo(worldAfter(second), asked.entry)).toEqual({ ...entry, group: 'd', gid: null });
    expect(isOutdated(worldAfter(second), asked.file)).toBe(true);
  });

  test('nothing of a directory is left that is removed with all below', () => {
    const changes = change.removeTree('/d', tree, 'boot');

    expect(answerTo(worldAfter(changes), asked.tree)).toMatchObject({ type: 'absent' });
    expect(answerTo(worldAfter(changes), asked.entry)).toEqual(absent);
    expect(answerTo(worldAfter(changes), asked.elsewhere)).toEqual(absent);
  });
});
