import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { described } from './described.ts';
import { type Clone, cloneIn, cloneQuery, remoteIn, remoteQuery } from './git-state.ts';
import { hostPath } from './host-path.ts';
import { printing } from './host-script.ts';
import { defineStep, refuse } from './step.ts';

const word = v.pipe(
  v.string(),
  v.regex(/^[^-\0\n\s][^\0\n\s]*$/, 'one word is needed, without a - before it'),
);

const params = v.strictObject({
  repo: described(word, 'Where the repository is: an address or a path that git knows.'),
  dest: described(hostPath, 'The directory on the host.'),
  version: v.optional(
    described(
      word,
      'A branch, a tag or a commit (all 40 digits of it). Default: `HEAD` of the repository.',
    ),
  ),
  update: v.optional(
    described(
      v.boolean(),
      'Whether a clone that is there is brought to that version. Default: `true`.',
    ),
  ),
  force: v.optional(
    described(
      v.boolean(),
      'Whether changes to files of the clone are thrown away. Default: `false`.',
    ),
  ),
  depth: v.optional(
    described(
      v.pipe(v.number(), v.integer(), v.minValue(1)),
      'So many commits of the history are fetched. Default: all.',
    ),
  ),
  remote: v.optional(
    described(word, 'What the repository is called in the clone. Default: `origin`.'),
  ),
  recursive: v.optional(
    described(v.boolean(), 'Whether submodules are fetched too. Default: `true`.'),
  ),
  key_file: v.optional(described(hostPath, 'A private key on the host, for ssh.')),
  accept_hostkey: v.optional(
    described(
      v.boolean(),
      'Whether ssh takes the key of a server that it does not know. Default: `false`.',
    ),
  ),
  executable: v.optional(
    described(hostPath, 'The git of the host. Default: what the shell finds.'),
  ),
  timeout: v.optional(
    described(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(86_400)),
      'Seconds that it may take. Default: 600.',
    ),
  ),
});

type Params = v.InferOutput<typeof params>;

export const git = defineStep({
  name: 'git',
  summary: 'Has the host clone a git repository, and brings it to a version.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, given) => ({
    clone: cloneQuery(commandOf(given), pathOf(given), remoteOf(given)),
    remote: remoteQuery(commandOf(given), given.repo, versionOf(given), environmentOf(given)),
  }),

  plan: (_target, given, seen) => {
    const path = pathOf(given);
    const clone = cloneIn(seen.clone);
    if (clone.type === 'no-git') {
      return {
        ...refuse('there is no git on this host', 'have a task before this one install it'),
        isLack: true,
      };
    }
    if (clone.type === 'unclear') return refuse(`${path}: ${clone.why}`);
    if (clone.type === 'in-the-way') {
      return refuse(
        `${path} is in the way: it is no clone, and not empty`,
        'remove it by a task before this one',
      );
    }
    const isClone = clone.type === 'clone';
    const before = isClone ? clone.head : null;
    if (isClone && given.update === false) return { changes: [], data: { before, after: before } };
    const remote = remoteIn(seen.remote, versionOf(given));
    if ('why' in remote) return refuse(`${given.repo}: ${remote.why}`);
    const data = {
      before,
      after: remote.commit,
      remote_url_changed: isClone && clone.url !== given.repo,
    };
    const isDirty = isClone && clone.isDirty;
    const isThere = isClone && clone.head === remote.commit && clone.url === given.repo;
    if (isThere && !(isDirty && given.force === true)) return { changes: [], data };
    if (isDirty && given.force !== true) {
      return refuse(`files in ${path} were changed there`, 'force: true throws that away');
    }
    return { changes: [brought(given, clone, remote, seen.clone.stdout)], data };
  },
});

