import type { CommandOutput } from '../host/query.ts';
import { query } from '../host/query.ts';

/** What is where a clone is to be. */
export type Clone =
  | { readonly type: 'no-git' }
  | { readonly type: 'absent' }
  | { readonly type: 'in-the-way' }
  | { readonly type: 'unclear'; readonly why: string }
  | {
      readonly type: 'clone';
      /** null: it has no commit yet. */
      readonly head: string | null;
      /** Of the remote; null: it has none of that name. */
      readonly url: string | null;
      /** Whether files that git keeps were changed. */
      readonly isDirty: boolean;
    };

const script = `command -v "$1" >/dev/null || { echo no-git; exit 0; }
if [ -e "$2/.git" ]; then
  cd "$2" || exit
  echo clone
  if head=$("$1" rev-parse -q --verify 'HEAD^{commit}'); then echo "head $head"; fi
  if url=$("$1" config "remote.$3.url"); then echo "url $url"; fi
  changed=$("$1" status --porcelain --untracked-files=no) || { echo unclear; exit 0; }
  [ -z "$changed" ] || echo dirty
elif [ -d "$2" ] && [ -z "$(ls -A -- "$2")" ]; then
  echo absent
elif [ -e "$2" ] || [ -L "$2" ]; then
  echo in-the-way
else
  echo absent
fi`;

/** Asks what is at a path. */
export function cloneQuery(command: string, path: string, remote: string) {
  return query.output(['/bin/sh', '-c', script, 'git', command, path, remote], {
    ...{ environment: { LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' }, readsOnly: [path] },
    ...{ timeoutSeconds: 120, limitBytes: 16_384 },
  });
}

/** What it says. */
export function cloneIn({ status, stdout, stderr, isTimedOut }: CommandOutput): Clone {
  const lines = stdout.split('\n');
  const why = isTimedOut ? 'git takes too long' : stderr.split('\n').find((one) => one !== '');
  if (status !== 0 || isTimedOut || lines.includes('unclear')) {
    return { type: 'unclear', why: why ?? `git ended with status ${status}` };
  }
  const value = (name: string) =>
    lines.find((one) => one.startsWith(`${name} `))?.slice(name.length + 1) ?? null;
  switch (lines[0]) {
    case 'no-git':
    case 'absent':
    case 'in-the-way':
      return { type: lines[0] };
    case 'clone': {
      const head = value('head');
      return {
        ...{ type: 'clone', url: value('url'), isDirty: lines.includes('dirty') },
        head: head !== null && isCommit(head) ? head : null,
      };
    }
    default:
      return { type: 'unclear', why: 'git says nothing' };
  }
}

/** Asks a repository for its branches and tags of that name. */
export function remoteQuery(
  command: string,
  repo: string,
  version: string,
  environment: Readonly<Record<string, string>>,
) {
  const wanted =
    version === 'HEAD'
      ? ['HEAD']
      : [`refs/heads/${version}`, `refs/tags/${version}`, `refs/tags/${version}^{}`];
  const asked = isCommit(version) ? ['HEAD'] : wanted;
  return query.output([command, 'ls-remote', '--symref', '--', repo, ...asked], {
    ...{ environment: { LC_ALL: 'C', ...environment }, timeoutSeconds: 60, limitBytes: 65_536 },
    // a path may be made by a task before it
    readsOnly: repo.startsWith('/') ? [repo] : ['git'],
  });
}

/** The commit that a version is, and what it is fetched by; `branch`: that it is the newest of. */
export function remoteIn(
  { status, stdout, stderr, isTimedOut, isCut }: CommandOutput,
  version: string,
):
  | { readonly commit: string; readonly branch: string | null; readonly ref: string }
  | { readonly why: string } {
  if (isTimedOut || isCut) return { why: 'it takes too long to answer' };
  if (status !== 0) {
    const said = stderr.split('\n').filter((one) => one.trim() !== '');
    return { why: said.slice(0, 3).join(' ') || `git ended with status ${status}` };
  }
  if (isCommit(version)) return { commit: version, branch: null, ref: version };
  const refs = new Map(
    stdout.split('\n').flatMap((line): [string, string][] => {
      const [, commit, ref] = /^([\da-f]{40}|[\da-f]{64})\t(\S+)$/.exec(line) ?? [];
      return commit === undefined || ref === undefined ? [] : [[ref, commit]];
    }),
  );
  const head = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(stdout)?.[1] ?? null;
  const named = version === 'HEAD' ? head : version;
  const ofBranch = refs.get(version === 'HEAD' ? 'HEAD' : `refs/heads/${version}`);
  if (ofBranch !== undefined) {
    const isNamed = named !== null && !named.startsWith('-');
    return {
      commit: ofBranch,
      branch: isNamed ? named : null,
      ref: isNamed ? `refs/heads/${named}` : 'HEAD',
    };
  }
  const tag = `refs/tags/${version}`;
  const ofTag = refs.get(`${tag}^{}`) ?? refs.get(tag);
  return ofTag === undefined
    ? { why: `it has no branch or tag ${version}` }
    : { commit: ofTag, branch: null, ref: tag };
}

function isCommit(text: string): boolean {
  return /^[\da-f]{40}$|^[\da-f]{64}$/.test(text);
}
