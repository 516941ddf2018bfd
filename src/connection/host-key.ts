import { type Certificate, readCertificate } from './certificate.ts';
import { certificateFlaw } from './host-certificate.ts';
import type { HostKeyVerifier } from './host-key-verifier.ts';
import type { HostKeyVerdict, KnownHosts } from './known-hosts.ts';
import { knownHostsName } from './known-hosts.ts';
import { fingerprint, type PublicKey, readPublicKey, rsaBits } from './public-key.ts';
import { type RevokedKeys, revocationOf } from './revoked-keys.ts';
import type { HostKeyPolicy } from './target.ts';
import { hostPort } from './text.ts';
import { ConnectionError } from './transport.ts';

/** Checks one connection's host key by its policy: a pin, or known_hosts. */
export class HostKeyCheck implements HostKeyVerifier {
  readonly knownTypes: readonly string[];
  readonly wantsCertificate: boolean;
  readonly #policy: HostKeyPolicy;
  readonly #knownHosts: KnownHosts;
  /** As it was shown, of a certificate all of it. */
  #accepted: Buffer | null = null;
  #newKey: PublicKey | null = null;
  #refusal: ConnectionError | null = null;
  readonly #revoked: RevokedKeys;
  /** Who may vouch for the host by a certificate. */
  readonly #authorities: readonly PublicKey[];
  #address: string | null = null;

  constructor(policy: HostKeyPolicy, knownHosts: KnownHosts, revoked: RevokedKeys = new Map()) {
    this.#policy = policy;
    this.#knownHosts = knownHosts;
    this.#revoked = revoked;
    this.knownTypes = policy.pin === null ? knownHosts.knownTypes(policy.name) : [policy.pin.type];
    this.#authorities = policy.pin === null ? knownHosts.authoritiesOf(policy.name) : [];
    this.wantsCertificate = this.#authorities.length > 0;
  }

  /** The address that a name led to, for who has that checked as well. */
  cameFrom(address: string): void {
    this.#address = address;
  }

