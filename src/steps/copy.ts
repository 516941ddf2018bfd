import * as v from 'valibot';
import { isHostPath } from '../host/names.ts';
import { type Entry, type FileState, query } from '../host/query.ts';
import { Secret } from '../source/secret.ts';
import { type ControllerFile, type ControllerFiles, controllerPath } from './controller-files.ts';
import { directoryChange, fileChanges, placing } from './copied-file.ts';
import { described } from './described.ts';
import { fileMode } from './file-mode.ts';
import { hostPath } from './host-path.ts';
import { defineStep, type Refusal, refuse } from './step.ts';

const params = v.pipe(
  v.strictObject({
    src: v.optional(
      described(
        controllerPath,
        'A file or directory of the controller, relative to the playbook; of a directory that ends in `/`, what is in it.',
      ),
    ),
    content: v.optional(
      described(
        v.union([v.string(), v.instance(Secret)]),
        'The text that the file holds, in place of `src`; may be a secret.',
      ),
    ),
    dest: described(
      hostPath,
      'Where it goes on the host; with a `/` at its end, or where a directory is there, into that directory.',
    ),
    mode: v.optional(
      described(
        v.union([v.literal('preserve'), fileMode]),
        'Permissions of the files, in octal or as chmod takes them; `preserve`: as they are here. Default: as they are on the host, `0644` for new ones.',
      ),
    ),
    directory_mode: v.optional(
      described(
        fileMode,
        'Permissions of directories that are made, in the same writing. Default: `0755`.',
      ),
    ),
    ...placing,
    remote_src: v.optional(
      described(v.boolean(), 'Whether `src` is a file of the host. Default: `false`.'),
    ),
  }),
  v.check(
    ({ src, content }) => (src === undefined) !== (content === undefined),
    'exactly one of "src" and "content" is needed',
  ),
  v.check(
    ({ content, dest }) => content === undefined || !dest.endsWith('/'),
    'a content needs the name of a file: "dest" ends in "/"',
  ),
  v.check(
    ({ content, mode: wanted }) => content === undefined || wanted !== 'preserve',
    'a content has no mode to preserve',
  ),
  v.check(
    ({ remote_src: isRemote, src }) => isRemote !== true || isHostPath(src?.path ?? ''),
    'with "remote_src", "src" is a path of the host: it begins with "/"',
  ),
  // what is on the host is not looked for here
  v.transform(({ remote_src: isRemote, src, ...others }) => ({
    ...others,
    src: isRemote === true ? undefined : src,
    ...(isRemote === true && src !== undefined ? { remote: src.path } : {}),
  })),
);

