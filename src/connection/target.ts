import type { HostName } from './known-hosts.ts';
import type { PublicKey } from './public-key.ts';
import type { OfferedLists } from './ssh2-algorithms.ts';
import type { HiddenText } from './transport.ts';

/** An endpoint with nothing left open: inventory, OpenSSH config and defaults put together. */
export interface Target {
  /** The name people know the host by. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: HostKeyPolicy;
  readonly identities: readonly IdentityChoice[];
  /** CertificateFile: certificates of users, beside the `KEY-cert.pub` of each identity. */
  readonly certificateFiles: readonly string[];
  /** Whether keys that are only in the agent stay unused. */
  readonly identitiesOnly: boolean;
  readonly agentSocket: string | null;
  readonly password: HiddenText | null;
  readonly login: LoginPolicy;
  readonly algorithms: AlgorithmChoice;
  /** How the socket is opened; of no use behind a hop or a ProxyCommand. */
  readonly dialling: Dialling;
  /** The shell command whose input and output are the line to the host; never together with `via`. */
  readonly proxyCommand: string | null;
  /** Where the OpenSSH configuration sets something: `file:line` by keyword. */
  readonly places: Readonly<Record<string, string>>;
  readonly connectTimeoutMs: number;
  readonly keepaliveMs: number;
  /** So many keepalives without a sign of life, and the connection is lost. */
  readonly keepaliveCount: number;
  readonly legacyAlgorithms: boolean;
  /** The hop before this host; it has its own hop before it, and so on. */
  readonly via: Target | null;
}

/** What proves that a host is the right one. */
export interface HostKeyPolicy {
  readonly name: HostName;
  /** Replaces the files. */
  readonly pin: PublicKey | null;
  readonly files: readonly string[];
  /** RevokedHostKeys: files of keys that are never accepted, not even when pinned. */
  readonly revokedFiles: readonly string[];
  /** CASignatureAlgorithms: how certificates of hosts may be signed. */
  readonly authoritySignatures: readonly string[];
  /** CheckHostIP: whether the address must not be known by another key either. */
  readonly checksAddress: boolean;
  /** RSA keys of fewer bits are refused. */
  readonly leastRsaBits: number;
  /** Where `accept-new` writes. */
  readonly recordFile: string | null;
  readonly recordHashed: boolean;
  readonly acceptNew: boolean;
}

/** A private key file that may be offered. */
export interface IdentityChoice {
  readonly file: string;
  /** Who named it; only `default` ones may be missing or unusable without a word. */
  readonly origin: 'endpoint' | 'config' | 'default';
}

/** Ways to log in that this side can go. */
export type LoginMethod = 'publickey' | 'keyboard-interactive' | 'password';

/** What may be tried to log in. */
export interface LoginPolicy {
  /** In the order of PreferredAuthentications, without those that a setting forbids; never empty. */
  readonly methods: readonly LoginMethod[];
  /** How often a password is asked for. */
  readonly passwordPrompts: number;
  /** BatchMode: nobody is to be asked for anything. */
  readonly isBatch: boolean;
  /** PubkeyAcceptedAlgorithms: signature algorithms (`rsa-sha2-256`, ...), certificates' names too. */
  readonly signatures: readonly string[];
  /** RSA keys of fewer bits are not offered. */
  readonly leastRsaBits: number;
}

/** What is offered in the key exchange, in order; each list has something. */
export interface AlgorithmChoice extends OfferedLists {
  /** Whether the user's own order of host key algorithms goes before the types that are known. */
  readonly isHostKeyOrderFixed: boolean;
  /** For hosts that an authority may vouch for. */
  readonly hostCertificates: readonly string[];
}

/** How a TCP connection is opened. */
export interface Dialling {
  readonly family: 'any' | 'inet' | 'inet6';
  /** An address or a name of this machine. */
  readonly bindAddress: string | null;
  /** Tries, a second apart. */
  readonly attempts: number;
}
