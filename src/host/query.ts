import type {
  Alias,
  ChainsState,
  CommandOutput,
  DirectoryState,
  Entry,
  Family,
  FileState,
  Listing,
  NetworkInterface,
  NftState,
  NftWanted,
  PathAnswer,
  ProxyNeighbour,
  Route,
  Rule,
  Session,
  TreeState,
} from './answers.ts';
import { contentLimit, directoryLimit, treeLimit } from './answers.ts';
import type { HostCondition } from './condition.ts';
import type {
  DomainFacts,
  FirewallFacts,
  NetworkFacts,
  SystemFacts,
  XenFacts,
} from './host-facts.ts';
import { type OutputQuery, outputKey, outputQuery } from './output-query.ts';
import type { WindowsState } from './window.ts';

export type * from './answers.ts';
export type * from './host-facts.ts';
export type { OutputOptions, OutputQuery } from './output-query.ts';
export { contentLimit, directoryLimit, treeLimit };

/** For what is of interest only where a file is: without it the answer is empty. */
interface IfThere {
  readonly ifThere?: string;
}

/**
 * What a step may ask of a host: a closed set. Each query has one answer type, and one way to be
 * looked up on the host (look-program.ts).
 */
export type Query =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string; readonly suffix: string }
  | { readonly kind: 'entry'; readonly path: string; readonly isFollowed: boolean }
  | { readonly kind: 'tree'; readonly path: string }
  | { readonly kind: 'aliases'; readonly paths: readonly string[] }
  | ({ readonly kind: 'interfaces' } & IfThere)
  | { readonly kind: 'rules'; readonly family: Family }
  | ({ readonly kind: 'routes'; readonly family: Family } & IfThere)
  | ({ readonly kind: 'proxies' } & IfThere)
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
      /** Whether chains of iptables' may be told without their rules where iptables has one at least. */
      readonly isBeside: boolean;
    }
  | OutputQuery
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'tool'; readonly name: string }
  | { readonly kind: 'lacks' }
  | { readonly kind: 'session' }
  | { readonly kind: 'windows' }
  | { readonly kind: 'condition' }
  | { readonly kind: 'system' }
  | { readonly kind: 'network' }
  | { readonly kind: 'firewalls' }
  | { readonly kind: 'domains' }
  | { readonly kind: 'xen' };

export type QueryOf<K extends Query['kind']> = Extract<Query, { readonly kind: K }>;

/** The answer of each kind of query. */
export interface Answers {
  readonly file: FileState;
  readonly directory: DirectoryState;
  readonly entry: Entry;
  readonly tree: TreeState;
  /** Of those paths that are elsewhere once symbolic links are followed. */
  readonly aliases: ReadonlyMap<string, Alias>;
  readonly interfaces: readonly NetworkInterface[];
  readonly rules: Listing<Rule>;
  readonly routes: Listing<Route>;
  /** null: this `ip` (busybox) knows nothing of them. */
  readonly proxies: readonly ProxyNeighbour[] | null;
  readonly path: PathAnswer;
  readonly chains: ChainsState;
  readonly nft: NftState;
  readonly output: CommandOutput;
  /** Text of the kernel parameter; null when the kernel has none of that name. */
  readonly parameter: string | null;
  /** Whether a command of that name is found. */
  readonly tool: boolean;
  /** Those of the commands that our programs need (change-needs.ts) which are missing. */
  readonly lacks: readonly string[];
  readonly session: Session;
  readonly windows: WindowsState;
  readonly condition: HostCondition;
  readonly system: SystemFacts;
  readonly network: NetworkFacts;
  readonly firewalls: FirewallFacts;
  readonly domains: DomainFacts;
  readonly xen: XenFacts;
}

export type Answer<Q extends Query> = Answers[Q['kind']];

