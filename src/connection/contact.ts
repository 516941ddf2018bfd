import type { FlightLevel } from './first-flight.ts';
import type { ConnectionFailure, TransportName } from './transport.ts';

/** What becomes known of a connection while it is made: as far as it got, of the last try. */
export interface Contact {
  readonly transport: TransportName;
  /** `address:port` that is connected to. */
  readonly to: string;
  readonly user: string;
  /** Names of the jump hosts, first hop first. */
  readonly jumps: readonly string[];
  /** Printable; null: there is none. */
  readonly proxyCommand: string | null;
  /** Address of this machine; known where it opens the connection itself. */
  readonly from: string;
  /** The address that a name led to. */
  readonly address: string;
  /** The server's identification (RFC 4253, 4.2), printable. */
  readonly server: string;
  readonly hostKey: ShownHostKey;
  readonly agreed: AgreedAlgorithms;
  /** What was tried to log in, in words; where somebody is in, the last of it let him in. */
  readonly tried: readonly string[];
  /** How much was sent ahead of the server's answers. */
  readonly flight: FlightLevel;
  /** Why there is no connection. */
  readonly failure: ConnectionFailure;
}

/** A host key that a server showed, and what is known of it here. */
export interface ShownHostKey {
  /** `ssh-ed25519`, or the type of a certificate. */
  readonly type: string;
  /** `SHA256:...`. */
  readonly fingerprint: string;
  /** `new`: accepted and recorded now, by `accept-new`. */
  readonly standing:
    | 'pinned'
    | 'known'
    | 'certified'
    | 'new'
    | 'unknown'
    | 'changed'
    | 'revoked'
    | 'refused';
  /** `FILE:LINE` that says so. */
  readonly at: string | null;
}

/** What a key exchange has come to; names as in RFC 4253 and its successors, printable. */
export interface AgreedAlgorithms {
  readonly kex: string;
  readonly hostKey: string;
  readonly cipher: string;
  /** Empty where the cipher has its own. */
  readonly mac: string;
  /** Whether both sides number packets anew, against Terrapin (CVE-2023-48795); null: not known. */
  readonly isStrict: boolean | null;
}

/** Is told what becomes known of a host, jump hosts included, by the name that people know it by. */
export type Observe = (host: string, seen: Partial<Contact>) => void;