  verify(blob: Buffer): boolean {
    // At a new key exchange within a connection the host must still show the same key.
    if (this.#accepted !== null) return this.#accepted.equals(blob);
    const certificate = this.wantsCertificate ? readCertificate(blob) : null;
    const key = certificate?.key ?? readPublicKey(blob);
    if (certificate !== null) this.#refusal = this.#judgeCertificate(certificate);
    else this.#refusal = key === null ? this.#unreadable() : this.#judge(key);
    if (key === null || this.#refusal !== null) return false;
    this.#accepted = Buffer.from(blob);
    return true;
  }

  refusal(): ConnectionError | null {
    return this.#refusal;
  }

  /**
   * A key to be written to known_hosts. Only to be used once the key exchange is complete:
   * ssh2 asks for the verdict before it has checked the host's signature.
   */
  newKey(): PublicKey | null {
    return this.#accepted === null ? null : this.#newKey;
  }

  #judge(key: PublicKey): ConnectionError | null {
    const { pin, name, acceptNew, leastRsaBits } = this.#policy;
    const revoked = revocationOf(this.#revoked, key);
    if (revoked !== null) return revokedError(this.#label, key, revoked);
    const bits = rsaBits(key);
    if (bits < leastRsaBits) return shortError(this.#label, bits, leastRsaBits);
    if (pin !== null) {
      return pin.blob.equals(key.blob) ? null : pinError(this.#label, key, pin);
    }
    const verdict = this.#knownHosts.check(name, key);
    const isNew = verdict.kind === 'unknown' && acceptNew;
    const [unread] = this.#knownHosts.unread;
    if (isNew && unread !== undefined) return unreadError(this.#label, key, unread);
    const refusal = isNew ? null : verdictError(verdict, this.#label, this.#policy, key);
    if (refusal !== null) return refusal;
    if (isNew) this.#newKey = { type: key.type, blob: Buffer.from(key.blob) };
    return this.#judgeAddress(key);
  }

  /** A certificate that proves nothing may still be of a key that is known, as in OpenSSH. */
  #judgeCertificate(certificate: Certificate): ConnectionError | null {
    const { name, authoritySignatures: signatures } = this.#policy;
    const { key, authority } = certificate;
    for (const one of [key, authority]) {
      const revoked = revocationOf(this.#revoked, one);
      if (revoked !== null) return revokedError(this.#label, one, revoked);
      const verdict = this.#knownHosts.check(name, one);
      if (verdict.kind === 'revoked') return verdictError(verdict, this.#label, this.#policy, one);
    }
    const flaw = certificateFlaw(certificate, {
      name: (name.alias ?? name.host).toLowerCase(),
      authorities: this.#authorities,
      signatures,
      now: new Date(),
    });
    if (flaw === null) return null;
    const refusal = this.#judge(key);
    return refusal === null ? null : flawError(this.#label, flaw, refusal);
  }

  /** CheckHostIP: another key is known for the address than for the name, so the name may lead astray. */
  #judgeAddress(key: PublicKey): ConnectionError | null {
    const address = this.#address;
    const { name, checksAddress } = this.#policy;
    if (!checksAddress || address === null || address === name.host) return null;
    const verdict = this.#knownHosts.check({ host: address, port: name.port, alias: null }, key);
    if (verdict.kind !== 'changed' && verdict.kind !== 'revoked') return null;
    this.#newKey = null;
    const policy = { ...this.#policy, name: { ...name, host: address, alias: null } };
    return verdictError(verdict, `${this.#label}, by its address ${address},`, policy, key);
  }

  #unreadable(): ConnectionError {
    return new ConnectionError('host-key', `${this.#label} showed a host key that can't be read`);
  }

  get #label(): string {
    return hostPort(this.#policy.name.host, this.#policy.name.port);
  }
}

function flawError(label: string, flaw: string, refusal: ConnectionError): ConnectionError {
  return new ConnectionError(
    'host-key',
    `the certificate of ${label} does not prove that it is the host: ${flaw}; ${refusal.message}`,
    refusal.hint === null ? {} : { hint: refusal.hint },
  );
}

function show(key: PublicKey): string {
  return `${key.type} ${fingerprint(key.blob)}`;
}

function pinError(label: string, key: PublicKey, pin: PublicKey): ConnectionError {
  return new ConnectionError(
    'host-key',
    `${label} showed the host key ${show(key)}, but the inventory's host_key is ${show(pin)}`,
    { hint: 'this may be another host, or someone in between: do not go on before you know' },
  );
}

function revokedError(label: string, key: PublicKey, at: string): ConnectionError {
  return new ConnectionError(
    'host-key',
    `the host key of ${label} is REVOKED by ${at}: ${show(key)}`,
    { hint: 'whoever has this key may not be the host: give the host a new key' },
  );
}

function shortError(label: string, bits: number, least: number): ConnectionError {
  return new ConnectionError(
    'host-key',
    `the RSA host key of ${label} has ${bits} bits, fewer than ${least}`,
    {
      hint: 'give the host a longer key, or one that is not RSA (ssh-keygen -A makes those it lacks)',
    },
  );
}

/** Nobody is new as long as a file may know another key of him. */
function unreadError(label: string, key: PublicKey, file: string): ConnectionError {
  return new ConnectionError('host-key', `the host key of ${label} is not known: ${show(key)}`, {
    hint: `${file} cannot be read, and may know another one: accept-new takes nobody for new before it can`,
  });
}

/** What to do about a key that none of these files knows. */
export function unknownKeyHint(files: readonly string[]): string {
  const read = files.filter((file) => file !== '/dev/null');
  const where = read.length === 0 ? '' : `looked in ${read.join(', ')}. `;
  return `${where}Compare it on the host's console (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then record it with xpush hostkeys pin, or pin it as host_key, or say --host-key-checking accept-new`;
}

/** The refusal that a verdict means, or null when the key is known. */
export function verdictError(
  verdict: HostKeyVerdict,
  label: string,
  policy: HostKeyPolicy,
  key: PublicKey,
): ConnectionError | null {
  const name = knownHostsName(policy.name);
  switch (verdict.kind) {
    case 'known':
      return null;
    case 'unknown':
      return new ConnectionError(
        'host-key',
        `the host key of ${label} is not known: ${show(key)}`,
        { hint: unknownKeyHint(policy.files) },
      );
    case 'changed': {
      const { file, line, key: known } = verdict.entry;
      return new ConnectionError(
        'host-key',
        `the host key of ${label} has CHANGED: it showed ${show(key)}, but ${file}:${line} has ${show(known)}`,
        {
          hint: `someone may be in between. If the host was installed anew: xpush hostkeys pin with --replace, or ssh-keygen -R '${name}' -f ${file}`,
        },
      );
    }
    case 'revoked': {
      const { file, line } = verdict.entry;
      return revokedError(label, key, `${file}:${line}`);
    }
    case 'authority-only': {
      const { file, line } = verdict.entry;
      return new ConnectionError(
        'host-key',
        `${label} is to prove itself by a certificate (@cert-authority in ${file}:${line}), but it showed none that can be checked`,
        {
          hint: 'certificates of Ed25519 and ECDSA keys can (HostCertificate in its sshd_config); else pin the key of the host itself as host_key',
        },
      );
    }
  }
}
