import type { HostName } from './known-hosts.ts';
import type { PublicKey } from './public-key.ts';

/** An endpoint with nothing left open: inventory, OpenSSH config and defaults put together. */
export interface Target {
  /** The name people know the host by. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: HostKeyPolicy;
  readonly identities: readonly IdentityChoice[];
  /** Whether keys that are only in the agent stay unused. */
  readonly identitiesOnly: boolean;
  readonly agentSocket: string | null;
  readonly connectTimeoutMs: number;
  readonly keepaliveMs: number;
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
