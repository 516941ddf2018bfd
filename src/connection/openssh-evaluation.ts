import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { lastHopName } from './jump-list.ts';
import type { LocalAnswers } from './local-answers.ts';
import type { LocalUser } from './local-user.ts';
import type { ConfigFiles, ConfigItem } from './openssh-config-files.ts';
import { type ConfigLine, configError } from './openssh-config-lines.ts';
import { readSetting } from './openssh-config-readers.ts';
import { findKeyword, type Keyword } from './openssh-keywords.ts';
import { judgeMatch } from './openssh-match.ts';
import type { OpensshSettings } from './openssh-settings.ts';
import { expandPath, expandShellTokens, type TokenValues } from './openssh-tokens.ts';
import { matchesPatternList, matchesPatterns } from './pattern.ts';
import { ConnectionError } from './transport.ts';

/** A host as the user names it, with what is fixed before any file is read. */
export interface ConfigQuery {
  readonly name: string;
  readonly hostname: string | null;
  readonly user: string | null;
  readonly port: number | null;
  /** Whose configuration it is, for tokens, `Match localuser` and as default of `Match user`. */
  readonly localUser: LocalUser;
}

type Draft = { -readonly [Key in keyof OpensshSettings]: OpensshSettings[Key] };

/**
 * One host's way through the configuration: the first value of each keyword counts, of IdentityFile
 * and CertificateFile all (ssh_config(5)).
 */
export class Evaluation {
  readonly #query: ConfigQuery;
  readonly #files: ConfigFiles;
  readonly #answers: LocalAnswers;
  readonly #draft: Draft = { identityFiles: [], certificateFiles: [], unsupported: [] };
  /** Keywords that have their value. */
  readonly #decided = new Set<string>();
  #ignoredUnknown: string | null = null;
  #host: string;
  #isFinal = false;
  #wantsFinal = false;

  constructor(query: ConfigQuery, files: ConfigFiles, answers: LocalAnswers) {
    this.#query = query;
    this.#files = files;
    this.#answers = answers;
    this.#host = query.name;
    const { hostname, user, port } = query;
    if (hostname !== null) this.#take('HostName', { hostname: hostname.replaceAll('%', '%%') });
    if (user !== null) this.#take('User', { user });
    if (port !== null) this.#take('Port', { port });
  }

  /** Throws `ConnectionError` (`config`) for what ssh would refuse, and for what can't be followed. */
  async run(): Promise<OpensshSettings> {
    await this.#applyAll();
    const hostname = await this.#canonical(this.#expandedHostname());
    this.#draft.hostname = hostname;
    const { canonicalizeHostname = 'no' } = this.#draft;
    if (this.#wantsFinal || canonicalizeHostname !== 'no') {
      this.#isFinal = true;
      this.#decided.add('HostName');
      this.#host = hostname;
      await this.#applyAll();
    }
    return this.#draft;
  }

  async #applyAll(): Promise<void> {
    for (const items of this.#files.items) await this.#apply(items, true);
  }

  /** Included files start as active as the line that includes them, and change nothing after it. */
  async #apply(items: readonly ConfigItem[], isReached: boolean): Promise<void> {
    let isActive = isReached;
    for (const item of items) {
      if (item.kind === 'include') {
        for (const included of item.files) await this.#apply(included, isActive);
      } else if (item.kind === 'open-include') {
        const expandedPath = (path: string) => expandPath(path, this.#tokens());
        for (const included of await this.#files.include(item, expandedPath)) {
          await this.#apply(included, isActive);
        }
      } else if (item.line.keyword === 'host') {
        isActive = isReached && matchesPatterns(item.line.args, this.#host);
      } else if (item.line.keyword === 'match') {
        // Unlike Host, ssh judges it where it cannot count too; the errors are the same, but no command is run.
        isActive = isReached && (await this.#matches(item.line));
      } else {
        this.#read(item.line, isActive);
      }
    }
  }

  async #matches(line: ConfigLine): Promise<boolean> {
    const { name, localUser } = this.#query;
    const { isMatch, wantsFinal } = await judgeMatch(line, {
      host: this.#expandedHostname(),
      originalHost: name,
      user: this.#draft.user ?? localUser.name,
      localUser: localUser.name,
      tag: this.#draft.tag ?? '',
      isFinal: this.#isFinal,
      exec: (command) => this.#answers.exec(expandShellTokens(command, this.#tokens()), line.at),
    });
    if (wantsFinal) this.#wantsFinal = true;
    return isMatch;
  }

  #read(line: ConfigLine, isActive: boolean): void {
    const keyword = findKeyword(line.keyword);
    if (keyword === null) this.#unknown(line);
    else if (isActive) this.#set(keyword, line);
  }

