import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { quickenCurve25519 } from '../../src/connection/ssh2-curve25519.ts';

/** An exchange of ssh2 as it is when it is set, with what it does itself. */
function exchange() {
  return {
    generateKeys: (): void => expect.unreachable(),
    getPublicKey: (): Buffer => expect.unreachable(),
    computeSecret: (_theirs: Buffer): Buffer | Error => expect.unreachable(),
    convertPublicKey: (key: Buffer): Buffer => key,
  };
}

describe('quickenCurve25519', () => {
  test('gives the secret as a positive number without needless zeros', () => {
    const lengths = new Set<number>();
    for (let round = 0; round < 400; round += 1) {
      const ours = exchange();
      quickenCurve25519(ours);
      const theirs = generateKeyPairSync('x25519');
      const value = theirs.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);

      const secret = ours.computeSecret(value);

      const header = Buffer.from('302a300506032b656e032100', 'hex');
      const key = Buffer.concat([header, ours.getPublicKey()]);
      const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
      const raw = diffieHellman({ privateKey: theirs.privateKey, publicKey });
      if (secret instanceof Error) throw secret;
      const isShort = secret[0] !== 0 || (secret[1] ?? 0) >= 128;
      expect(BigInt(`0x${secret.toString('hex')}`)).toBe(BigInt(`0x${raw.toString('hex')}`));
      expect([isShort, (secret[0] ?? 0) < 128]).toEqual([true, true]);
      lengths.add(secret.length);
    }
    expect(lengths.size).toBeGreaterThan(1);
  });

  test('has one value, however often it is asked for', () => {
    const ours = exchange();
    quickenCurve25519(ours);

    ours.generateKeys();

    expect(ours.getPublicKey()).toBe(ours.getPublicKey());
  });

  test('gives an error for a value that is none, as ssh2 does', () => {
    const ours = exchange();
    quickenCurve25519(ours);

    expect(ours.computeSecret(Buffer.alloc(32))).toBeInstanceOf(Error);
    expect(ours.computeSecret(Buffer.alloc(5))).toBeInstanceOf(Error);
  });

  test('leaves one alone that is another than it knows', () => {
    const other = { generateKeys: () => 'its own' };

    quickenCurve25519(other);

    expect(other.generateKeys()).toBe('its own');
  });
});
