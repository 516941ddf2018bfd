import { type Certificate, invalidity } from './certificate.ts';
import { matchesPattern } from './pattern.ts';
import { fingerprint, type PublicKey } from './public-key.ts';
import { printable } from './text.ts';
import { signatureAlgorithm, verifySignature } from './verify-signature.ts';

/** What a host's certificate is judged by. */
export interface CertificateRules {
  /** The name of the host, in lower case, without its port. */
  readonly name: string;
  /** Who may vouch for it. */
  readonly authorities: readonly PublicKey[];
  /** CASignatureAlgorithms. */
  readonly signatures: readonly string[];
  readonly now: Date;
}

/**
 * Why a certificate does not prove that its key is this host's, or null when it does: the rules of
 * sshkey_cert_check_host in OpenSSH's sshkey.c. That the host has the key is for the key exchange.
 */
export function certificateFlaw(certificate: Certificate, rules: CertificateRules): string | null {
  const { authority, signed, signature, subject, principals } = certificate;
  const isKnown = rules.authorities.some(({ blob }) => blob.equals(authority.blob));
  if (!isKnown)
    return `${authority.type} ${fingerprint(authority.blob)} signed it, who is not known`;
  const algorithm = signatureAlgorithm(signature);
  if (!rules.signatures.includes(algorithm)) {
    return `it is signed by ${printable(algorithm, 40)}, which CASignatureAlgorithms leaves out`;
  }
  if (!verifySignature(authority, signed, signature)) return 'its signature is wrong';
  if (subject !== 'host') return 'it is not for hosts';
  const isFor =
    principals.length === 0 || principals.some((one) => matchesPattern(one, rules.name));
  if (!isFor) return `it is for ${printable(principals.join(', '))}`;
  if (certificate.hasCriticalOptions) return 'it has critical options, which hosts have none of';
  return invalidity(certificate, rules.now);
}