/** A new clone comes to its place whole; one that is there is fetched into. */
const script = `git=$1 dest=$2 repo=$3 remote=$4 commit=$5 ref=$6 branch=$7 depth=$8 deep=$9
export GIT_TERMINAL_PROMPT=0
work=$dest room=
if [ ! -d "$dest/.git" ] && [ ! -f "$dest/.git" ]; then
  above=$(dirname -- "$dest")
  mkdir -p -- "$above" || exit
  room=$above/.xpush-git-$$
  mkdir -m 700 -- "$room" || exit
  trap 'rm -rf "$room"' EXIT
  trap 'exit 1' HUP INT TERM
  work=$room/new
  "$git" init -q "$work" || exit
fi
cd "$work" || exit
if "$git" config "remote.$remote.url" >/dev/null; then
  "$git" remote set-url "$remote" "$repo" || exit
else
  "$git" remote add "$remote" "$repo" || exit
fi
if ! "$git" cat-file -e "$commit^{commit}" 2>/dev/null; then
  if [ -n "$depth" ]; then
    "$git" fetch -q --depth "$depth" "$remote" "$ref" || exit
  else
    "$git" fetch -q --tags "$remote" "+refs/heads/*:refs/remotes/$remote/*" || exit
    "$git" cat-file -e "$commit^{commit}" 2>/dev/null || "$git" fetch -q "$remote" "$ref" || exit
  fi
fi
if [ -n "$branch" ]; then
  "$git" checkout -q -f -B "$branch" "$commit" || exit
  "$git" config "branch.$branch.remote" "$remote"
  "$git" config "branch.$branch.merge" "refs/heads/$branch"
else
  "$git" checkout -q -f --detach "$commit" || exit
fi
"$git" reset -q --hard "$commit" || exit
if [ -n "$deep" ] && [ -f .gitmodules ]; then
  "$git" submodule sync -q --recursive && "$git" submodule update -q --init --recursive --force || exit
fi
if [ -n "$room" ]; then
  cd / || exit
  [ ! -d "$dest" ] || rmdir -- "$dest" || exit
  chmod 755 "$work" && mv -- "$work" "$dest" || exit
fi`;

function brought(
  given: Params,
  clone: Clone,
  remote: { readonly commit: string; readonly branch: string | null; readonly ref: string },
  said: string,
): Change {
  const path = pathOf(given);
  const { timeout = 600, depth, recursive = true } = given;
  const isClone = clone.type === 'clone';
  const words = [
    ...[commandOf(given), path, given.repo, remoteOf(given), remote.commit, remote.ref],
    ...[remote.branch ?? '', `${depth ?? ''}`, recursive ? 'deep' : ''],
  ];
  const asked = cloneQuery(commandOf(given), path, remoteOf(given));
  const after = [`clone`, `head ${remote.commit}`, `url ${given.repo}`, ''].join('\n');
  return change.call(['/bin/sh', '-c', script, 'git', ...words], {
    ...{ effect: 'boot', subject: path, timeoutSeconds: timeout },
    before: isClone ? `${clone.head}${clone.isDirty ? ', with changes' : ''}` : 'absent',
    after: remote.branch === null ? remote.commit : `${remote.commit} (${remote.branch})`,
    environment: environmentOf(given),
    predicts: [{ query: asked, before: printing(said), answer: printing(after) }],
    touches: [path],
  });
}

function environmentOf({
  key_file: key,
  accept_hostkey: accepts,
}: Params): Readonly<Record<string, string>> {
  const ssh = [
    'ssh -o BatchMode=yes',
    ...(accepts === true ? ['-o StrictHostKeyChecking=accept-new'] : []),
    ...(key === undefined ? [] : [`-i '${key.replaceAll("'", "'\\''")}' -o IdentitiesOnly=yes`]),
  ];
  return { GIT_TERMINAL_PROMPT: '0', GIT_SSH_COMMAND: ssh.join(' ') };
}

function commandOf({ executable = 'git' }: Params): string {
  return executable;
}

function remoteOf({ remote = 'origin' }: Params): string {
  return remote;
}

function versionOf({ version = 'HEAD' }: Params): string {
  return version;
}

function pathOf({ dest }: Params): string {
  return dest.replace(/\/+$/, '') || '/';
}
