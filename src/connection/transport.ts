import type { Readable, Writable } from 'node:stream';

/** A text that is in no message and no dump: only `reveal` shows it. */
export interface HiddenText {
  reveal(): string;
}

/** The ways to reach a host. */
export type TransportName = 'ssh2' | 'openssh' | 'local';

/** Whom programs run as on a host, when that is not who logs in. */
export interface Become {
  readonly method: 'sudo' | 'doas' | 'su';
  /** The user to become. */
  readonly user: string;
  /** Sent once, and only when the method asks for one: for sudo that of the login user, for su that of `user`. */
  readonly password?: HiddenText;
}

/** Where and as whom to connect: what is left of inventory, command line and OpenSSH config. */
export interface Endpoint {
  /** How it is reached; unset: ssh2. The same way leads to its jump hosts. */
  readonly transport?: TransportName;
  /** The name people know the host by; used in messages and for `Host` lines of the OpenSSH config. */
  readonly name: string;
  /** Address or DNS name; unset values come from the user's OpenSSH config, then from OpenSSH's defaults. */
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  /** Private key file; the only key offered when set. */
  readonly identity?: string;
  /** Sent, if no key lets us in, once the host key is verified; to this host only, not to its jump hosts. */
  readonly password?: HiddenText;
  /** On this host only, not on its jump hosts. Unset: programs run as the login user. */
  readonly become?: Become;
  /** Hosts to go through, first hop first. Unset: ProxyJump of the OpenSSH config; empty: none. */
  readonly jump?: readonly Endpoint[];
  /** A pinned host key: `ssh-ed25519 AAAA...`; replaces known_hosts for this host. */
  readonly hostKey?: string;
  /** A known_hosts file to use in place of the user's and the system's. */
  readonly knownHosts?: string;
  /** Unset: StrictHostKeyChecking of the OpenSSH config if it is accept-new, else strict. */
  readonly hostKeyChecking?: 'strict' | 'accept-new';
  /** For the TCP connection, the banner, the key exchange and each key; default 10 s. */
  readonly connectTimeoutMs?: number;
  /**
   * Interval of keepalives: after three of them in silence a connection is lost. Default 15 s; less
   * where a dead link must be noticed soon. Jump hosts have an interval of their own.
   */
  readonly keepaliveMs?: number;
  /** Default false. */
  readonly legacyAlgorithms?: boolean;
}

/** How a remote command ended. `lost`: the connection went away first, so nobody here knows. */
export type Outcome =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'lost'; readonly reason: string };

/**
 * One running remote command. Both outputs must be read, or `outcome` never settles; a child in
 * the background that keeps them open delays it by some seconds at most once all is read.
 */
export interface Exec {
  /**
   * Stays open until `end()`: the act program follows the look program on it. What is written
   * after the command has ended is dropped; `outcome` tells.
   */
  readonly stdin: Writable;
  /** What it was given to read along with connecting, see `FirstExec`; unset: nothing yet. */
  readonly given?: string;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once; never rejects. */
  readonly outcome: Promise<Outcome>;
}

/**
 * The first command of a connection, and what it reads first. A transport may send both before the
 * host has said whether the login is good, to save round trips: so `input` must be nothing that
 * changes a host, and nothing that the host must not read.
 */
export interface FirstExec {
  readonly command: string;
  readonly input: string;
}

/** An authenticated connection to one host. */
export interface Connection {
  /** Runs `command` in the login shell, without a pty. Rejects with `ConnectionError` when the channel is refused. */
  exec(command: string): Promise<Exec>;
  /** Ends the connection; running commands settle as `lost`. Never rejects. */
  close(): Promise<void>;
}

/** A way to reach hosts. */
export interface Transport {
  /**
   * Connects, verifies the host key and authenticates.
   * Rejects with `ConnectionError`, also when `signal` aborts.
   * The first `exec` of the connection, if of `first.command`, may be of one that was begun along
   * with connecting: its `given` is `first.input` then. A transport may ignore `first`.
   */
  connect(endpoint: Endpoint, signal: AbortSignal, first?: FirstExec): Promise<Connection>;
  /** Releases what hosts shared (jump hosts, agent). */
  close(): Promise<void>;
}

/** Why a host could not be reached, in words for its operator. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly reason: ConnectionFailure;
  /** What to do about it, one line. */
  readonly hint: string | null;

  constructor(
    reason: ConnectionFailure,
    message: string,
    options: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.hint = options.hint ?? null;
  }
}

export type ConnectionFailure =
  | 'network'
  | 'timeout'
  | 'host-key'
  | 'authentication'
  | 'become'
  | 'channel'
  | 'aborted'
  | 'config';
