import { createHmac } from 'node:crypto';
import { linesOf, textOf, withInserted } from './lines.ts';

/** A key of an SSH server. */
export interface HostKey {
  /** `ssh-ed25519`. */
  readonly type: string;
  /** Base64. */
  readonly key: string;
}

/** A host as known_hosts names it (sshd(8)): `name`, or `[name]:port` where the port is not 22. */
export function knownName(name: string, port: number): string {
  return port === 22 ? name : `[${name}]:${port}`;
}

/**
 * The text where these keys alone are known for the host, of their types; keys of other types stay. A
 * line for several hosts that has another key loses this one.
 */
export function withHostKeys(
  text: string,
  name: string,
  keys: readonly HostKey[],
  isHashed: boolean,
): string {
  const types = new Set(keys.map(({ type }) => type));
  const isWanted = (entry: Entry) => keys.some((one) => isSame(one, entry));
  const kept = linesOf(text).flatMap((line) => {
    const entry = entryOf(line.text);
    if (entry === null || !types.has(entry.type) || isWanted(entry)) return [line];
    return withoutName(line.text, entry, name).map((each) => ({ ...line, text: each }));
  });
  const known = kept.flatMap(({ text: each }) => {
    const entry = entryOf(each);
    return entry !== null && isFor(entry, name) ? [entry] : [];
  });
  const missing = keys.filter((one) => !known.some((entry) => isSame(one, entry)));
  const added = missing.map(
    (one) => `${isHashed ? hashed(name, one) : name} ${one.type} ${one.key}`,
  );
  return textOf(withInserted(kept, kept.length, added));
}

/** The text without the host; with keys: without those alone. */
export function withoutHostKeys(text: string, name: string, keys: readonly HostKey[]): string {
  const lines = linesOf(text).flatMap((line) => {
    const entry = entryOf(line.text);
    const isMeant = entry !== null && (keys.length === 0 || keys.some((one) => isSame(one, entry)));
    if (!isMeant) return [line];
    return withoutName(line.text, entry, name).map((each) => ({ ...line, text: each }));
  });
  return textOf(lines);
}

interface Entry extends HostKey {
  readonly hosts: readonly string[];
}

function entryOf(text: string): Entry | null {
  // lines with a marker (@cert-authority, @revoked) say other things
  const match = /^[ \t]*([^#@ \t][^ \t]*)[ \t]+([\w@.-]+)[ \t]+([A-Za-z\d+/=]+)/.exec(text);
  if (match === null) return null;
  const [, hosts = '', type = '', key = ''] = match;
  return { hosts: hosts.split(','), type, key };
}

function isSame(a: HostKey, b: HostKey): boolean {
  return a.type === b.type && a.key === b.key;
}

function isFor({ hosts }: Entry, name: string): boolean {
  return hosts.some((host) => isName(host, name));
}

function isName(host: string, name: string): boolean {
  const hash = /^\|1\|([A-Za-z\d+/=]+)\|([A-Za-z\d+/=]+)$/.exec(host);
  if (hash === null) return host.toLowerCase() === name.toLowerCase();
  const salt = Buffer.from(hash[1] ?? '', 'base64');
  return createHmac('sha1', salt).update(name).digest('base64') === hash[2];
}

/** The line without the host: none where it was the only one. */
function withoutName(text: string, entry: Entry, name: string): readonly string[] {
  if (!isFor(entry, name)) return [text];
  const others = entry.hosts.filter((host) => !isName(host, name));
  if (others.length === 0) return [];
  return [text.replace(/[^ \t]+/, () => others.join(','))];
}

/** The salt comes from the key, so that a second run makes the same of it. */
function hashed(name: string, { key }: HostKey): string {
  const salt = createHmac('sha1', key).update(`xpush ${name}`).digest();
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}
