import { createHmac } from 'node:crypto';
import { matchesPatternList } from './pattern.ts';
import { type PublicKey, parsePublicKey } from './public-key.ts';
import { SaltedNames } from './salted-names.ts';

/** One line of a known_hosts file that could be read. */
export interface KnownHostsEntry {
  readonly file: string;
  readonly line: number;
  readonly marker: 'revoked' | 'cert-authority' | null;
  readonly key: PublicKey;
}

/** What known_hosts says of a key that a host showed. */
export type HostKeyVerdict =
  | { readonly kind: 'known'; readonly entry: KnownHostsEntry }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed'; readonly entry: KnownHostsEntry }
  | { readonly kind: 'revoked'; readonly entry: KnownHostsEntry }
  /** Only a certificate of this authority would prove the host. */
  | { readonly kind: 'authority-only'; readonly entry: KnownHostsEntry };

/** The name a host goes by in known_hosts: lower case, `[host]:port` when the port is not 22. */
export interface HostName {
  readonly host: string;
  readonly port: number;
  /** OpenSSH's HostKeyAlias: replaces host and port. */
  readonly alias: string | null;
}

/**
 * The lines of known_hosts files, indexed by name (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"):
 * plain names and comma lists, wildcards, negation, hashed names, `[host]:port`, `@revoked`
 * and `@cert-authority`. Lines that can't be read are passed over, as OpenSSH does.
 */
export class KnownHosts {
  readonly #plain = new Map<string, KnownHostsEntry[]>();
  readonly #patterns: { readonly list: string; readonly entry: KnownHostsEntry }[] = [];
  readonly #hashed = new SaltedNames<KnownHostsEntry>();
  /** With a marker: few, and looked at even where a line in the clear would do. */
  readonly #hashedMarked = new SaltedNames<KnownHostsEntry>();
  /** Of lines in the clear; the others remember by themselves. */
  readonly #found = new Map<string, readonly KnownHostsEntry[]>();
  /** Files whose lines nobody could read: what they know is missing here. */
  readonly unread = new Set<string>();

  /** Adds lines of one file; files added first are named first in verdicts. */
  add(text: string, file: string, firstLine = 1): void {
    let line = firstLine - 1;
    this.#found.clear();
    for (const content of text.split('\n')) {
      line += 1;
      const parsed = parseLine(content);
      if (parsed !== null) {
        this.#insert(parsed.hosts, { file, line, marker: parsed.marker, key: parsed.key });
      }
    }
  }

  /** What the files say of `key`, shown by the host of that name. */
  check(name: HostName, key: PublicKey): HostKeyVerdict {
    const [main, fallback] = lookupNames(name);
    const verdict = this.#verdict(main, key);
    if (fallback === null || (verdict.kind !== 'unknown' && verdict.kind !== 'authority-only')) {
      return verdict;
    }
    // OpenSSH too accepts a key known without the port, but sees no change in another one.
    const plain = this.#verdict(fallback, key);
    return plain.kind === 'unknown' || plain.kind === 'changed' ? verdict : plain;
  }

  /** The types of the keys that would be accepted from the host, to be asked for first. */
  knownTypes(name: HostName): readonly string[] {
    const [main, fallback] = lookupNames(name);
    const types = this.#typesOf(main);
    return types.length > 0 || fallback === null ? types : this.#typesOf(fallback);
  }