  #unknown({ keyword, at }: ConfigLine): void {
    const ignored = this.#ignoredUnknown;
    if (ignored !== null && matchesPatternList(ignored, keyword)) return;
    throw configError(at, `${keyword} is not an option of OpenSSH`);
  }

  #set(keyword: Keyword, line: ConfigLine): void {
    switch (keyword.stance) {
      case 'followed': {
        if (this.#decided.has(keyword.name)) return;
        const settings = readSetting[keyword.name](line);
        if (settings !== null) {
          this.#draft.places = { ...this.#draft.places, [keyword.name]: line.at };
          this.#take(keyword.name, settings);
        }
        return;
      }
      case 'refused': {
        if (this.#decided.has(keyword.name)) return;
        this.#decided.add(keyword.name);
        const isOff = ['no', 'false', 'none'].includes(line.args[0]?.toLowerCase() ?? '');
        if (isOff) return;
        const setting = { keyword: keyword.name, at: line.at };
        this.#draft.unsupported = [...this.#draft.unsupported, setting];
        return;
      }
      case 'structure':
        if (keyword.name === 'IgnoreUnknown') this.#ignoredUnknown ??= line.args[0] ?? null;
    }
  }

  #take(keyword: string, settings: Partial<OpensshSettings>): void {
    const draft = this.#draft;
    if (settings.identityFiles !== undefined) {
      draft.identityFiles = [...new Set([...draft.identityFiles, ...settings.identityFiles])];
      return;
    }
    if (settings.certificateFiles !== undefined) {
      const files = [...draft.certificateFiles, ...settings.certificateFiles];
      draft.certificateFiles = [...new Set(files)];
      return;
    }
    // The first of ProxyJump and ProxyCommand counts; only `ProxyJump none` leaves the other open.
    if (keyword === 'ProxyJump' && settings.proxyJump !== null) {
      if (this.#decided.has('ProxyCommand')) return;
      this.#decided.add('ProxyCommand');
    }
    this.#decided.add(keyword);
    Object.assign(draft, settings);
  }

  #expandedHostname(): string {
    const { hostname } = this.#draft;
    if (this.#isFinal || hostname === undefined) return hostname ?? this.#host;
    return hostname.replace(/%[h%]/g, (token) => (token === '%h' ? this.#query.name : '%'));
  }

  /** As far as they are known when a line is reached. */
  #tokens(): TokenValues {
    const { user, port, hostKeyAlias, proxyJump } = this.#draft;
    const { name, localUser } = this.#query;
    const host = this.#expandedHostname();
    return {
      name,
      host,
      port: port ?? 22,
      remoteUser: user ?? localUser.name,
      keyAlias: hostKeyAlias ?? host,
      jump: lastHopName(proxyJump ?? null),
      localUser,
    };
  }

  /** A name in the form that counts from here on: lower case, an address as it is written, a domain added. */
  async #canonical(name: string): Promise<string> {
    if (isIPv4(name)) return name;
    if (isIPv6(name)) return new SocketAddress({ address: name, family: 'ipv6' }).address;
    if (/^[0-9.]+$/.test(name)) return (await this.#answers.address(name, 4)) ?? name;
    // It looks like an address, and is left to whoever reads it.
    if (name.includes(':') || name.includes('%')) return name;
    const lower = name.toLowerCase();
    return (await this.#withDomain(lower)) ?? lower;
  }

  /** CanonicalizeHostname; null leaves the name as it is. */
  async #withDomain(name: string): Promise<string | null> {
    const {
      canonicalizeHostname = 'no',
      canonicalDomains = [],
      canonicalizeMaxDots = 1,
      canonicalizeFallbackLocal = true,
      addressFamily,
      proxyCommand,
      proxyJump,
    } = this.#draft;
    if (canonicalizeHostname === 'no') return null;
    const isDirect = proxyCommand == null && proxyJump == null;
    if (!isDirect && canonicalizeHostname !== 'always') return null;
    const family = addressFamily === 'inet' ? 4 : addressFamily === 'inet6' ? 6 : 0;
    const isAnchored = name.endsWith('.');
    if (!isAnchored && name.split('.').length - 1 > canonicalizeMaxDots) return null;
    const candidates = isAnchored ? [name] : canonicalDomains.map((domain) => `${name}.${domain}.`);
    for (const candidate of candidates) {
      if ((await this.#answers.address(candidate, family)) !== null) return candidate.slice(0, -1);
    }
    if (canonicalizeFallbackLocal) return null;
    throw new ConnectionError('config', `no address is known for "${name}" in any domain`, {
      hint: 'CanonicalDomains of the OpenSSH configuration says where to look',
    });
  }
}
