import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { isHostPath } from '../host/names.ts';
import { type CommandOutput, type Entry, type FileState, query } from '../host/query.ts';
import { sums } from '../host/sums.ts';
import { checksumIn, checksumQuery } from './checksum.ts';
import { type ControllerFile, controllerPath } from './controller-files.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { printing } from './host-script.ts';
import { chownWord, ownership } from './ownership.ts';
import { defineStep, refuse } from './step.ts';
import {
  kindOf,
  recordAnswer,
  recordIn,
  recordOf,
  recordQuery,
  stageOf,
  unpackScript,
} from './unpacked.ts';

const params = v.pipe(
  v.strictObject({
    src: described(
      controllerPath,
      'The archive, a file of the controller, relative to the playbook: `.tar`, `.tar.gz`, `.tar.xz`, `.tar.bz2`, `.tar.zst` or `.zip`.',
    ),
    dest: described(hostPath, 'The directory on the host that it is unpacked into.'),
    remote_src: v.optional(
      described(v.boolean(), 'Whether `src` is a file of the host. Default: `false`.'),
    ),
    creates: v.optional(described(hostPath, 'Does nothing when this file or directory exists.')),
    strip_components: v.optional(
      described(
        v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)),
        'So many directories at the beginning of names are left out; not of a `.zip`. Default: 0.',
      ),
    ),
    ...ownership,
  }),
  v.check(
    ({ src }) => kindOf(src.path) !== null,
    'the name tells what it is: .tar, .tar.gz, .tgz, .tar.xz, .tar.bz2, .tar.zst or .zip',
  ),
  v.check(
    ({ src, strip_components: strip = 0 }) => strip === 0 || kindOf(src.path) !== 'zip',
    '"strip_components" is for tar',
  ),
  v.check(
    ({ remote_src: isRemote, src }) => isRemote !== true || isHostPath(src.path),
    'with "remote_src", "src" is a path of the host: it begins with "/"',
  ),
  // what is on the host is not looked for here
  v.transform(({ remote_src: isRemote, src, ...others }) => ({
    ...others,
    name: src.path,
    src: isRemote === true ? undefined : src,
  })),
);

type Params = v.InferOutput<typeof params>;

export const unarchive = defineStep({
  name: 'unarchive',
  summary: 'Unpacks an archive into a directory of the host.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, given) => {
    const { src, name, dest, creates } = given;
    return {
      creates: creates === undefined ? [] : [query.entry(creates)],
      dest: query.followedEntry(trimmed(dest)),
      record: recordQuery(trimmed(dest), name),
      sum: src === undefined ? [checksumQuery(name)] : [],
      stage: src === undefined ? [] : [query.file(stageOf(trimmed(dest), name))],
      above: src === undefined ? [] : [query.file(recordDirectory(dest, name))],
    };
  },

  plan: (_target, given, seen) => {
    const { src, name, creates } = given;
    const dest = trimmed(given.dest);
    const data = { dest, src: name };
    if (seen.creates.some(({ type }) => type !== 'absent')) {
      return { changes: [], message: `${creates} exists`, data };
    }
    if (seen.dest.type !== 'directory') {
      return refuse(`there is no directory ${dest}`, 'have a task before this one make it');
    }
    const file =
      src === undefined ? null : src.found.type === 'file' ? src.found.file : 'directory';
    if (file === 'directory') return refuse(`${name} is a directory, no archive`);
    const sum = file === null ? seen.sum.map(checksumIn)[0] : sha256Of(file);
    if (sum === undefined || sum === null) return refuse(`there is no file ${name} on this host`);
    const record = recordIn(seen.record);
    if (record.sum === sum && record.missing === 0) return { changes: [], data };
    const [stage = { type: 'absent' as const }] = seen.stage;
    const staging = file === null ? [] : stagedBy(dest, name, file, stage, seen.above[0]);
    return { changes: [...staging, unpack(given, sum, staging.at(-1) ?? null, seen)], data };
  },
});

/** What brings an archive of the controller to the host. */
function stagedBy(
  dest: string,
  name: string,
  file: ControllerFile,
  stage: FileState,
  above: FileState | undefined,
): readonly Change[] {
  const path = stageOf(dest, name);
  const options = { effect: 'boot', mode: 0o600 } as const;
  return [
    ...change.makeDirectory(recordDirectory(dest, name), above ?? { type: 'absent' }, 0o700),
    ...(file.content === null
      ? change.sendFile(path, file, stage, options)
      : change.writeFile(path, file.content, stage, options)),
  ];
}

function unpack(
  given: Params,
  sum: string,
  staged: Change | null,
  { record, dest: directory }: { readonly record: CommandOutput; readonly dest: Entry },
): Change {
  const { name, strip_components: strip = 0, mode } = given;
  const dest = trimmed(given.dest);
  const stage = stageOf(dest, name);
  const isStaged = given.src !== undefined;
  const words = [
    ...[isStaged ? stage : name, dest, kindOf(name) ?? '', `${strip}`],
    ...[chownWord(given), mode ?? '', recordOf(dest, name), sum, isStaged ? 'staged' : ''],
  ];
  return change.call(['/bin/sh', '-c', unpackScript, 'unarchive', ...words], {
    ...{ effect: 'boot', subject: dest, timeoutSeconds: 1800, touches: [dest, stage] },
    before: `without what is in ${name}`,
    after: `what is in ${name} (sha256 ${sum.slice(0, 12)}...)`,
    predicts: [
      { query: query.followedEntry(dest), before: directory, answer: later(directory) },
      { query: recordQuery(dest, name), before: record, answer: printing(recordAnswer(sum)) },
      ...(isStaged
        ? [
            {
              query: query.file(stage),
              before: stagedState(staged),
              answer: { type: 'absent' } as const,
            },
          ]
        : []),
    ],
  });
}

/** The file that a change has made. */
function stagedState(made: Change | null): FileState {
  const about = { type: 'file', mode: 0o600, uid: 0, gid: 0 } as const;
  if (made?.kind === 'write') return { ...about, size: made.content.length, content: made.content };
  if (made?.kind === 'send')
    return { ...about, size: made.source.size, content: null, sums: made.source.sums };
  return { type: 'absent' };
}

function sha256Of({ content, sums: own }: ControllerFile): string {
  return (content === null ? own : sums(content)).split(' ')[0] ?? '';
}

function recordDirectory(dest: string, name: string): string {
  return recordOf(dest, name).replace(/\/[^/]*$/, '');
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}

/** Nobody can tell when it was changed. */
function later(entry: Entry): Entry {
  return entry.type === 'absent' ? entry : { ...entry, mtimeSeconds: null };
}
