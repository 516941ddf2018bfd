import { randomBytes } from 'node:crypto';
import { hashName, KnownHosts, type KnownHostsEntry } from './known-hosts.ts';
import { formatPublicKey, type PublicKey } from './public-key.ts';

/** What is to be written of one host. */
export interface HostKeyLines {
  /** As known_hosts names it: `host` or `[host]:port`, in lower case. */
  readonly name: string;
  readonly keys: readonly PublicKey[];
  /** Whether other keys that are there for the name go, and the name with them. */
  readonly replaces: boolean;
}

/** A known_hosts text with these keys in it. */
export interface EditedKnownHosts {
  readonly text: string;
  /** Lines that were added. */
  readonly added: number;
  /** Why nothing was changed for a name: a phrase each. */
  readonly problems: readonly { readonly name: string; readonly text: string }[];
}

/**
 * Adds the keys that are missing, at the end, and leaves all else as it is; with `replaces`, other keys
 * lose the name first, as `ssh-keygen -R` does. Lines with a marker stay, and so do patterns: a key that
 * contradicts one of those is a problem. So are two keys of one type: two servers answer by that name.
 */
export function editKnownHosts(
  text: string,
  hosts: readonly HostKeyLines[],
  isHashed: boolean,
): EditedKnownHosts {
  const index = new KnownHosts();
  index.add(text, '');
  const lines: (string | null)[] = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const problems: { name: string; text: string }[] = [];
  const added: string[] = [];
  for (const { name, keys, replaces } of hosts) {
    if (hasRivals(keys)) {
      problems.push({ name, text: 'two keys of one type were shown for one name' });
      continue;
    }
    const here = index.linesOf(name).filter(({ marker }) => marker === null);
    const isWanted = ({ key }: KnownHostsEntry) => keys.some(({ blob }) => blob.equals(key.blob));
    const others = here.filter((entry) => !isWanted(entry));
    const kept = replaces
      ? others.filter(({ line }) => isPattern(lines[line - 1] ?? ''))
      : others.filter(({ key }) => keys.some(({ type }) => type === key.type));
    const [first] = kept;
    if (first !== undefined) {
      const how = replaces ? 'by a pattern, which is left alone' : 'with another key';
      problems.push({ name, text: `line ${first.line} has it ${how}` });
      continue;
    }
    if (replaces) {
      for (const { line } of others) lines[line - 1] = withoutName(lines[line - 1] ?? null, name);
    }
    const isSame = (one: PublicKey) => (other: PublicKey) => one.blob.equals(other.blob);
    const missing = keys.filter(
      (key, index) =>
        !here.some((entry) => isSame(key)(entry.key)) && keys.findIndex(isSame(key)) === index,
    );
    added.push(...missing.map((key) => knownHostsLine(name, key, isHashed)));
  }
  const all = [...lines.filter((line) => line !== null), ...added];
  return { text: all.map((line) => `${line}\n`).join(''), added: added.length, problems };
}

/** A line of known_hosts. A name (HostKeyAlias) that would be a pattern, a list or a comment there is hashed. */
export function knownHostsLine(name: string, key: PublicKey, isHashed: boolean): string {
  const isWord = /^[^\s,*?!|#@]+$/.test(name);
  return `${isHashed || !isWord ? hashedField(name) : name} ${formatPublicKey(key)}`;
}

function hashedField(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${hashName(name, salt)}`;
}

/** Of one type a server has one key; two of them are of two servers. */
function hasRivals(keys: readonly PublicKey[]): boolean {
  const isRival = (one: PublicKey) => (other: PublicKey) =>
    one.type === other.type && !one.blob.equals(other.blob);
  return keys.some((key) => keys.some(isRival(key)));
}

/** The line has names in its first field, and no marker. */
function isPattern(line: string): boolean {
  return /^\s*[^|\s]*[*?!]/.test(line);
}

/** null: nothing is left of it. A hashed name is the only one of its line. */
function withoutName(line: string | null, name: string): string | null {
  const [, hosts, rest] = /^\s*(\S+)(\s.*)$/.exec(line ?? '') ?? [];
  if (hosts === undefined || hosts.startsWith('|')) return null;
  const left = hosts.split(',').filter((one) => one.toLowerCase() !== name);
  return left.length === 0 ? null : `${left.join(',')}${rest}`;
}
