import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { glob } from './glob.ts';
import { type ConfigLine, configError, readConfigLines } from './openssh-config-lines.ts';
import { codeOf, messageOf } from './text.ts';
import { ConnectionError } from './transport.ts';

/** A line, or the lines of the files that an Include names. */
export type ConfigItem =
  | { readonly kind: 'line'; readonly line: ConfigLine }
  | { readonly kind: 'include'; readonly files: readonly (readonly ConfigItem[])[] };

/** As OpenSSH's READCONF_MAX_DEPTH. */
const maximumDepth = 16;

const systemFile = '/etc/ssh/ssh_config';

/** Where relative includes are looked for, and whether others may write to the file. */
interface Origin {
  readonly directory: string;
  readonly home: string;
  readonly isPrivate: boolean;
  readonly depth: number;
}

/**
 * Reads a user's OpenSSH client configuration with all that it includes. `source` is as in
 * `ssh -F`: a file, `none`, or null for the user's and the system's own. Throws `ConnectionError`
 * (`config`) for files that ssh would refuse too.
 */
export async function readConfigFiles(
  source: string | null,
  home: string,
): Promise<readonly (readonly ConfigItem[])[]> {
  if (source === 'none') return [];
  const userDirectory = join(home, '.ssh');
  const user = { directory: userDirectory, home, isPrivate: false, depth: 0 };
  if (source !== null) {
    const items = await readConfigFile(source, user);
    if (items === null) throw new ConnectionError('config', `there is no OpenSSH config ${source}`);
    return [items];
  }
  const own = await readConfigFile(join(userDirectory, 'config'), { ...user, isPrivate: true });
  const system = await readConfigFile(systemFile, { ...user, directory: dirname(systemFile) });
  return [own ?? [], system ?? []];
}

async function readConfigFile(file: string, origin: Origin): Promise<readonly ConfigItem[] | null> {
  const text = await readText(file, origin);
  if (text === null) return null;
  const items: ConfigItem[] = [];
  for (const line of readConfigLines(text, file)) {
    if (line.keyword === 'include') {
      items.push({ kind: 'include', files: await readIncluded(line, origin) });
    } else {
      items.push({ kind: 'line', line });
    }
  }
  return items;
}

async function readIncluded(
  { args, at }: ConfigLine,
  origin: Origin,
): Promise<readonly (readonly ConfigItem[])[]> {
  const depth = origin.depth + 1;
  if (depth > maximumDepth)
    throw configError(at, `more than ${maximumDepth} files include each other`);
  const files: (readonly ConfigItem[])[] = [];
  for (const pattern of args) {
    const path = pattern.startsWith('~/')
      ? join(origin.home, pattern.slice(2))
      : pattern.startsWith('/')
        ? pattern
        : join(origin.directory, pattern);
    for (const file of await glob(path)) {
      files.push((await readConfigFile(file, { ...origin, isPrivate: true, depth })) ?? []);
    }
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
