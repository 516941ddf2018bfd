import type { Duplex } from 'node:stream';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import type { Authenticator } from './authenticator.ts';
import { EarlyCloseRetries } from './early-close.ts';
import { judgeHostKeys, type ScannedKey } from './host-key-standing.ts';
import type { HostKeyVerifier } from './host-key-verifier.ts';
import type { KnownHosts } from './known-hosts.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';
import type { RevokedKeys } from './revoked-keys.ts';
import { openClient } from './ssh2-client.ts';
import type { HostKeyPolicy, Target } from './target.ts';
import { messageOf } from './text.ts';
import { ConnectionError } from './transport.ts';

/** The host keys of one host, as one way to it shows them. */
export interface HostKeyScan {
  /** `address:port`, and what it goes through. */
  readonly label: string;
  /** Where its keys are looked for, and would be recorded. */
  readonly policy: HostKeyPolicy;
  /** At least one. */
  readonly keys: readonly ScannedKey[];
}

/** How a host is reached, and what is known of it. */
export interface ScanMeans {
  readonly label: string;
  readonly known: KnownHosts;
  readonly revoked: RevokedKeys;
  readonly signal: AbortSignal;
  /** Opens a line to the host, and does this on it. */
  readonly onLine: <T>(work: (socket: Duplex) => Promise<T>) => Promise<T>;
}

/** One connection each, as ssh-keyscan does. */
const families: readonly (readonly ServerHostKeyAlgorithm[])[] = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
  ['ssh-dss'],
];

/**
 * Asks a host for its keys, one connection a type, up to the end of the key exchange: the server has
 * proven by then that it holds the key, and nobody has said who he is. Rejects with `ConnectionError`
 * when the host can't be reached, or shows no key at all.
 */
export async function scanHostKeys(target: Target, means: ScanMeans): Promise<HostKeyScan> {
  const { label, known, revoked } = means;
  const keys: PublicKey[] = [];
  let refusal: ConnectionError | null = null;
  for (const family of families) {
    const offered = family.filter((name) => target.algorithms.hostKeys.includes(name));
    if (offered.length === 0) continue;
    const found = await keyOf(target, offered, means);
    if (found instanceof ConnectionError) refusal ??= found;
    else keys.push(found);
  }
  if (keys.length === 0) {
    throw refusal ?? new ConnectionError('config', `${label}: no type of host key is allowed`);
  }
  const { hostKey: policy } = target;
  return { label, policy, keys: judgeHostKeys(keys, policy, known, revoked) };
}

/** The key of one of these types; an error when the host has none. Rejects when it can't be asked. */
async function keyOf(
  target: Target,
  offered: readonly ServerHostKeyAlgorithm[],
  means: ScanMeans,
): Promise<PublicKey | ConnectionError> {
  const { label, signal } = means;
  const retries = new EarlyCloseRetries({ label, signal, patienceMs: target.connectTimeoutMs });
  for (;;) {
    const sink = new KeySink();
    try {
      await means.onLine((socket) =>
        openClient(
          {
            socket,
            label,
            user: 'nobody',
            hostKey: sink,
            authentication: sink,
            legacyAlgorithms: target.legacyAlgorithms,
            algorithms: { ...target.algorithms, hostKeys: offered, hostCertificates: [] },
            phaseTimeoutMs: target.connectTimeoutMs,
            keepaliveMs: target.keepaliveMs,
            signal,
          },
          (client) => client.destroy(),
        ),
      );
    } catch (error) {
      if (sink.proven !== null) return sink.proven;
      if (!(error instanceof ConnectionError)) throw error;
      if (isOfType(error)) return error;
      await retries.next(error);
    }
  }
}

/** The host has no key of the type; dropbear hangs up in place of saying so. */
function isOfType(error: ConnectionError): boolean {
  return (
    /no matching host key/.test(messageOf(error.cause)) ||
    /(?:closed|cut) the connection during the key exchange$/.test(error.message)
  );
}

/** Takes any key, and hangs up before it says who it is. */
class KeySink implements HostKeyVerifier, Authenticator {
  readonly knownTypes = [];
  #shown: PublicKey | null = null;
  /** The key, once the exchange was signed with it. */
  proven: PublicKey | null = null;

  verify(blob: Buffer): boolean {
    const key = readPublicKey(blob);
    if (key === null) return false;
    this.#shown ??= { type: key.type, blob: Buffer.from(blob) };
    return this.#shown.blob.equals(blob);
  }

  refusal(): ConnectionError | null {
    return null;
  }

  /** ssh2 comes here when the exchange is complete, whose signature it has verified. */
  next(): null {
    this.proven = this.#shown;
    return null;
  }

  passwordExpired(): ConnectionError {
    return this.failure();
  }

  ended(): void {}

  note(): void {}

  failure(): ConnectionError {
    return new ConnectionError('aborted', 'enough is known');
  }
}
