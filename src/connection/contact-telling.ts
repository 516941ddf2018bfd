import type { Socket } from 'node:net';
import type { AgreedAlgorithms, Observe, ShownHostKey } from './contact.ts';
import type { FlightLevel } from './first-flight.ts';
import type { HostKeyVerifier } from './host-key-verifier.ts';
import type { HostKeyVerdict, KnownHosts } from './known-hosts.ts';
import { fingerprint, type PublicKey, readPublicKey } from './public-key.ts';
import type { HostKeyPolicy, Target } from './target.ts';
import { hostPort, printable } from './text.ts';

/** Tells of one try to connect to a host. */
export class ContactTelling {
  readonly #observe: Observe;
  readonly #target: Target;
  readonly #known: KnownHosts;

  /** @param known what the files of the host's policy say */
  constructor(observe: Observe, target: Target, known: KnownHosts) {
    this.#observe = observe;
    this.#target = target;
    this.#known = known;
  }

  route(): void {
    const { name, host, port, user, proxyCommand } = this.#target;
    const jumps: string[] = [];
    for (let { via } = this.#target; via !== null; via = via.via) jumps.unshift(via.name);
    this.#observe(name, {
      to: hostPort(host, port),
      ...{ user, jumps },
      proxyCommand: proxyCommand === null ? null : printable(proxyCommand),
    });
  }

  dialled({ localAddress, remoteAddress }: Socket): void {
    this.#observe(this.#target.name, {
      ...(localAddress === undefined ? {} : { from: localAddress }),
      ...(remoteAddress === undefined ? {} : { address: remoteAddress }),
    });
  }

  /** The same verifier; what it is shown is told. */
  watch(verifier: HostKeyVerifier): HostKeyVerifier {
    const { name, hostKey: policy } = this.#target;
    return {
      knownTypes: verifier.knownTypes,
      wantsCertificate: verifier.wantsCertificate === true,
      verify: (blob) => {
        const isAccepted = verifier.verify(blob);
        const hostKey = shownHostKey(blob, isAccepted, policy, this.#known);
        if (hostKey !== null) this.#observe(name, { hostKey });
        return isAccepted;
      },
      refusal: () => verifier.refusal(),
    };
  }

  readonly agreed = (agreed: AgreedAlgorithms, server: string): void => {
    this.#observe(this.#target.name, { agreed, server });
  };

  tried(tried: readonly string[], flight?: FlightLevel): void {
    this.#observe(this.#target.name, { tried, ...(flight === undefined ? {} : { flight }) });
  }
}

/** What is known here of a key that a host showed; null: it is none that can be read. */
function shownHostKey(
  blob: Buffer,
  isAccepted: boolean,
  policy: HostKeyPolicy,
  known: KnownHosts,
): ShownHostKey | null {
  const key = readPublicKey(blob);
  if (key === null) return null;
  const shown = { type: key.type, fingerprint: fingerprint(blob) };
  if (policy.pin !== null) {
    return { ...shown, standing: pinned(key, policy.pin, isAccepted), at: null };
  }
  if (isAccepted && key.type.includes('-cert-'))
    return { ...shown, standing: 'certified', at: null };
  const verdict = known.check(policy.name, key);
  const at = 'entry' in verdict ? `${verdict.entry.file}:${verdict.entry.line}` : null;
  return { ...shown, standing: standingOf(verdict, isAccepted), at };
}

function pinned(key: PublicKey, pin: PublicKey, isAccepted: boolean): ShownHostKey['standing'] {
  if (isAccepted) return 'pinned';
  return pin.blob.equals(key.blob) ? 'refused' : 'changed';
}

function standingOf({ kind }: HostKeyVerdict, isAccepted: boolean): ShownHostKey['standing'] {
  switch (kind) {
    case 'known':
      return isAccepted ? 'known' : 'refused';
    case 'unknown':
      return isAccepted ? 'new' : 'unknown';
    case 'authority-only':
      return 'unknown';
    case 'changed':
    case 'revoked':
      return kind;
  }
}
