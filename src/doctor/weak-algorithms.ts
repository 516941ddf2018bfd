import type { AgreedAlgorithms } from '../connection/contact.ts';

/** What is weak in what a key exchange has come to, a phrase each (RFC 8758, 9142, 8332, 6194; CVE-2023-48795). */
export function weaknesses(agreed: AgreedAlgorithms): readonly string[] {
  const { kex, hostKey, cipher, mac, isStrict } = agreed;
  return [
    ...(/group1-/.test(kex) ? [`a key exchange of 1024 bits (${kex})`] : []),
    ...(/-sha1$/.test(kex) && !/group1-/.test(kex) ? [`a key exchange by SHA-1 (${kex})`] : []),
    ...(hostKey === 'ssh-dss' ? ['a DSA host key of 1024 bits (ssh-dss)'] : []),
    ...(/^ssh-rsa(?:-cert|$)/.test(hostKey) ? ['SHA-1 signatures of its host key (ssh-rsa)'] : []),
    ...(/-cbc|^arcfour|^3des|^none$/.test(cipher) ? [`the cipher ${cipher}`] : []),
    ...(/md5|-96|sha1|ripemd|^none$/.test(mac) ? [`message codes by ${mac}`] : []),
    ...(isStrict === false && isCut(cipher, mac)
      ? [`no strict key exchange: packets can be cut out unseen (Terrapin, ${cipher})`]
      : []),
  ];
}

/** What Terrapin cuts: ChaCha20-Poly1305, and CBC with encrypt-then-mac. */
function isCut(cipher: string, mac: string): boolean {
  return cipher.startsWith('chacha20') || (cipher.endsWith('-cbc') && mac.includes('-etm'));
}

/** Whether the keys agreed on withstand quantum computers to come. */
export function isPostQuantum({ kex }: AgreedAlgorithms): boolean {
  return /^(?:mlkem|sntrup)/.test(kex);
}
