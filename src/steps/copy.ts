import * as v from 'valibot';
import { type Change, change, type SourceFile } from '../host/change.ts';
import { asBytes } from '../host/change-words.ts';
import { type FileState, query } from '../host/query.ts';
import { isWithoutSha256 } from '../host/sums.ts';
import { noSecret } from '../source/schema-walk.ts';
import { type ControllerFile, type ControllerFiles, controllerPath } from './controller-files.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep, type Refusal, refuse } from './step.ts';

const mode = v.pipe(
  v.string(),
  v.regex(/^[0-7]{3,4}$/, "a mode has three or four octal digits\nsuch as '0644'"),
);

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
        v.pipe(v.string(), noSecret('what a file holds is shown in diffs and plans')),
        'The text that the file holds, in place of `src`.',
      ),
    ),
    dest: described(
      hostPath,
      'Where it goes on the host; with a `/` at its end, or where a directory is there, into that directory.',
    ),
    mode: v.optional(
      described(
        v.pipe(
          v.string(),
          v.regex(
            /^(?:[0-7]{3,4}|preserve)$/,
            "a mode has three or four octal digits\nsuch as '0644', or preserve",
          ),
        ),
        'Permissions of the files, in octal; `preserve`: as they are here. Default: as they are on the host, `0644` for new ones.',
      ),
    ),
    directory_mode: v.optional(
      described(mode, 'Permissions of directories that are made, in octal. Default: `0755`.'),
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
);

export const copy = defineStep({
  name: 'copy',
  summary: 'Copies a file or a directory to the host, or writes a text there.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { src, dest }) => {
    const top = trimmed(dest);
    const tree = treeOf(src, dest);
    return {
      dest: query.file(top === '' ? '/' : top),
      above: query.file(top.replace(/\/[^/]*$/, '') || '/'),
      directories: tree.directories.map((path) => query.file(path)),
      files: tree.files.map(({ path }) => query.file(path)),
    };
  },

  // of the same size is what was copied before, most likely
  prepare: ({ src, dest }, seen) => {
    const files = treeOf(src, dest).files.map(({ file }, index) => ({
      file,
      state: seen.files[index],
    }));
    const only = onlyFile(src);
    const alike = [...files, ...(only === null ? [] : [{ file: only, state: seen.dest }])].filter(
      ({ file, state }) => state?.type === 'file' && state.size === file.size,
    );
    const making = alike.flatMap(({ file }) => file.makeSums ?? []);
    return making.length === 0 ? null : inTurn(making);
  },

  plan: (_target, { src, content, dest, mode: wanted, directory_mode: inDirectories }, seen) => {
    const top = trimmed(dest);
    const tree = treeOf(src, dest);
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
    const directories = [
      ...(isInto ? [{ path: top, state: seen.dest }] : []),
      ...tree.directories.map((path, index) => ({ path, state: seen.directories[index] })),
    ];
    const files = isInto
      ? tree.files.map((file, index) => ({ ...file, state: seen.files[index] }))
      : [{ path: top, file: onlyFile(src), state: seen.dest }];
    const refusal =
      directories.map(directoryRefusal).find((one) => one !== null) ??
      files.map(fileRefusal).find((one) => one !== null);
    if (refusal !== undefined && refusal !== null) return refusal;
    const bits = inDirectories === undefined ? 0o755 : Number.parseInt(inDirectories, 8);
    return {
      changes: [
        ...directories.flatMap(({ path, state = absent }) =>
          change.makeDirectory(path, state, bits),
        ),
        ...files.flatMap(({ path, file, state = absent }): readonly Change[] => {
          const own = wanted === 'preserve' ? file?.mode : wanted && Number.parseInt(wanted, 8);
          const options = {
            effect: 'boot',
            ...(typeof own === 'number' ? { mode: own } : {}),
          } as const;
          if (file === null) return change.writeFile(path, asBytes(content ?? ''), state, options);
          return file.content === null
            ? change.sendFile(path, sourceOf(file, state), state, options)
            : change.writeFile(path, file.content, state, options);
        }),
      ],
    };
  },
});

const absent: FileState = { type: 'absent' };

/** What is made below `dest` when that is, or comes to be, a directory. */
function treeOf(
  src: ControllerFiles | undefined,
  dest: string,
): {
  readonly directories: readonly string[];
  readonly files: readonly { readonly path: string; readonly file: ControllerFile }[];
} {
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

function sourceOf(file: ControllerFile, state: FileState): SourceFile {
  const { path, size, allSums, makeSums } = file;
  const isCrc = state.type === 'file' && state.content === null && isWithoutSha256(state.sums);
  if (isCrc && state.size === size) return { path, size, sums: allSums() };
  return {
    ...{ path, size, makeSums },
    get sums() {
      return file.sums;
    },
  };
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
