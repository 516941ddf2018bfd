import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Act } from '../../src/host/act-program.ts';
import { type Change, change } from '../../src/host/change.ts';
import { type FileChange, fileAfter } from '../../src/host/files-after.ts';
import type { FileState } from '../../src/host/query.ts';
import { splitActs } from '../../src/host/window-acts.ts';
import { runs } from '../runs.ts';

const paths = ['/etc/a', '/etc/b', '/etc/new/c'] as const;
type Wish =
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly content: string;
      readonly effect: 'boot' | 'both';
    }
  | { readonly kind: 'remove'; readonly path: string; readonly effect: 'boot' | 'both' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'command'; readonly files: readonly string[] }
  | { readonly kind: 'parameter' };

const path = fc.constantFrom(...paths);
const effect = fc.constantFrom('boot', 'boot', 'both');
const wish: fc.Arbitrary<Wish> = fc.oneof(
  fc.record({ kind: fc.constant('write'), path, content: fc.constantFrom('x', 'y', 'z'), effect }),
  fc.record({ kind: fc.constant('remove'), path, effect }),
  fc.record({ kind: fc.constant('directory') }),
  fc.record({ kind: fc.constant('command'), files: fc.subarray([...paths]) }),
  fc.record({ kind: fc.constant('parameter') }),
);

/** Each planned from what the ones before leave, as the engine does. */
function actsOf(wishes: readonly Wish[], start: ReadonlyMap<string, FileState>): readonly Act[] {
  const states = new Map(start);
  const changes = wishes.flatMap((one): readonly Change[] => {
    switch (one.kind) {
      case 'command':
        return [change.command(['true'], null, { files: one.files })];
      case 'parameter':
        return change.setParameter('net.ipv4.ip_forward', '1', '0');
      case 'directory':
        return [{ kind: 'directory', effect: 'boot', path: '/etc/new', mode: 0o755 }];
      default: {
        const before = states.get(one.path) ?? { type: 'absent' };
        const made =
          one.kind === 'write'
            ? change.writeFile(one.path, one.content, before, { effect: one.effect })
            : change.removeFile(one.path, before, one.effect);
        for (const each of made) states.set(one.path, fileAfter(one.path, before, each));
        return made;
      }
    }
  });
  return changes.map((one, index) => ({ id: `0.${index}`, change: one }));
}

const isFileChange = (one: Change): one is FileChange =>
  one.kind === 'write' || one.kind === 'remove' || one.kind === 'directory';

/** The file once these are made, one after the other. */
function fileOnce(name: string, start: FileState, changes: readonly Change[]): FileState {
  return changes
    .filter(isFileChange)
    .filter((one) => one.path === name)
    .reduce((state, one) => fileAfter(name, state, one), start);
}

describe('splitActs', () => {
  test('makes each act once, now or staged, and files come out as planned', () => {
    const old: FileState = { type: 'file', mode: 0o600, uid: 0, gid: 0, size: 1, content: 'x' };
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 8 }), fc.subarray([...paths]), (wishes, there) => {
        const start = new Map<string, FileState>(there.map((name) => [name, old]));
        const acts = actsOf(wishes, start);

        const { now, staged, idle, files } = splitActs(acts);

        const ids = [...now.map(({ id }) => id), ...staged.flatMap((one) => one.ids), ...idle];
        expect(ids.toSorted()).toEqual(acts.map(({ id }) => id).toSorted());
        expect(now).toEqual(acts.filter((act) => now.includes(act))); // in their order
        for (const { change: one } of now) {
          if (one.kind === 'write' || one.kind === 'remove') expect(files).toContain(one.path);
        }
        const stagedPaths = staged.flatMap(({ change: one }) =>
          one.kind === 'directory' ? [] : [one.path],
        );
        expect(stagedPaths.filter((name) => files.includes(name))).toEqual([]);
        expect(new Set(stagedPaths).size).toBe(stagedPaths.length);
        const made = [...now, ...staged].map((one) => one.change);
        for (const name of paths) {
          const state = start.get(name) ?? { type: 'absent' };
          const planned = acts.map((one) => one.change);
          expect(fileOnce(name, state, made)).toEqual(fileOnce(name, state, planned));
        }
        for (const { change: one } of staged) {
          if (one.kind !== 'directory')
            expect(one.before).toEqual(start.get(one.path) ?? { type: 'absent' });
        }
      }),
      { numRuns: runs() },
    );
  });
});
