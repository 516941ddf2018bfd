import * as v from 'valibot';
import type { Change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { described } from './described.ts';
import {
  absence,
  attributes,
  directoryChanges,
  hardLink,
  linkChanges,
  type Seen,
  touched,
} from './file-states.ts';
import { hostPath } from './host-path.ts';
import { linkWay } from './link-way.ts';
import { ownership } from './ownership.ts';
import { defineStep, type Refusal, refuse } from './step.ts';

const params = v.pipe(
  v.strictObject({
    path: described(hostPath, 'What it is about.'),
    state: v.optional(
      described(
        v.picklist(['file', 'directory', 'link', 'hard', 'touch', 'absent']),
        'What is to be there: `directory`, `link`, `hard` and `touch` (an empty file) are made where they are missing, `absent` goes with all below it, `file` must be there. Default: `file`; with `src`, `link`; with `recurse`, `directory`.',
      ),
    ),
    src: v.optional(
      described(
        v.pipe(
          v.string(),
          v.check(
            (text) => /^[^\0\n]{1,4095}$/.test(text),
            'a path is one line of at most 4095 bytes',
          ),
        ),
        'What the link says, for `link`; the other name of the file, for `hard`.',
      ),
    ),
    ...ownership,
    recurse: v.optional(
      described(
        v.boolean(),
        'Whether all below a directory gets the mode, owner and group too. Default: `false`.',
      ),
    ),
    force: v.optional(
      described(
        v.boolean(),
        'Whether a link may take the place of a file, and may lead nowhere. Default: `false`.',
      ),
    ),
    follow: v.optional(
      described(
        v.boolean(),
        'Whether a symbolic link at `path` stands for what it leads to. Default: `true`; for `link` and `absent`, it does not.',
      ),
    ),
  }),
  v.check(
    ({ state, src }) => (state !== 'link' && state !== 'hard') || src !== undefined,
    'a link needs "src"',
  ),
  v.check(
    ({ state = 'link', src }) => src === undefined || state === 'link' || state === 'hard',
    '"src" is for links',
  ),
  v.check(
    ({ state, src }) => state !== 'hard' || (src ?? '').startsWith('/'),
    'the "src" of a hard link begins with "/"',
  ),
  v.check(
    ({ state = 'directory', recurse }) => recurse !== true || state === 'directory',
    '"recurse" is for directories',
  ),
  v.check(({ path, state }) => state !== 'absent' || !/^\/*$/.test(path), 'that is everything'),
);

type Params = v.InferOutput<typeof params>;

export const file = defineStep({
  name: 'file',
  summary:
    'Makes directories, links and empty files, sets mode and owners, or removes what is there.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'path',

  queries: (_target, given) => {
    const path = trimmed(given.path);
    const state = stateOf(given);
    const isLink = state === 'link' || state === 'hard';
    const way = isLink ? linkWay(path, given.src ?? '') : null;
    return {
      entry: query.entry(path),
      followed: isLink || state === 'absent' ? [] : [query.followedEntry(path)],
      content: state === 'absent' ? [query.file(path)] : [],
      above: ['link', 'hard', 'touch'].includes(state) ? [query.followedEntry(above(path))] : [],
      tree: state === 'absent' || given.recurse === true ? [query.tree(path)] : [],
      source: way === null ? [] : [query.followedEntry(way.path)],
      turns: (way?.turns ?? []).map((one) => query.entry(one)),
    };
  },

  plan: (_target, given, { entry, followed, content, above: parents, tree, source, turns }) => {
    const path = trimmed(given.path);
    const state = stateOf(given);
    const seen: Seen = {
      ...{ path, entry, content: content[0] ?? { type: 'absent' } },
      ...{ tree: tree[0] ?? null, source: source[0] ?? null },
      target: followed[0] ?? entry,
    };
    const [parent] = parents;
    if (parent !== undefined && parent.type !== 'directory') {
      return refuse(
        `there is no directory ${above(path)}`,
        'have a task before this one make it, with state: directory',
      );
    }
    if (turns.some(({ type }) => type === 'link') && given.force !== true) {
      return refuse(
        `where ${given.src} leads can't be told: it goes up from a symbolic link`,
        'write it without "..", or say force: true',
      );
    }
    const made = changesFor(state, given, seen);
    return 'refusal' in made ? made : { changes: made };
  },
});

function changesFor(
  state: NonNullable<Params['state']>,
  given: Params,
  seen: Seen,
): readonly Change[] | Refusal {
  switch (state) {
    case 'absent':
      return absence(seen);
    case 'link':
      return linkChanges(given.src ?? '', given, seen);
    case 'hard':
      return hardLink(given.src ?? '', given, seen);
    case 'touch':
      return touched(given, seen);
    case 'directory':
      return directoryChanges(given, seen);
    case 'file':
      return seen.target.type === 'absent'
        ? refuse(
            `${seen.path} does not exist`,
            'state says what is to be made: directory, touch (an empty file) or link',
          )
        : attributes(given, seen);
  }
}

function stateOf({ state, src, recurse }: Params): NonNullable<Params['state']> {
  if (state !== undefined) return state;
  if (src !== undefined) return 'link';
  return recurse === true ? 'directory' : 'file';
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}

function above(path: string): string {
  return path.replace(/\/[^/]*$/, '') || '/';
}
