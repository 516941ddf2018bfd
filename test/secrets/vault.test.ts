import { createCipheriv, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isVault, openVault } from '../../src/secrets/vault.ts';
import { runs } from '../runs.ts';

// Made by ansible-vault of ansible-core 2.14.
const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'vault', name), 'utf8');
const password = fixture('password').trim();

/** An envelope as ansible-vault writes it. */
function sealed(content: Buffer, secret: string, header: string): string {
  const salt = randomBytes(32);
  const keys = pbkdf2Sync(secret, salt, 10_000, 80, 'sha256');
  const cipher = createCipheriv('aes-256-ctr', keys.subarray(0, 32), keys.subarray(64));
  const padding = 16 - (content.length % 16);
  const padded = Buffer.concat([content, Buffer.alloc(padding, padding)]);
  const hidden = Buffer.concat([cipher.update(padded), cipher.final()]);
  const proof = createHmac('sha256', keys.subarray(32, 64)).update(hidden).digest('hex');
  const inner = [salt.toString('hex'), proof, hidden.toString('hex')].join('\n');
  const body =
    Buffer.from(inner)
      .toString('hex')
      .match(/.{1,80}/g) ?? [];
  return `${[header, ...body].join('\n')}\n`;
}

describe('openVault', () => {
  test.each([
    ['v1.1.vault', 'plain-1.1 é value'],
    ['v1.2.vault', 'labelled value, 1.2\n'],
  ])('opens %s of the real ansible-vault', async (name, content) => {
    const opened = await openVault(fixture(name), password);

    expect(opened.ok && opened.content.toString()).toBe(content);
    expect(isVault(Buffer.from(fixture(name)))).toBe(true);
  });

  test('opens whatever is sealed, with or without an id, however it is indented', async () => {
    const header = fc.constantFrom('$ANSIBLE_VAULT;1.1;AES256', '$ANSIBLE_VAULT;1.2;AES256;a b');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.string(), header, async (bytes, secret, first) => {
        const envelope = sealed(Buffer.from(bytes), secret, first);

        const opened = await openVault(envelope.replaceAll('\n', '\n  '), secret);
        const closed = await openVault(envelope, `${secret}.`);

        expect(opened.ok && [...opened.content]).toEqual([...bytes]);
        expect(closed).toMatchObject({ ok: false, isPasswordWrong: true });
      }),
      { numRuns: runs(20) },
    );
  });

  test('says what is wrong with any other text, and never opens a changed one', async () => {
    const header = '$ANSIBLE_VAULT;1.1;AES256\n';
    const good = sealed(Buffer.from('content'), 'p', header.trim());
    const isAlike = (one: string): boolean =>
      one.startsWith(header) && one.replaceAll('\n', '') === good.replaceAll('\n', '');
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 2),
        fc.constantFrom('0', 'f', 'x', ''),
        async (at, by) => {
          const changed = good.slice(0, at) + by + good.slice(at + 1);
          const opened = await openVault(changed, 'p');

          // line breaks behind the first line are for the eye only
          expect(opened.ok).toBe(isAlike(changed));
        },
      ),
      { numRuns: runs(40) },
    );
    expect(await openVault('$ANSIBLE_VAULT;1.0;AES\n00', 'p')).toMatchObject({
      why: 'its format 1.0 is not known',
    });
    expect(await openVault('$ANSIBLE_VAULT;1.1;AES256\n', 'p')).toMatchObject({
      why: 'it is damaged',
    });
    expect(await openVault('', 'p')).toMatchObject({ ok: false });
  });
});
