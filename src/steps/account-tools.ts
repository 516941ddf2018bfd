import { type Change, change, type Prediction } from '../host/change.ts';
import { type FileState, query } from '../host/query.ts';
import { fileWith, groupPath, passwdPath } from './account-files.ts';
import { type Refusal, refuse } from './step.ts';

/** What makes and changes accounts: shadow-utils, or the applets of busybox, which can't change any. */
export type AccountTools = 'shadow' | 'busybox';

/** What steps on accounts ask alike. */
export const accountQueries = {
  passwd: query.file(passwdPath),
  groups: query.file(groupPath),
  loginDefs: query.file('/etc/login.defs'),
  hasUseradd: query.tool('useradd'),
  hasAdduser: query.tool('adduser'),
} as const;

/** Which tools are there. */
export function accountTools(seen: {
  readonly hasUseradd: boolean;
  readonly hasAdduser: boolean;
}): AccountTools | Refusal {
  if (seen.hasUseradd) return 'shadow';
  return seen.hasAdduser
    ? 'busybox'
    : refuse('neither useradd nor adduser is here', 'install shadow-utils (Alpine: shadow)');
}

/** The two files of accounts as they are while changes are planned, one after the other. */
export class AccountChanges {
  #passwd: FileState;
  #groups: FileState;
  readonly #changes: Change[] = [];

  constructor(passwd: FileState, groups: FileState) {
    this.#passwd = passwd;
    this.#groups = groups;
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** A change besides, of neither file. */
  add(...changes: readonly Change[]): void {
    this.#changes.push(...changes);
  }

  /** Runs a tool that makes the files so; `also`: what else it makes so. */
  call(
    argv: readonly string[],
    { subject, before, after }: Words,
    then: Then,
    also: readonly Prediction[] = [],
    touches: readonly string[] = [],
  ): void {
    const predicts: Prediction[] = [...also];
    const passwd = this.#after(this.#passwd, then.passwd);
    const groups = this.#after(this.#groups, then.groups);
    predicts.push(
      { query: accountQueries.passwd, before: this.#passwd, answer: passwd },
      { query: accountQueries.groups, before: this.#groups, answer: groups },
    );
    this.#passwd = passwd;
    this.#groups = groups;
    this.#changes.push(
      change.call(argv, {
        ...{ effect: 'both', subject, before, after, predicts },
        touches: [passwdPath, groupPath, '/etc/gshadow', ...touches],
        isBrief: true,
      }),
    );
  }

  /** Writes the files themselves, where no tool does. */
  write(then: Then): void {
    for (const [path, before, lines] of [
      [passwdPath, this.#passwd, then.passwd],
      [groupPath, this.#groups, then.groups],
    ] as const) {
      const after = this.#after(before, lines);
      if (after.type !== 'file' || after.content === null) continue;
      this.#changes.push(...change.writeFile(path, after.content, before, { effect: 'both' }));
    }
    this.#passwd = this.#after(this.#passwd, then.passwd);
    this.#groups = this.#after(this.#groups, then.groups);
  }

  #after(file: FileState, lines: readonly string[] | undefined): FileState {
    return lines === undefined || file.type !== 'file' ? file : fileWith(file, lines);
  }
}

interface Words {
  readonly subject: string;
  readonly before: string;
  readonly after: string;
}

/** The lines of the files that become others. */
interface Then {
  readonly passwd?: readonly string[];
  readonly groups?: readonly string[];
}
