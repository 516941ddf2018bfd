/** What certificates of keys are called (PROTOCOL.certkeys of OpenSSH). */
const certificateSuffix = '-cert-v01@openssh.com';

export function isCertificateType(type: string): boolean {
  return type.endsWith(certificateSuffix);
}

/** The type of key, or the signature algorithm, without a certificate: `ssh-ed25519` for that of its certificates. */
export function plainType(type: string): string {
  if (!isCertificateType(type)) return type;
  const plain = type.slice(0, -certificateSuffix.length);
  return plain.startsWith('sk-') ? `${plain}@openssh.com` : plain;
}

/** A key on a FIDO token: what signs for it asks for a touch. */
export function isTokenType(type: string): boolean {
  return type.startsWith('sk-');
}

/**
 * The algorithms that a key or certificate of this type can be offered by, best first. RSA keys sign
 * in several ways (RFC 8332); those with SHA-1 are weak, and last.
 */
export function algorithmsOf(type: string): readonly string[] {
  switch (type) {
    case 'ssh-rsa':
      return ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'];
    case `ssh-rsa${certificateSuffix}`:
      return [
        `rsa-sha2-512${certificateSuffix}`,
        `rsa-sha2-256${certificateSuffix}`,
        `ssh-rsa${certificateSuffix}`,
      ];
    default:
      return [type];
  }
}

/** Keys and certificates that can be offered; DSA has gone from OpenSSH. */
export function isOffered(type: string): boolean {
  return plainTypes.includes(plainType(type));
}

const plainTypes = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
];
