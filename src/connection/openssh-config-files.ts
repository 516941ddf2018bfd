import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { glob } from './glob.ts';
import { type ConfigLine, configError, readConfigLines } from './openssh-config-lines.ts';
import { hasTokens } from './openssh-tokens.ts';
import { codeOf, messageOf } from './text.ts';
import { ConnectionError } from './transport.ts';

/** A line, the lines of the files that an Include names, or an Include that names other files for each host. */
export type ConfigItem =
  | { readonly kind: 'line'; readonly line: ConfigLine }
  | { readonly kind: 'include'; readonly files: readonly (readonly ConfigItem[])[] }
  | OpenInclude;

/** An Include with tokens or variables in it. */
export interface OpenInclude {
  readonly kind: 'open-include';
  readonly path: string;
  readonly at: string;
  readonly origin: Origin;
}

/** The files of a configuration, in the order in which they count. */
export interface ConfigFiles {
  readonly items: readonly (readonly ConfigItem[])[];
  /**
   * What an open Include stands for, once `expand` has replaced its tokens; each file is read once.
   * Rejects with `ConnectionError` (`config`).
   */
  include(
    include: OpenInclude,
    expand: (path: string) => string,
  ): Promise<readonly (readonly ConfigItem[])[]>;
}

/** As OpenSSH's READCONF_MAX_DEPTH. */
const maximumDepth = 16;

const systemFile = '/etc/ssh/ssh_config';

/** Where relative includes are looked for, and whether others may write to the file. */
export interface Origin {
  readonly directory: string;
  readonly home: string;
  readonly isPrivate: boolean;
  readonly isSystem: boolean;
  readonly depth: number;
}

/**
 * Reads a user's OpenSSH client configuration with all that it includes. `source` is as in
 * `ssh -F`: a file, `none`, or null for the user's and the system's own. Rejects with
 * `ConnectionError` (`config`) for files that ssh would refuse too.
 */
export async function readConfigFiles(source: string | null, home: string): Promise<ConfigFiles> {
  const items = await readTopFiles(source, home);
  const opened = new Map<string, Promise<readonly (readonly ConfigItem[])[]>>();
  return {
    items,
    include: (include, expand) => {
      const path = expand(include.path);
      const id = JSON.stringify([path, include.origin]);
      const files = opened.get(id) ?? readIncluded(path, include.at, include.origin);
      files.catch(() => {});
      opened.set(id, files);
      return files;
    },
  };
}

async function readTopFiles(
  source: string | null,
  home: string,
): Promise<readonly (readonly ConfigItem[])[]> {
  if (source === 'none') return [];
  const userDirectory = join(home, '.ssh');
  const user = { directory: userDirectory, home, isPrivate: false, isSystem: false, depth: 0 };
  if (source !== null) {
    const items = await readConfigFile(source, user);
    if (items === null) throw new ConnectionError('config', `there is no OpenSSH config ${source}`);
    return [items];
  }
  const own = await readConfigFile(join(userDirectory, 'config'), { ...user, isPrivate: true });
  const directory = dirname(systemFile);
  const system = await readConfigFile(systemFile, { ...user, directory, isSystem: true });
  return [own ?? [], system ?? []];
}

async function readConfigFile(file: string, origin: Origin): Promise<readonly ConfigItem[] | null> {
  const text = await readText(file, origin);
  if (text === null) return null;
  const items: ConfigItem[] = [];
  for (const line of readConfigLines(text, file)) {
    if (line.keyword === 'include') {
      for (const path of line.args) items.push(await readInclude(path, line.at, origin));
    } else {
      items.push({ kind: 'line', line });
    }
  }
  return items;
}

async function readInclude(path: string, at: string, origin: Origin): Promise<ConfigItem> {
  if (path === '') throw configError(at, 'Include wants a file');
  if (hasTokens(path)) return { kind: 'open-include', path, at, origin };
  return { kind: 'include', files: await readIncluded(path, at, origin) };
}

async function readIncluded(
  pattern: string,
  at: string,
  origin: Origin,
): Promise<readonly (readonly ConfigItem[])[]> {
  const depth = origin.depth + 1;
  if (depth > maximumDepth)
    throw configError(at, `more than ${maximumDepth} files include each other`);
  if (pattern.startsWith('~') && origin.isSystem) {
    throw configError(at, `${pattern} is no path for all users`);
  }
  const path = pattern.startsWith('~/')
    ? join(origin.home, pattern.slice(2))
    : pattern.startsWith('/')
      ? pattern
      : join(origin.directory, pattern);
  const files: (readonly ConfigItem[])[] = [];
  for (const file of await glob(path)) {
    files.push((await readConfigFile(file, { ...origin, isPrivate: true, depth })) ?? []);
  }
  return files;
}

async function readText(file: string, { isPrivate }: Origin): Promise<string | null> {
  try {
    const { uid, mode } = await stat(file);
    const isOwn = uid === 0 || uid === process.getuid?.();
    if (isPrivate && (!isOwn || (mode & 0o022) !== 0)) {
      throw new ConnectionError('config', `${file} belongs to, or can be written by, others`, {
        hint: `chmod go-w ${file}`,
      });
    }
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof ConnectionError) throw error;
    if (codeOf(error) === 'ENOENT') return null;
    throw new ConnectionError('config', `cannot read ${file}: ${messageOf(error)}`);
  }
}