export const copy = defineStep({
  name: 'copy',
  summary: 'Copies a file or a directory to the host, or writes a text there.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { src, dest, remote, owner, group }) => {
    const top = trimmed(dest);
    const tree = treeOf(src, dest, remote);
    const isOwned = owner !== undefined || group !== undefined;
    const files = tree.files.map(({ path }) => path);
    const paths = isOwned ? [top === '' ? '/' : top, ...tree.directories, ...files] : [];
    return {
      dest: query.file(top === '' ? '/' : top),
      above: query.file(top.replace(/\/[^/]*$/, '') || '/'),
      directories: tree.directories.map((path) => query.file(path)),
      files: files.map((path) => query.file(path)),
      entries: paths.map((path) => query.entry(path)),
      remote: remote === undefined ? [] : [query.file(remote)],
    };
  },

  // of the same size is what was copied before, most likely
  prepare: ({ src, dest, remote }, seen) => {
    const files = treeOf(src, dest, remote).files.map(({ file }, index) => ({
      file,
      state: seen.files[index],
    }));
    const only = onlyFile(src);
    const alike = [...files, ...(only === null ? [] : [{ file: only, state: seen.dest }])].filter(
      ({ file, state }) => state?.type === 'file' && state.size === file?.size,
    );
    const making = alike.flatMap(({ file }) => file?.makeSums ?? []);
    return making.length === 0 ? null : inTurn(making);
  },

  plan: (_target, given, seen) => {
    const { src, dest, directory_mode: inDirectories } = given;
    if (given.content instanceof Secret && !given.content.isSettled) {
      return refuse(`what ${dest} holds is a secret that was not fetched`);
    }
    const content = given.content instanceof Secret ? given.content.reveal() : given.content;
    const wanted = { ...given, content, isSecret: given.content instanceof Secret };
    const top = trimmed(dest);
    const tree = treeOf(src, dest, given.remote);
    const isInto =
      dest.endsWith('/') || tree.directories.length > 0 || seen.dest.type === 'directory';
    if (content !== undefined && isInto) return refuse(`${dest} is a directory`);
    if (!isInto && seen.above.type !== 'directory') {
      const above = top.replace(/\/[^/]*$/, '') || '/';
      return seen.above.type === 'absent'
        ? refuse(
            `the directory ${above} does not exist`,
            'have a task before this one make it, or end "dest" with "/" to copy into a directory that is made',
          )
        : refuse(`${above} is no directory`);
    }
    const [remote] = seen.remote;
    if (remote !== undefined && remote.type !== 'file') {
      return refuse(
        `${given.remote} is no file of the host that can be read (it is ${remote.type})`,
      );
    }
    const entryAt = entriesBy(
      [top === '' ? '/' : top, ...tree.directories, ...tree.files.map(({ path }) => path)],
      seen.entries,
    );
    const directories = [
      ...(isInto && !tree.directories.includes(top) ? [{ path: top, state: seen.dest }] : []),
      ...tree.directories.map((path, index) => ({ path, state: seen.directories[index] })),
    ];
    const files = isInto
      ? tree.files.map((one, index) => ({ ...one, state: seen.files[index] }))
      : [{ path: top, file: onlyFile(src), state: seen.dest }];
    const refusal =
      directories.map(directoryRefusal).find((one) => one !== null) ??
      files.map(fileRefusal).find((one) => one !== null);
    if (refusal !== undefined && refusal !== null) return refusal;
    const plans = files.map(({ path, file, state = absent }) =>
      fileChanges(wanted, { path, file, remote: remote ?? null, state, entry: entryAt(path) }),
    );
    const wrong = plans.find((one) => 'refusal' in one);
    if (wrong !== undefined && 'refusal' in wrong) return wrong;
    const done = plans.flatMap((one) => ('refusal' in one ? [] : [one]));
    const kept = done.flatMap(({ backupFile }) => backupFile ?? []);
    return {
      changes: [
        ...directories.flatMap(({ path, state = absent }) =>
          directoryChange(wanted, path, state, inDirectories, entryAt(path)),
        ),
        ...done.flatMap(({ changes }) => changes),
      ],
      data: {
        dest: files.length === 1 ? (files[0]?.path ?? dest) : dest,
        ...(kept[0] === undefined ? {} : { backup_file: kept[0] }),
      },
    };
  },
});

const absent: FileState = { type: 'absent' };

/** What is made below `dest` when that is, or comes to be, a directory. */
function treeOf(
  src: ControllerFiles | undefined,
  dest: string,
  remote: string | undefined,
): {
  readonly directories: readonly string[];
  readonly files: readonly { readonly path: string; readonly file: ControllerFile | null }[];
} {
  if (remote !== undefined) {
    const path = `${trimmed(dest)}/${remote.replace(/^.*\//, '')}`;
    return { directories: [], files: [{ path, file: null }] };
  }
  if (src === undefined) return { directories: [], files: [] };
  const { found } = src;
  const top = trimmed(dest);
  if (found.type === 'file') {
    return { directories: [], files: [{ path: `${top}/${found.name}`, file: found.file }] };
  }
  const base = src.path.endsWith('/') ? top : `${top}/${found.name}`;
  return {
    directories: [base, ...found.directories.map((name) => `${base}/${name}`)],
    files: [...found.files].map(([name, file]) => ({ path: `${base}/${name}`, file })),
  };
}

function onlyFile(src: ControllerFiles | undefined): ControllerFile | null {
  return src?.found.type === 'file' ? src.found.file : null;
}

function entriesBy(
  paths: readonly string[],
  entries: readonly Entry[],
): (path: string) => Entry | null {
  return (path) => entries[paths.indexOf(path === '' ? '/' : path)] ?? null;
}

async function inTurn(makings: readonly (() => Promise<void>)[]): Promise<void> {
  for (const make of makings) await make();
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '');
}

interface Found {
  readonly path: string;
  readonly state: FileState | undefined;
}

function directoryRefusal({ path, state = absent }: Found): Refusal | null {
  const isRight = state.type === 'absent' || state.type === 'directory';
  return isRight ? null : refuse(`${path} is in the way: it is no directory`);
}

function fileRefusal({ path, state = absent }: Found): Refusal | null {
  if (state.type === 'absent' || state.type === 'file') return null;
  return refuse(
    state.type === 'unreadable'
      ? `${path} can't be read by this login`
      : `${path} is no file that can be replaced (it is ${state.type})`,
  );
}
