import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { Curve25519 } from '../../src/connection/curve25519.ts';

/** RFC 7748, 6.1: Bob's private key. */
const bob = createPrivateKey({
  key: Buffer.concat([
    Buffer.from('302e020100300506032b656e04220420', 'hex'),
    Buffer.from('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb', 'hex'),
  ]),
  format: 'der',
  type: 'pkcs8',
});
const bobsValue = Buffer.from(
  'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
  'hex',
);
const header = Buffer.from('302a300506032b656e032100', 'hex');

describe('Curve25519', () => {
  test('has the secret that the other side has, with values of 32 bytes', () => {
    for (let round = 0; round < 50; round += 1) {
      const ours = new Curve25519();

      const key = Buffer.concat([header, ours.publicValue]);
      const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
      const theirs = diffieHellman({ privateKey: bob, publicKey });
      expect(ours.publicValue).toHaveLength(32);
      expect(ours.secretWith(bobsValue)).toEqual(theirs);
    }
  });

  test('is another one each time', () => {
    expect(new Curve25519().publicValue).not.toEqual(new Curve25519().publicValue);
  });

  test.each([
    ['is too short', Buffer.alloc(31, 9)],
    ['is too long', Buffer.alloc(33, 9)],
    ['is empty', Buffer.alloc(0)],
    ['is zero, so that the secret would be', Buffer.alloc(32)],
    ['is of a small order', Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])],
  ])('takes no value that %s', (_, value) => {
    expect(() => new Curve25519().secretWith(value)).toThrow();
  });

  // in a process of its own, whose garbage is collected at each place there is: it would never come back
  test('is made whenever garbage is collected meanwhile', () => {
    const contents = `
      import { Curve25519 } from './curve25519.ts';
      for (let round = 0; round < 100_000; round += 1) {
        let garbage = [];
        for (let left = Math.random() * 200; left > 0; left -= 1) garbage = [garbage];
        new Curve25519();
      }`;
    const resolveDir = join(import.meta.dirname, '../../src/connection');
    const { outputFiles } = buildSync({
      ...{ stdin: { contents, resolveDir, loader: 'ts' }, bundle: true, write: false },
      ...{ platform: 'node', format: 'cjs' },
    });
    const [program] = outputFiles;

    execFileSync(process.execPath, ['--max-semi-space-size=1', '-'], {
      ...{ input: program?.text ?? '', timeout: 50_000, stdio: ['pipe', 'inherit', 'inherit'] },
    });
  });
});