/** Constructors, so that steps read `query.file('/etc/iftab')`. */
export const query = {
  /** A file, with its content up to `contentLimit`; symbolic links are followed. */
  file: (path: string) => ({ kind: 'file', path }) as const,
  /** The regular files of a directory whose names end in this, with their contents. */
  directory: (path: string, suffix: string) => ({ kind: 'directory', path, suffix }) as const,
  /** What is at a path; of a symbolic link, the link itself. */
  entry: (path: string) => ({ kind: 'entry', path, isFollowed: false }) as const,
  /** What is at a path, or where its symbolic links lead. */
  followedEntry: (path: string) => ({ kind: 'entry', path, isFollowed: true }) as const,
  /** A directory and all below it, on its file system. */
  tree: (path: string) => ({ kind: 'tree', path }) as const,
  /** Which of these paths symbolic links lead elsewhere. */
  aliases: (paths: readonly string[]) => ({ kind: 'aliases', paths }) as const,
  /** Links with their addresses, from `ip addr`. */
  interfaces: () => ({ kind: 'interfaces' }) as const,
  /** Policy rules, from `ip rule`. */
  rules: (family: Family) => ({ kind: 'rules', family }) as const,
  /** Routes of all tables but `local`, from `ip route show table all`. */
  routes: (family: Family) => ({ kind: 'routes', family }) as const,
  /** Addresses that others are answered for, from `ip -6 neigh show proxy`. */
  proxies: () => ({ kind: 'proxies' }) as const,
  /** Any of these three, if there is something at a path; an empty answer if not. */
  ifThere: <const Q extends QueryOf<'interfaces' | 'routes' | 'proxies'>>(path: string, asked: Q) =>
    ({ ...asked, ifThere: path }) as const,
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
  nft: (chains: readonly string[], wanted: readonly NftWanted[] = [], isBeside = false) =>
    ({ kind: 'nft', chains, wanted, isBeside }) as const,
  /** What a command prints that changes nothing. */
  output: outputQuery,
  /** A kernel parameter by its sysctl name. */
  parameter: (name: string) => ({ kind: 'parameter', name }) as const,
  /** Whether a command is there. */
  tool: (name: string) => ({ kind: 'tool', name }) as const,
  /** What our programs would miss. */
  lacks: () => ({ kind: 'lacks' }) as const,
  /** Who is connected. */
  session: () => ({ kind: 'session' }) as const,
  /** Locks and confirm windows of ours. */
  windows: () => ({ kind: 'windows' }) as const,
  /** Clock, disks, shells, what the files of its sshd say; as it is just now. */
  condition: () => ({ kind: 'condition' }) as const,
  /** Distribution, kernel, init, iproute2. */
  system: () => ({ kind: 'system' }) as const,
  /** What configures the network. */
  network: () => ({ kind: 'network' }) as const,
  /** Firewall back ends, and what each holds. */
  firewalls: () => ({ kind: 'firewalls' }) as const,
  /** The toolstack, the running domains and their vifs. */
  domains: () => ({ kind: 'domains' }) as const,
  /** The same, and the hypervisor. */
  xen: () => ({ kind: 'xen' }) as const,
};

/** Those of firewalls hold all their rules, and are asked for ten times a host. */
const keys = new WeakMap<Query, string>();

/** Equal for queries that ask the same thing. */
export function queryKey(asked: Query): string {
  const known = keys.get(asked);
  if (known !== undefined) return known;
  const key = keyOf(asked);
  keys.set(asked, key);
  return key;
}

function keyOf(asked: Query): string {
  switch (asked.kind) {
    case 'file':
      return `file:${asked.path}`;
    case 'directory':
      return `directory:${asked.path.replace(/\/+$/, '')}/*${asked.suffix}`;
    case 'entry':
      return `entry:${asked.isFollowed ? 'L' : ''}:${asked.path}`;
    case 'tree':
      return `tree:${asked.path}`;
    case 'aliases':
      return `aliases:${asked.paths.join('\n')}`;
    case 'path':
      return `path:${asked.from ?? ''},${asked.iif ?? ''},${asked.to}`;
    case 'chains':
      return `chains:${asked.family}:${[...asked.chains].sort().join(',')}${comparison(asked.wanted)}`;
    case 'nft':
      return `nft:${[...asked.chains].sort().join(',')}:${asked.wanted.map(wantedKey).join(';')}${asked.isBeside ? ':beside' : ''}`;
    case 'output':
      return outputKey(asked);
    case 'parameter':
    case 'tool':
      return `${asked.kind}:${asked.name}`;
    case 'rules':
      return `${asked.kind}:${asked.family}`;
    case 'routes':
      return `${asked.kind}:${asked.family}${condition(asked)}`;
    case 'interfaces':
    case 'proxies':
      return `${asked.kind}${condition(asked)}`;
    case 'lacks':
    case 'session':
    case 'windows':
    case 'condition':
    case 'system':
    case 'network':
    case 'firewalls':
    case 'domains':
    case 'xen':
      return asked.kind;
  }
}

function condition({ ifThere }: IfThere): string {
  return ifThere === undefined ? '' : `?${ifThere}`;
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

/** What a key of `queryKey` for an entry asks. */
export function entryOf(key: string): { readonly path: string; readonly isFollowed: boolean } {
  const [, option = ''] = key.split(':', 2);
  return { path: key.slice(`entry:${option}:`.length), isFollowed: option !== '' };
}
