/** IPv4 or IPv6, by number. */
export type Family = 4 | 6;

/**
 * What a step may ask of a host: a closed set. Each query has one answer type, and one way to be
 * looked up on the host (look-program.ts).
 */
export type Query =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string; readonly suffix: string }
  | { readonly kind: 'interfaces' }
  | { readonly kind: 'rules'; readonly family: Family }
  | { readonly kind: 'routes'; readonly family: Family }
  | { readonly kind: 'proxies' }
  | {
      readonly kind: 'path';
      readonly from: string | null;
      readonly iif: string | null;
      readonly to: string;
    }
  | {
      readonly kind: 'chains';
      readonly family: Family;
      readonly chains: readonly string[];
      readonly wanted: ReadonlyMap<string, readonly string[]>;
    }
  | {
      readonly kind: 'nft';
      readonly chains: readonly string[];
      readonly wanted: readonly NftWanted[];
    }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'tool'; readonly name: string }
  | { readonly kind: 'session' }
  | { readonly kind: 'system' }
  | { readonly kind: 'network' }
  | { readonly kind: 'firewalls' }
  | { readonly kind: 'xen' };

export type QueryOf<K extends Query['kind']> = Extract<Query, { readonly kind: K }>;

/** The answer of each kind of query. */
export interface Answers {
  readonly file: FileState;
  readonly directory: DirectoryState;
  readonly interfaces: readonly NetworkInterface[];
  readonly rules: Listing<Rule>;
  readonly routes: Listing<Route>;
  /** null: this `ip` (busybox) knows nothing of them. */
  readonly proxies: readonly ProxyNeighbour[] | null;
  readonly path: PathAnswer;
  readonly chains: ChainsState;
  readonly nft: NftState;
  /** Text of the kernel parameter; null when the kernel has none of that name. */
  readonly parameter: string | null;
  /** Whether a command of that name is found. */
  readonly tool: boolean;
  readonly session: Session;
  readonly system: SystemFacts;
  readonly network: NetworkFacts;
  readonly firewalls: FirewallFacts;
  readonly xen: XenFacts;
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
  /** Both families; of IPv6 those of global scope (link-local ones are the kernel's business). */
  readonly addresses: readonly { readonly ip: string; readonly prefix: number }[];
}

/** The files of a directory whose names end in the suffix, in byte order of their names. */
export interface DirectoryState {
  readonly exists: boolean;
  /** By absolute path; at most `directoryLimit`, what is no regular file included. */
  readonly files: ReadonlyMap<string, FileState>;
  /** Whether there were more. */
  readonly isCut: boolean;
}

/** More files of a directory are not read. */
export const directoryLimit = 256;

/** An address that the host answers neighbour solicitations for (ip-neighbour(8), `proxy`). */
export interface ProxyNeighbour {
  readonly ip: string;
  readonly dev: string;
}

