/**
 * What a step may ask of a host: a closed set. Each query has one answer type, and one way to be
 * looked up on the host (look-program.ts).
 */
export type Query =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'interfaces' }
  | { readonly kind: 'rules' }
  | { readonly kind: 'routes' }
  | { readonly kind: 'chains'; readonly chains: readonly string[] }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'tool'; readonly name: string }
  | { readonly kind: 'session' };

export type QueryOf<K extends Query['kind']> = Extract<Query, { readonly kind: K }>;

/** The answer of each kind of query. */
export interface Answers {
  readonly file: FileState;
  readonly interfaces: readonly NetworkInterface[];
  readonly rules: Listing<Rule>;
  readonly routes: Listing<Route>;
  readonly chains: ChainsState;
  /** Text of the kernel parameter; null when the kernel has none of that name. */
  readonly parameter: string | null;
  /** Whether a command of that name is found. */
  readonly tool: boolean;
  readonly session: Session;
}

export type Answer<Q extends Query> = Answers[Q['kind']];

export type FileState =
  | { readonly type: 'absent' }
  | RegularFile
  /**
   * A directory; a device, socket, ... or what the kernel makes up in /proc and /sys; a regular file
   * that the login may not read.
   */
  | { readonly type: 'directory' | 'special' | 'unreadable' };

export type RegularFile = SmallFile | LargeFile;

interface FileDetails {
  readonly type: 'file';
  /** Permission bits, setuid, setgid and sticky included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

interface SmallFile extends FileDetails {
  /** Bytes as latin1 text, one character a byte. */
  readonly content: string;
}

/** Larger than `contentLimit`. */
interface LargeFile extends FileDetails {
  readonly content: null;
  /** As in sums.ts. */
  readonly sums: string;
}

/** Larger files are not read whole: 256 KiB. */
export const contentLimit = 262_144;

export interface NetworkInterface {
  readonly name: string;
  /** Lower case; null for interfaces without a hardware address. */
  readonly mac: string | null;
  readonly isUp: boolean;
  readonly addresses: readonly { readonly ip: string; readonly prefix: number }[];
}

/** The parsed lines of a listing, and what the host recognises that listing by. */
export interface Listing<Entry> {
  readonly entries: readonly Entry[];
  /** Sums of the listing as the host printed it (sums.ts); null once planned changes lie over it. */
  readonly fingerprint: string | null;
}

/** One line of `ip rule`. */
export interface Rule {
  readonly priority: number;
  /** CIDR, or `all`. */
  readonly from: string;
  readonly to: string | null;
  readonly iif: string | null;
  readonly oif: string | null;
  readonly table: number;
  /** Words that the fields above do not hold (`not`, `fwmark ...`), single spaces. */
  readonly rest: string;
}

/** One line of `ip route`. */
export interface Route {
  readonly table: number;
  /** CIDR; `0.0.0.0/0` for the default route. */
  readonly destination: string;
  readonly via: string | null;
  readonly dev: string | null;
  readonly scope: string | null;
  readonly src: string | null;
  readonly metric: number | null;
  /** Other words (`proto kernel`, `onlink`, a route type such as `blackhole`), single spaces. */
  readonly rest: string;
}

/** Chains of iptables' filter table, as iptables-save prints them, without counters. */
export interface ChainsState {
  /** The chains that were asked for, there or not. */
  readonly listed: readonly string[];
  /** Chain name -> rules without `-A CHAIN `; a chain that does not exist has no entry. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Built-in chain -> `ACCEPT` or `DROP`. */
  readonly policies: ReadonlyMap<string, string>;
  /** As in `Listing`. */
  readonly fingerprint: string | null;
}

export interface Session {
  /** The controller's address as the host sees it; null when the server does not tell. */
  readonly peer: string | null;
}

/** Constructors, so that steps read `query.file('/etc/iftab')`. */
export const query = {
  /** A file, with its content up to `contentLimit`; symbolic links are followed. */
  file: (path: string) => ({ kind: 'file', path }) as const,
  /** Links with their IPv4 addresses, from `ip addr`. */
  interfaces: () => ({ kind: 'interfaces' }) as const,
  /** IPv4 policy rules, from `ip rule`. */
  rules: () => ({ kind: 'rules' }) as const,
  /** IPv4 routes of all tables but `local`, from `ip route show table all`. */
  routes: () => ({ kind: 'routes' }) as const,
  /** Chains of the IPv4 filter table, from `iptables-save`. */
  chains: (...chains: readonly string[]) => ({ kind: 'chains', chains }) as const,
  /** A kernel parameter by its sysctl name. */
  parameter: (name: string) => ({ kind: 'parameter', name }) as const,
  /** Whether a command is there. */
  tool: (name: string) => ({ kind: 'tool', name }) as const,
  /** Who is connected. */
  session: () => ({ kind: 'session' }) as const,
};

/** Equal for queries that ask the same thing. */
export function queryKey(asked: Query): string {
  switch (asked.kind) {
    case 'file':
      return `file:${asked.path}`;
    case 'chains':
      return `chains:${[...asked.chains].sort().join(',')}`;
    case 'parameter':
    case 'tool':
      return `${asked.kind}:${asked.name}`;
    case 'interfaces':
    case 'rules':
    case 'routes':
    case 'session':
      return asked.kind;
  }
}