  /** The authorities that may vouch for the host, by the name without its port too. */
  authoritiesOf(name: HostName): readonly PublicKey[] {
    return lookupNames(name)
      .flatMap((each) => (each === null ? [] : this.#quickLinesOf(each)))
      .filter(({ marker }) => marker === 'cert-authority')
      .map(({ key }) => key);
  }

  /** The lines that name a host, as `ssh-keygen -F` finds them; `name` in lower case. */
  linesOf(name: string): readonly KnownHostsEntry[] {
    return [...this.#quickLinesOf(name), ...this.#hashed.find(name)];
  }

  /** Hashed names are not tried for a key that lines in the clear vouch for: that takes long. */
  #verdict(name: string, key: PublicKey): HostKeyVerdict {
    const sure = verdictOf(this.#quickLinesOf(name), key);
    return sure.kind === 'known' || sure.kind === 'revoked'
      ? sure
      : verdictOf(this.linesOf(name), key);
  }

  #typesOf(name: string): readonly string[] {
    const types = (lines: readonly KnownHostsEntry[]) =>
      lines.filter(({ marker }) => marker === null).map(({ key }) => key.type);
    const clear = types(this.#quickLinesOf(name));
    return [...new Set(clear.length > 0 ? clear : types(this.#hashed.find(name)))];
  }

  #insert(hosts: string, entry: KnownHostsEntry): void {
    const hashed = /^\|1\|([A-Za-z0-9+/]+=*)\|([A-Za-z0-9+/]+=*)$/.exec(hosts);
    if (hashed !== null) {
      const [, salt = '', hash = ''] = hashed;
      const names = entry.marker === null ? this.#hashed : this.#hashedMarked;
      names.add(Buffer.from(salt, 'base64'), Buffer.from(hash, 'base64'), entry);
    } else if (/[*?!]/.test(hosts)) {
      this.#patterns.push({ list: hosts, entry });
    } else {
      for (const name of new Set(hosts.toLowerCase().split(','))) {
        const entries = this.#plain.get(name);
        if (entries === undefined) this.#plain.set(name, [entry]);
        else entries.push(entry);
      }
    }
  }

  /** All but the hashed names without a marker. */
  #quickLinesOf(name: string): readonly KnownHostsEntry[] {
    return [...this.#clearLinesOf(name), ...this.#hashedMarked.find(name)];
  }

  #clearLinesOf(name: string): readonly KnownHostsEntry[] {
    const found = this.#found.get(name) ?? this.#search(name);
    this.#found.set(name, found);
    return found;
  }

  #search(name: string): readonly KnownHostsEntry[] {
    const entries = [...(this.#plain.get(name) ?? [])];
    for (const { list, entry } of this.#patterns) {
      if (matchesPatternList(list, name)) entries.push(entry);
    }
    return entries;
  }
}

/** `host` or `[host]:port`, as a known_hosts line would name it. */
export function knownHostsName(name: HostName): string {
  return lookupNames(name)[0];
}

/** HMAC-SHA1 of a name under the line's salt: the third field of `|1|salt|hash`. */
export function hashName(name: string, salt: Buffer): string {
  return createHmac('sha1', salt).update(name).digest('base64');
}

function lookupNames({ host, port, alias }: HostName): readonly [string, string | null] {
  if (alias !== null) return [alias.toLowerCase(), null];
  const plain = host.toLowerCase();
  return port === 22 ? [plain, null] : [`[${plain}]:${port}`, plain];
}

function verdictOf(entries: readonly KnownHostsEntry[], key: PublicKey): HostKeyVerdict {
  const same = entries.filter((entry) => entry.key.blob.equals(key.blob));
  const revoked = same.find(({ marker }) => marker === 'revoked');
  if (revoked !== undefined) return { kind: 'revoked', entry: revoked };
  const known = same.find(({ marker }) => marker === null);
  if (known !== undefined) return { kind: 'known', entry: known };
  const others = entries.filter(({ marker }) => marker === null);
  const other = others.find((entry) => entry.key.type === key.type) ?? others[0];
  if (other !== undefined) return { kind: 'changed', entry: other };
  const authority = entries.find(({ marker }) => marker === 'cert-authority');
  return authority === undefined
    ? { kind: 'unknown' }
    : { kind: 'authority-only', entry: authority };
}

interface ParsedLine {
  readonly hosts: string;
  readonly marker: KnownHostsEntry['marker'];
  readonly key: PublicKey;
}

function parseLine(line: string): ParsedLine | null {
  const trimmed = line.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return null;
  const fields = trimmed.split(/[ \t]+/, 4);
  const first = fields[0] ?? '';
  const marker =
    first === '@revoked' ? 'revoked' : first === '@cert-authority' ? 'cert-authority' : null;
  if (first.startsWith('@') && marker === null) return null;
  const [hosts, type, base64] = marker === null ? fields : fields.slice(1);
  const key = parsePublicKey(`${type} ${base64}`);
  return hosts === undefined || key === null ? null : { hosts, marker, key };
}