/** What the kernel says to `ip route get`; null fields where it says nothing of them. */
export interface PathAnswer {
  readonly dev: string | null;
  readonly via: string | null;
  readonly src: string | null;
  readonly table: number | null;
  /** What `ip` said in place of a route (`Network is unreachable`); null when there is one. */
  readonly error: string | null;
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

/**
 * Chains of iptables, as iptables-save prints them, without counters. A chain has the name that it
 * has in the filter table, or `raw/NAME` in the raw table.
 */
export interface ChainsState {
  /** The chains that were asked for, there or not. */
  readonly listed: readonly string[];
  /** Chain name -> rules without `-A CHAIN `; a chain that does not exist has no entry. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Built-in chain -> `ACCEPT` or `DROP`. */
  readonly policies: ReadonlyMap<string, string>;
  /**
   * What was wanted, as this host's iptables spells it: only where the live rules were not spelled as
   * the wanted ones, and where the host could load those (unshare(1), root).
   */
  readonly spelled: ReadonlyMap<string, readonly string[]>;
  /** Why nothing of this can be relied on, in a sentence; null when it can. */
  readonly problem: string | null;
  /** As in `Listing`. */
  readonly fingerprint: string | null;
}

/** Families of nftables whose chains see forwarded IP packets. */
export type NftFamily = 'ip' | 'ip6' | 'inet';

/** Rules that our chains should have in a table of this family, as we spell them. */
export interface NftWanted {
  readonly family: NftFamily;
  /** Chain -> all its rules. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
}

/** What a native nftables ruleset does to forwarded packets. */
export interface NftState {
  /**
   * Base chains that are in force, in order of priority: those hooked to forward, and of our own
   * table (`ownTable`) those hooked to anything.
   */
  readonly bases: readonly NftBaseChain[];
  /** Those of the chains asked for that are there, wherever they are. */
  readonly chains: readonly NftChain[];
  /**
   * What was wanted, as this host's nft spells it: only where the live rules were not spelled as the
   * wanted ones, and where the host could load those (unshare(1), root).
   */
  readonly spelled: readonly NftWanted[];
  /** Why nothing of this can be relied on, in a sentence; null when it can. */
  readonly problem: string | null;
  /** As in `Listing`. */
  readonly fingerprint: string | null;
}

export interface NftChain {
  readonly family: NftFamily;
  readonly table: string;
  readonly chain: string;
  /** As `nft -s list` prints them, without counts; each in one line. */
  readonly rules: readonly string[];
}

export interface NftBaseChain extends NftChain {
  /** `forward`, `prerouting`. */
  readonly hook: string;
  readonly policy: 'accept' | 'drop';
  /** As nft prints it: `filter`, `filter + 10`, `-5`. */
  readonly priority: string;
  /** Whether it is iptables-nft's FORWARD. */
  readonly isOfIptables: boolean;
  /** Whether the table belongs to a running program, which alone may change it (`flags owner`). */
  readonly isOwned: boolean;
}

/** What runs there. Strings are the host's words: escape before showing. */
export interface SystemFacts {
  readonly hostname: string;
  /** `ID` and `VERSION_ID` of os-release(5), or from older files (`/etc/debian_version`); null when unknown. */
  readonly distribution: string | null;
  readonly version: string | null;
  readonly kernel: string;
  readonly architecture: string;
  readonly init: 'systemd' | 'openrc' | 'upstart' | 'sysvinit' | 'busybox' | 'unknown';
  /** Version of systemd, or of udev where that came alone; null without. */
  readonly systemd: number | null;
  readonly udev: number | null;
  /** null: no `ip` at all. */
  readonly iproute2: {
    /** `6.1.0`, or `ss060323` for old ones; null for busybox. */
    readonly version: string | null;
    readonly isBusybox: boolean;
    readonly hasJson: boolean;
  } | null;
}

export type NetworkManager = 'ifupdown' | 'networkd' | 'netplan' | 'NetworkManager';

/** What configures the interfaces. */
export interface NetworkFacts {
  /** The one in charge: netplan before what it drives; what runs before what is only installed. */
  readonly manager: NetworkManager | null;
  readonly present: readonly NetworkManager[];
  readonly hasIfrename: boolean;
}

export type FirewallBackend = 'iptables-nft' | 'iptables-legacy' | 'nftables';

export interface BackendFacts {
  readonly isInstalled: boolean;
  /** Of both families and all tables. iptables-nft's are not nftables'. */
  readonly rules: number;
  /**
   * Of these, the ones that a forwarded packet meets first: of chains that filter what is forwarded,
   * without those that they jump to; a policy that drops counts as one.
   */
  readonly forwarding: number;
}

/** What filters, and how it lasts. */
export interface FirewallFacts {
  readonly backends: Readonly<Record<FirewallBackend, BackendFacts>>;
  /** What `iptables` is. */
  readonly iptables: 'iptables-nft' | 'iptables-legacy' | null;
  /**
   * What can load rules at boot: netfilter-persistent is installed, nftables.service is enabled,
   * ifupdown runs hooks (if it is in charge: `NetworkFacts`), systemd is the init.
   */
  readonly persistence: readonly (
    | 'netfilter-persistent'
    | 'nftables.service'
    | 'ifupdown'
    | 'systemd'
  )[];
}

/** The hypervisor as its dom0 sees it. */
export interface XenFacts {
  readonly version: string | null;
  /** Whether this is the control domain. */
  readonly isDom0: boolean;
  /** The one that answers, else the one that is installed. */
  readonly toolstack: 'xl' | 'xm' | null;
  /** Without dom0 itself; null: no toolstack answers. */
  readonly domains: readonly RunningDomain[] | null;
}

export interface RunningDomain {
  readonly id: number;
  readonly name: string;
  readonly vifs: readonly RunningVif[];
}

/** A vif of a running domain, from its back end's nodes in xenstore. */
export interface RunningVif {
  /** `0` of vif1.0. */
  readonly handle: number;
  /** Its interface on dom0, `vif1.0` or its vifname. */
  readonly device: string;
  /** Lower case; empty when the toolstack does not tell. */
  readonly mac: string;
  /** As the toolstack was told, unchecked. */
  readonly ips: readonly string[];
  readonly script: string | null;
  readonly bridge: string | null;
}

export interface Session {
  /** The controller's address as the host sees it; null when the server does not tell. */
  readonly peer: string | null;
  /** The host's own address that it came in by. */
  readonly address: string | null;
}

/** Constructors, so that steps read `query.file('/etc/iftab')`. */
export const query = {
  /** A file, with its content up to `contentLimit`; symbolic links are followed. */
  file: (path: string) => ({ kind: 'file', path }) as const,
  /** The regular files of a directory whose names end in this, with their contents. */
  directory: (path: string, suffix: string) => ({ kind: 'directory', path, suffix }) as const,
  /** Links with their addresses, from `ip addr`. */
  interfaces: () => ({ kind: 'interfaces' }) as const,
  /** Policy rules, from `ip rule`. */
  rules: (family: Family) => ({ kind: 'rules', family }) as const,
  /** Routes of all tables but `local`, from `ip route show table all`. */
  routes: (family: Family) => ({ kind: 'routes', family }) as const,
  /** Addresses that others are answered for, from `ip -6 neigh show proxy`. */
  proxies: () => ({ kind: 'proxies' }) as const,
  /** Where a packet would go, from `ip route get`. */
  path: (path: { readonly from?: string; readonly iif?: string; readonly to: string }) =>
    ({ kind: 'path', from: path.from ?? null, iif: path.iif ?? null, to: path.to }) as const,
  /** Chains from `iptables-save` or `ip6tables-save`. */
  chains: (family: Family, ...chains: readonly string[]) =>
    ({ kind: 'chains', family, chains, wanted: new Map<string, readonly string[]>() }) as const,
  /** The same, and how the host spells what is wanted: chain -> all its rules. */
  comparedChains: (
    family: Family,
    chains: readonly string[],
    wanted: ReadonlyMap<string, readonly string[]>,
  ) => ({ kind: 'chains', family, chains, wanted }) as const,
  /** Chains of native nftables, from `nft list ruleset`, and how the host spells what is wanted. */
  nft: (chains: readonly string[], wanted: readonly NftWanted[] = []) =>
    ({ kind: 'nft', chains, wanted }) as const,
  /** A kernel parameter by its sysctl name. */
  parameter: (name: string) => ({ kind: 'parameter', name }) as const,
  /** Whether a command is there. */
  tool: (name: string) => ({ kind: 'tool', name }) as const,
  /** Who is connected. */
  session: () => ({ kind: 'session' }) as const,
  /** Distribution, kernel, init, iproute2. */
  system: () => ({ kind: 'system' }) as const,
  /** What configures the network. */
  network: () => ({ kind: 'network' }) as const,
  /** Firewall back ends, and what each holds. */
  firewalls: () => ({ kind: 'firewalls' }) as const,
  /** Xen, its toolstack, the running domains and their vifs. */
  xen: () => ({ kind: 'xen' }) as const,
};

/** Equal for queries that ask the same thing. */
export function queryKey(asked: Query): string {
  switch (asked.kind) {
    case 'file':
      return `file:${asked.path}`;
    case 'directory':
      return `directory:${asked.path.replace(/\/+$/, '')}/*${asked.suffix}`;
    case 'path':
      return `path:${asked.from ?? ''},${asked.iif ?? ''},${asked.to}`;
    case 'chains':
      return `chains:${asked.family}:${[...asked.chains].sort().join(',')}${comparison(asked.wanted)}`;
    case 'nft':
      return `nft:${[...asked.chains].sort().join(',')}:${asked.wanted.map(wantedKey).join(';')}`;
    case 'parameter':
    case 'tool':
      return `${asked.kind}:${asked.name}`;
    case 'rules':
    case 'routes':
      return `${asked.kind}:${asked.family}`;
    case 'interfaces':
    case 'proxies':
    case 'session':
    case 'system':
    case 'network':
    case 'firewalls':
    case 'xen':
      return asked.kind;
  }
}

function wantedKey({ family, chains }: NftWanted): string {
  return JSON.stringify([family, [...chains]]);
}

function comparison(wanted: ReadonlyMap<string, readonly string[]>): string {
  return wanted.size === 0 ? '' : `:${JSON.stringify([...wanted])}`;
}

/** What a key of `queryKey` for a directory asks. */
export function listingOf(key: string): { readonly path: string; readonly suffix: string } {
  const end = key.lastIndexOf('/*'); // a suffix has no slash
  return { path: key.slice('directory:'.length, end), suffix: key.slice(end + '/*'.length) };
}
