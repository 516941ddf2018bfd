import { type ConfigItem, readConfigFiles } from './openssh-config-files.ts';
import { type ConfigLine, configError } from './openssh-config-lines.ts';
import {
  hostnameOf,
  onlyValue,
  parseChecking,
  parseFlag,
  parsePort,
  parseTime,
} from './openssh-config-values.ts';
import type { OpensshSettings, UnsupportedSetting } from './openssh-settings.ts';
import { matchesPatternList, matchesPatterns } from './pattern.ts';
import type { ConnectionError } from './transport.ts';

/** A host as the user names it, with what is fixed before any file is read. */
export interface ConfigQuery {
  readonly name: string;
  readonly hostname: string | null;
  readonly user: string | null;
  readonly port: number | null;
  /** The user's own name, for `Match localuser` and as default of `Match user`. */
  readonly localUser: string;
}

/** A user's OpenSSH client configuration, read once a run. */
export class OpensshConfig {
  readonly #files: readonly (readonly ConfigItem[])[];
  readonly #answers = new Map<string, OpensshSettings>();

  constructor(files: readonly (readonly ConfigItem[])[]) {
    this.#files = files;
  }

  /** Reads the files; see `readConfigFiles`. */
  static async read(source: string | null, home: string): Promise<OpensshConfig> {
    return new OpensshConfig(await readConfigFiles(source, home));
  }

  /**
   * What the configuration says of a host: the first value of each keyword counts, of IdentityFile
   * all (ssh_config(5)). Throws `ConnectionError` (`config`) for values that ssh would refuse,
   * and for `Match exec`, which is not run.
   */
  settingsFor(query: ConfigQuery): OpensshSettings {
    const id = JSON.stringify(query);
    const cached = this.#answers.get(id);
    if (cached !== undefined) return cached;
    const settings = new Evaluation(query).run(this.#files);
    this.#answers.set(id, settings);
    return settings;
  }
}

type Draft = { -readonly [Key in keyof OpensshSettings]: OpensshSettings[Key] };

class Evaluation {
  readonly #query: ConfigQuery;
  readonly #draft: Draft = { identityFiles: [], certificateFiles: [], unsupported: [] };
  /** Unsupported keywords that have their first value. */
  readonly #decided = new Set<UnsupportedSetting['keyword']>();
  #host: string;
  #isFinal = false;
  #wantsFinal = false;

  constructor(query: ConfigQuery) {
    this.#query = query;
    this.#host = query.name;
    if (query.hostname !== null) this.#draft.hostname = query.hostname.replaceAll('%', '%%');
    if (query.user !== null) this.#draft.user = query.user;
    if (query.port !== null) this.#draft.port = query.port;
  }

  run(files: readonly (readonly ConfigItem[])[]): OpensshSettings {
    for (const items of files) this.#apply(items, true);
    this.#draft.hostname = this.#expandedHostname();
    if (this.#wantsFinal) {
      this.#isFinal = true;
      this.#host = this.#draft.hostname;
      for (const items of files) this.#apply(items, true);
    }
    return this.#draft;
  }

  /** Included files start as active as the line that includes them, and change nothing after it. */
  #apply(items: readonly ConfigItem[], isReached: boolean): void {
    let isActive = isReached;
    for (const item of items) {
      if (item.kind === 'include') {
        for (const included of item.files) this.#apply(included, isActive);
      } else if (item.line.keyword === 'host') {
        isActive = isReached && matchesPatterns(item.line.args, this.#host);
      } else if (item.line.keyword === 'match') {
        isActive = isReached && this.#matches(item.line);
      } else if (isActive) {
        this.#set(item.line);
      }
    }
  }

