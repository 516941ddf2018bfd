import type { ConnectionError } from './transport.ts';

/** Says whether a host is the right one. */
export interface HostKeyVerifier {
  /** Key types to ask for first. */
  readonly knownTypes: readonly string[];
  /** Whether somebody may vouch for the host by a certificate. */
  readonly wantsCertificate?: boolean;
  /** Synchronous, and the same for the same key: it is asked again at each key exchange. */
  verify(key: Buffer): boolean;
  /** Why the last key was refused. */
  refusal(): ConnectionError | null;
}

/** ssh2 takes everything but `false` for a yes, a promise too; this takes only `true` for one. */
export function accepts(verifier: HostKeyVerifier, key: Buffer): boolean {
  try {
    return verifier.verify(key) === true;
  } catch {
    return false;
  }
}
