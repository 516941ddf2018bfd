import type { FileState, FoundEntry } from '../host/answers.ts';
import type { Prediction } from '../host/change.ts';
import { query } from '../host/query.ts';
import { settingIn } from './account-files.ts';
import type { AccountTools } from './account-tools.ts';

/** Permissions of a home that is made: login.defs(5), useradd(8); adduser of busybox has its own. */
export function homeMode(loginDefs: FileState, tools: AccountTools): number {
  if (tools === 'busybox') return 0o2755;
  const octal = (name: string) => settingIn(loginDefs, `${name}\\s+`, '[0-7]{1,5}');
  const own = octal('HOME_MODE');
  return own === null
    ? 0o777 & ~Number.parseInt(octal('UMASK') ?? '022', 8)
    : Number.parseInt(own, 8);
}

/** A home as it comes to be. */
export function homePrediction(
  path: string,
  before: FileState | undefined,
  answer: FileState,
): Prediction {
  return { query: query.file(path), before: before ?? { type: 'absent' }, answer };
}

/** Whose a home is that a tool makes. */
export function newHome(
  path: string,
  rights: Pick<FoundEntry, 'uid' | 'gid' | 'owner' | 'group' | 'mode'>,
): readonly Prediction[] {
  const answer: FoundEntry = {
    ...{ ...rights, type: 'directory', size: null, mtimeSeconds: null },
    ...{ links: null, inode: null, target: null },
  };
  const before = { type: 'absent' } as const;
  return [query.entry(path), query.followedEntry(path)].map((asked) => ({
    ...{ query: asked, before, answer },
  }));
}
