import * as v from 'valibot';
import { type CallCommand, type Change, change } from '../host/change.ts';
import { type CommandOutput, type FileState, query } from '../host/query.ts';
import {
  type FstabEntry,
  fstabEntry,
  trimmed,
  withEntry,
  withoutEntry,
} from '../text/fstab-edit.ts';
import { type Mounted, mountedAt, withMount } from '../text/mountinfo.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep, type Plan, type Refusal, refuse } from './step.ts';
import { planEdit } from './text-edit.ts';

const fstabPath = '/etc/fstab';

const word = v.pipe(v.string(), v.regex(/^[^\0\r\n]+$/, 'one line is needed'));
const number = v.pipe(
  v.number(),
  v.integer('a whole number is needed'),
  v.minValue(0),
  v.maxValue(9),
);

const params = v.pipe(
  v.strictObject({
    path: described(
      v.pipe(
        hostPath,
        v.check(
          (path) => !/\/\.\.?(?:\/|$)/.test(path),
          'a mount point is a path without "." and ".."',
        ),
      ),
      'Where it is mounted.',
    ),
    state: described(
      v.picklist(['mounted', 'present', 'unmounted', 'absent', 'remounted', 'ephemeral']),
      'State: `mounted`, now and in fstab; `present`: in fstab only; `unmounted`: not now; `absent`: neither; `remounted`: once more; `ephemeral`: now only.',
    ),
    src: v.optional(
      described(word, 'What is mounted, such as `/dev/xvdb`, `UUID=...` or `nas:/export`.'),
    ),
    fstype: v.optional(
      described(
        v.pipe(v.string(), v.regex(/^[\w.-]+$/, 'not a file system')),
        'File system, such as `ext4`.',
      ),
    ),
    opts: v.optional(
      described(
        v.pipe(v.string(), v.regex(/^\S+$/, 'options have commas between them, no blanks')),
        'Options, with commas between. Default: `defaults`.',
      ),
    ),
    dump: v.optional(described(number, 'Whether dump(8) takes it. Default: 0.')),
    passno: v.optional(described(number, 'When fsck(8) checks it at boot. Default: 0.')),
    boot: v.optional(
      described(
        v.boolean(),
        'Whether it is mounted at boot; `false` adds `noauto`. Default: `true`.',
      ),
    ),
  }),
  v.check(
    ({ state, src, fstype }) =>
      !['mounted', 'present', 'ephemeral'].includes(state) ||
      (src !== undefined && fstype !== undefined),
    '"src" and "fstype" are needed to mount something',
  ),
  v.check(
    ({ state, path }) => !['absent', 'unmounted'].includes(state) || trimmed(path) !== '/',
    '/ stays mounted',
  ),
);

type Params = v.InferOutput<typeof params>;

const mountsQuery = query.output(['cat', '/proc/self/mountinfo'], {
  readsOnly: ['mounts'],
  limitBytes: 1_048_576,
  isBrief: true,
});

interface Seen {
  readonly fstab: FileState;
  readonly above: FileState;
  readonly point: FileState;
  readonly mounts: CommandOutput;
}

export const mount = defineStep({
  name: 'mount',
  summary: 'Mounts a file system, now and at every boot, or takes it away.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { path }) => ({
    fstab: query.file(fstabPath),
    above: query.file('/etc'),
    point: query.file(trimmed(path)),
    mounts: mountsQuery,
  }),

  plan: (_target, given, seen) => {
    const { path, state } = given;
    if (seen.mounts.status !== 0 || seen.mounts.isCut) {
      return refuse('what is mounted on this host cannot be read');
    }
    const mounted = mountedAt(seen.mounts.stdout, path);
    const isInFstab = state === 'present' || state === 'mounted';
    const before = fstabBefore(seen.fstab, path);
    const fstab =
      isInFstab || state === 'absent' ? planFstab(given, seen) : ({ changes: [] } as const);
    if ('refusal' in fstab) return fstab;
    const live = liveChanges(given, mounted, before, seen);
    if ('refusal' in live) return live;
    const isUsed = seen.point.type !== 'absent' && seen.point.type !== 'directory';
    const isMounting = (state === 'mounted' || state === 'ephemeral') && mounted === null;
    if (isMounting && isUsed && !isBind(given)) return refuse(`${path} is no directory`);
    // gone first, or there is nothing left to say what it was
    const changes = state === 'absent' ? [...live, ...fstab.changes] : [...fstab.changes, ...live];
    return { changes, message: fstab.message ?? null };
  },
});

