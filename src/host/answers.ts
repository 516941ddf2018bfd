/** Where a path is that symbolic links are in: its name, and what that leads to. */
export interface Alias {
  readonly at: string;
  readonly to: string;
}

/** IPv4 or IPv6, by number. */
export type Family = 4 | 6;

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

export interface Session {
  /** The controller's address as the host sees it; null when the server does not tell. */
  readonly peer: string | null;
  /** The host's own address that it came in by. */
  readonly address: string | null;
}

/** What a read-only command printed, and how it ended. */
export interface CommandOutput {
  /** 127: there is no such command. */
  readonly status: number;
  /** Text; bytes that are no UTF-8 are replaced. */
  readonly stdout: string;
  /** The same of standard error, at most 64 KiB, without newlines at its end. */
  readonly stderr: string;
  /** Whether there was more output than was asked for. */
  readonly isCut: boolean;
  /** Whether it was stopped, since it took too long: what it printed is not whole. */
  readonly isTimedOut: boolean;
}

/** What is at a path; null fields: the host does not tell, or a planned change leaves it open. */
export type Entry = { readonly type: 'absent' } | FoundEntry;

export interface FoundEntry {
  /** `other`: a device, a socket, a named pipe. */
  readonly type: 'file' | 'directory' | 'link' | 'other';
  /** Permission bits, setuid, setgid and sticky included. */
  readonly mode: number;
  readonly uid: number | null;
  readonly gid: number | null;
  /** Names of user and group; null too where the number has none. */
  readonly owner: string | null;
  readonly group: string | null;
  readonly size: number | null;
  /** Of the last modification, since 1970. */
  readonly mtimeSeconds: number | null;
  readonly links: number | null;
  readonly inode: number | null;
  /** What a symbolic link says. */
  readonly target: string | null;
}

/** A directory with all below it, on the same file system. */
export interface TreeState {
  /** What is at its path: links are not followed, and are no directories. */
  readonly type: 'absent' | 'directory' | 'other';
  /** By absolute path, in byte order, the directory itself among them; links have no target here. */
  readonly entries: ReadonlyMap<string, FoundEntry>;
  /** Whether there were more than `treeLimit`. */
  readonly isCut: boolean;
}

/** More entries of a tree are not read. */
export const treeLimit = 10_000;
