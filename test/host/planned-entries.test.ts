import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { type Change, change } from '../../src/host/change.ts';
import { inverseOf } from '../../src/host/inverse.ts';
import {
  plannedChange,
  plannedDocument,
  plannedQueries,
  plannedSchema,
} from '../../src/host/planned-change.ts';
import { areMade } from '../../src/host/planned-made.ts';
import { type Answer, type FoundEntry, type Query, query } from '../../src/host/query.ts';
import { hostWith } from '../engine/known-host.ts';

const found = (entry: Partial<FoundEntry>): FoundEntry => ({
  ...{ type: 'file', mode: 0o644, uid: 0, gid: 0, owner: 'root', group: 'root', size: 1 },
  ...{ mtimeSeconds: 1, links: 1, inode: 1, target: null },
  ...entry,
});
const absent = { type: 'absent' } as const;
const link = (target: string) => found({ type: 'link', mode: 0o777, target });
const tree = (...names: readonly string[]) =>
  ({
    type: 'directory',
    entries: new Map(['/d', ...names].map((name) => [name, found({})])),
    isCut: false,
  }) as const;
const noTree = { type: 'absent', entries: new Map(), isCut: false } as const;
const daemon = { name: 'daemon', id: null };
const own = { owner: daemon, mode: 0o600 };

const [entry, listing] = [query.entry('/d'), query.tree('/d')];

const cases: readonly [
  string,
  readonly Change[],
  Query,
  { readonly from: Answer<Query>; readonly to: Answer<Query>; readonly other: Answer<Query> },
][] = [
  [
    'a link',
    change.makeLink('/d', 'new', link('old'), 'boot'),
    entry,
    { from: link('old'), to: link('new'), other: link('mine') },
  ],
  [
    'owner and mode',
    change.setAttributes('/d', own, found({}), 'boot'),
    entry,
    {
      from: found({}),
      to: found({ owner: 'daemon', uid: 1, mode: 0o600 }),
      other: found({ mode: 0o666 }),
    },
  ],
  [
    'a directory with all below',
    change.removeTree('/d', tree('/d/a'), 'boot'),
    listing,
    { from: tree('/d/a'), to: noTree, other: tree('/d/a', '/d/b') },
  ],
];

describe('plannedChange', () => {
  test.each(cases)(
    '%s: made where all is as it was planned from',
    (_what, changes, asked, { from, to, other }) => {
      const [one] = changes;
      if (one === undefined) throw new Error('nothing is changed');
      const planned = v.parse(plannedSchema, JSON.parse(JSON.stringify(plannedDocument(one))));

      expect(plannedQueries(planned)).toEqual([asked]);
      expect(plannedChange(planned, hostWith([[asked, from]]))).toEqual(one);
      expect(plannedChange(planned, hostWith([[asked, other]]))).toBeNull();
      expect(plannedChange(planned, hostWith([]))).toBeNull();
      expect(
        [from, to, other].map((answer) => areMade([planned], hostWith([[asked, answer]]))),
      ).toEqual([false, true, false]);
    },
  );
});

describe('inverseOf', () => {
  const [moved] = change.makeLink('/d', 'new', link('old'), 'boot');
  const [made] = change.makeLink('/d', 'new', absent, 'boot');
  const [owned] = change.setAttributes('/d', own, found({}), 'boot');
  const [removed] = change.removeTree('/d', tree(), 'boot');
  const file = query.file('/d');

  test.each<[string, Change | undefined, readonly (readonly [Query, Answer<Query>])[], unknown]>([
    [
      'a link gets its former target',
      moved,
      [[entry, link('new')]],
      { changes: [{ kind: 'link', target: 'old' }] },
    ],
    ['a link that is back stays', moved, [[entry, link('old')]], { changes: [] }],
    ['a link of others stays', moved, [[entry, link('mine')]], { moved: expect.any(String) }],
    [
      'a link that is new goes',
      made,
      [
        [entry, link('new')],
        [file, { type: 'directory' }],
      ],
      { changes: [{ kind: 'remove', path: '/d' }] },
    ],
    [
      'who owned it owns it again',
      owned,
      [[entry, found({ owner: 'daemon', uid: 1, mode: 0o600 })]],
      { changes: [{ kind: 'attributes', mode: 0o644, owner: { name: '0', id: 0 }, group: null }] },
    ],
    ['a directory is gone', removed, [[listing, noTree]], { impossible: expect.any(String) }],
  ])('%s', (_what, done, known, expected) => {
    if (done === undefined) throw new Error('nothing was changed');

    expect(inverseOf(done, hostWith(known))).toMatchObject(expected as object);
  });
});