function isBind({ opts = '' }: Params): boolean {
  return /(?:^|,)r?bind(?:,|$)/.test(opts);
}

function wantedEntry(given: Params): FstabEntry {
  const {
    path,
    src = '',
    fstype = '',
    opts = 'defaults',
    dump = 0,
    passno = 0,
    boot = true,
  } = given;
  const options = boot || opts.split(',').includes('noauto') ? opts : `${opts},noauto`;
  return { source: src, path: trimmed(path), type: fstype, options, dump, pass: passno };
}

function fstabBefore(fstab: FileState, path: string): FstabEntry | null {
  const text = fstab.type === 'file' ? fstab.content : null;
  return text === null ? null : fstabEntry(text, path);
}

function planFstab(given: Params, { fstab, above }: Seen): Plan | Refusal {
  return planEdit(
    fstabPath,
    { file: fstab, above, entry: [] },
    (text) => ({
      text:
        given.state === 'absent'
          ? withoutEntry(text, given.path)
          : withEntry(text, wantedEntry(given)),
    }),
    { create: true },
  );
}

function liveChanges(
  given: Params,
  mounted: Mounted | null,
  before: FstabEntry | null,
  { mounts, point }: Seen,
): readonly Change[] | Refusal {
  const { state } = given;
  const path = trimmed(given.path);
  const now = { path, mounts, point };
  switch (state) {
    case 'present':
      return [];
    case 'unmounted':
    case 'absent':
      return mounted === null ? [] : [unmounting(now, mounted)];
    case 'remounted':
      return mounted === null
        ? refuse(`nothing is mounted at ${path}`, 'state: mounted mounts it')
        : [call(now, ['mount', '-o', 'remount', path], mounted, mounted, 'mounted once more')];
    case 'mounted':
    case 'ephemeral': {
      const wanted = wantedEntry(given);
      const { source, type, options } = wanted;
      const after = { source, type, options: options.split(',') };
      const argv = mountingWords(state, wanted);
      const made = change.makeDirectory(path, point);
      if (mounted === null) return [...made, call(now, argv, null, after)];
      if (state === 'ephemeral' || before === null) {
        // names that can lead elsewhere (UUID=, /dev/vg/lv) are not compared
        const isOther = /^\/dev\/[^/]+$|:\//.test(source) && mounted.source !== source;
        return isOther ? refuse(`${path} has ${mounted.source} mounted`, 'unmount it first') : [];
      }
      if (before.source !== source || before.type !== type) {
        const gone = withMount(mounts.stdout, path, null);
        const then = { ...now, mounts: { ...mounts, stdout: gone } };
        return [unmounting(now, mounted), call(then, argv, null, after)];
      }
      const isSame = before.options === options;
      const again = ['mount', '-o', `remount,${options}`, path];
      return isSame ? [] : [call(now, again, mounted, after)];
    }
  }
}

/** What is in fstab is mounted by its path, so that the two say the same. */
function mountingWords(state: 'mounted' | 'ephemeral', entry: FstabEntry): readonly string[] {
  if (state === 'mounted') return ['mount', entry.path];
  return ['mount', '-t', entry.type, '-o', entry.options, entry.source, entry.path];
}

interface Now {
  readonly path: string;
  readonly mounts: CommandOutput;
  readonly point: FileState;
}

function unmounting(now: Now, mounted: Mounted): CallCommand {
  return call(now, ['umount', now.path], mounted, null);
}

function call(
  { path, mounts, point }: Now,
  argv: readonly string[],
  before: Mounted | null,
  after: Mounted | null,
  words: string = inWords(after),
): CallCommand {
  const gone = before === null ? mounts.stdout : withMount(mounts.stdout, path, null);
  const stdout = after === null ? gone : withMount(gone, path, after);
  return change.call(argv, {
    ...{ effect: 'live', subject: `mount ${path}`, before: inWords(before), after: words },
    predicts: [
      { query: mountsQuery, before: mounts, answer: { ...mounts, stdout } },
      {
        query: query.file(path),
        before: point,
        answer: point.type === 'absent' ? { type: 'directory' } : point,
      },
    ],
    // what is below is another file system's
    touches: [path, 'mounts'],
  });
}

function inWords(mounted: Mounted | null): string {
  if (mounted === null) return 'not mounted';
  const options = [...new Set(mounted.options)].join(',');
  return `${mounted.source} (${mounted.type}, ${options})`;
}
