import { createPrivateKey, randomBytes } from 'node:crypto';

/** An Ed25519 key pair in the forms that SSH programs read. */
export interface SshKeyPair {
  /** `ssh-ed25519 AAAA...`, without a comment. */
  readonly publicLine: string;
  /** OpenSSH's private key file, not encrypted (PROTOCOL.key of OpenSSH). */
  readonly openssh: string;
  /** Dropbear's host key file: the key's name, then seed and public key. */
  readonly dropbear: Buffer;
}

/** Makes a new key pair; `comment` is stored in OpenSSH's form. */
export function createSshKeyPair(comment: string): SshKeyPair {
  // any 32 bytes (RFC 8032, 5.1.5); while one of generateKeyPairSync is exported, node 20 may hang
  const seed = randomBytes(32);
  const key = { kty: 'OKP', crv: 'Ed25519', x: seed.toString('base64url') } as const;
  const { x = '' } = createPrivateKey({ key: { ...key, d: key.x }, format: 'jwk' }).export({
    format: 'jwk',
  });
  const publicKey = Buffer.from(x, 'base64url');
  const secret = Buffer.concat([seed, publicKey]);

  const publicBlob = Buffer.concat([sshString('ssh-ed25519'), sshString(publicKey)]);
  const check = randomBytes(4);
  const body = Buffer.concat([check, check, publicBlob, sshString(secret), sshString(comment)]);
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, i) => i + 1));
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    sshString('none'),
    sshString('none'),
    sshString(''),
    Buffer.from([0, 0, 0, 1]),
    sshString(publicBlob),
    sshString(Buffer.concat([body, padding])),
  ]);

  return {
    publicLine: `ssh-ed25519 ${publicBlob.toString('base64')}`,
    openssh: [
      '-----BEGIN OPENSSH PRIVATE KEY-----',
      ...(file.toString('base64').match(/.{1,70}/g) ?? []),
      '-----END OPENSSH PRIVATE KEY-----',
      '',
    ].join('\n'),
    dropbear: Buffer.concat([sshString('ssh-ed25519'), sshString(secret)]),
  };
}

function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