  #set(line: ConfigLine): void {
    const draft = this.#draft;
    switch (line.keyword) {
      case 'hostname':
        draft.hostname ??= hostnameOf(line);
        break;
      case 'user':
        draft.user ??= onlyValue(line);
        break;
      case 'port':
        draft.port ??= parsePort(line);
        break;
      case 'identityfile':
        draft.identityFiles = [...new Set([...draft.identityFiles, onlyValue(line)])];
        break;
      case 'identitiesonly':
        draft.identitiesOnly ??= parseFlag(line);
        break;
      case 'identityagent':
        draft.identityAgent ??= onlyValue(line);
        break;
      case 'userknownhostsfile':
        draft.userKnownHostsFiles ??= line.args;
        break;
      case 'globalknownhostsfile':
        draft.globalKnownHostsFiles ??= line.args;
        break;
      case 'hostkeyalias':
        draft.hostKeyAlias ??= onlyValue(line);
        break;
      case 'stricthostkeychecking':
        draft.strictHostKeyChecking ??= parseChecking(line);
        break;
      case 'hashknownhosts':
        draft.hashKnownHosts ??= parseFlag(line);
        break;
      case 'connecttimeout':
        this.#setConnectTimeout(line);
        break;
      case 'proxyjump':
        this.#setProxyJump(line);
        break;
      case 'proxycommand':
        if (draft.proxyJump == null) this.#setUnsupported('ProxyCommand', line);
        break;
      case 'canonicalizehostname':
        this.#setUnsupported('CanonicalizeHostname', line);
        break;
      case 'revokedhostkeys':
        this.#setUnsupported('RevokedHostKeys', line);
        break;
    }
  }

  /** `none` leaves it open for a later line. */
  #setConnectTimeout(line: ConfigLine): void {
    const time = onlyValue(line);
    if (this.#draft.connectTimeoutMs !== undefined || time === 'none') return;
    this.#draft.connectTimeoutMs = parseTime(time, line);
  }

  /** The first of ProxyJump and ProxyCommand counts; only `ProxyJump none` leaves the other open. */
  #setProxyJump(line: ConfigLine): void {
    if (this.#draft.proxyJump !== undefined || this.#decided.has('ProxyCommand')) return;
    const value = onlyValue(line);
    this.#draft.proxyJump = value.toLowerCase() === 'none' ? null : value;
  }

  #setUnsupported(keyword: UnsupportedSetting['keyword'], { args, at }: ConfigLine): void {
    if (this.#decided.has(keyword)) return;
    this.#decided.add(keyword);
    const isOff = ['no', 'false', 'none'].includes(args[0]?.toLowerCase() ?? '');
    if (!isOff) this.#draft.unsupported = [...this.#draft.unsupported, { keyword, at }];
  }

  #matches(line: ConfigLine): boolean {
    // `host=a` is the same as `host a`.
    const words = line.args.flatMap((word) => splitAttribute(word));
    let matched = true;
    for (let i = 0; i < words.length; i += 1) {
      const word = words[i] ?? '';
      const isNegated = word.startsWith('!');
      const attribute = word.slice(isNegated ? 1 : 0).toLowerCase();
      if (attribute === 'all') {
        if (isNegated || i !== words.length - 1 || !isAllAllowed(words)) {
          throw configError(line.at, 'Match all stands alone');
        }
      } else if (attribute === 'canonical' || attribute === 'final') {
        if (attribute === 'final') this.#wantsFinal = true;
        if (this.#isFinal === isNegated) matched = false;
      } else {
        i += 1;
        const wanted = words[i];
        if (wanted === undefined) throw configError(line.at, `Match ${attribute} wants a value`);
        if (matched && this.#test(attribute, wanted, line) === isNegated) matched = false;
      }
    }
    return matched;
  }

  #test(attribute: string, wanted: string, line: ConfigLine): boolean {
    const { name, localUser } = this.#query;
    switch (attribute) {
      case 'host':
        return matchesPatternList(wanted, this.#expandedHostname().toLowerCase());
      case 'originalhost':
        return matchesPatternList(wanted, name.toLowerCase());
      case 'user':
        return matchesPatterns(wanted.split(','), this.#draft.user ?? localUser);
      case 'localuser':
        return matchesPatterns(wanted.split(','), localUser);
      default:
        throw unsupportedMatch(attribute, line);
    }
  }

  #expandedHostname(): string {
    const { hostname } = this.#draft;
    if (this.#isFinal || hostname === undefined) return hostname ?? this.#host;
    return hostname.replace(/%[h%]/g, (token) => (token === '%h' ? this.#query.name : '%'));
  }
}

function splitAttribute(word: string): readonly string[] {
  const pair = /^(!?[a-z]+)=(.*)$/i.exec(word);
  return pair === null ? [word] : [pair[1] ?? '', pair[2] ?? ''];
}

function isAllAllowed(words: readonly string[]): boolean {
  return words.slice(0, -1).every((word) => /^!?(canonical|final)$/i.test(word));
}

function unsupportedMatch(attribute: string, { at }: ConfigLine): ConnectionError {
  return configError(
    at,
    attribute === 'exec'
      ? 'Match exec is not run; take it out, or name another configuration with -F'
      : `Match ${attribute} is not understood here`,
  );
}
