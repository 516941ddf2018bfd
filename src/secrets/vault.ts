import { createDecipheriv, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);

const HEADER = /^\$ANSIBLE_VAULT;(\d+\.\d+);([A-Z0-9]+)(?:;([^\n]*))?\n/;
const ITERATIONS = 10_000;
const KEY_BYTES = 32;
const NONCE_BYTES = 16;

/** What an envelope holds, or the end of a sentence that says why it stays closed. */
export type Opened =
  | { readonly ok: true; readonly content: Buffer }
  | { readonly ok: false; readonly why: string; readonly isPasswordWrong: boolean };

/** Whether a text is an ansible-vault envelope. */
export function isVault(text: Uint8Array): boolean {
  return Buffer.from(text.subarray(0, 15)).toString('latin1') === '$ANSIBLE_VAULT;';
}

/**
 * Opens an ansible-vault envelope of format 1.1, or 1.2 with its id: PBKDF2-HMAC-SHA256 with 10,000
 * rounds gives the keys, HMAC-SHA256 proves the password, AES-256-CTR hides the text.
 * (https://docs.ansible.com/ansible/latest/vault_guide/vault_using_encrypted_content.html)
 */
export async function openVault(envelope: string, password: string): Promise<Opened> {
  const text = `${envelope.trim().replace(/\r/g, '')}\n`;
  const [header, version = '', cipher = ''] = HEADER.exec(text) ?? [];
  if (header === undefined) return damaged('its first line is not that of an ansible-vault text');
  if (version !== '1.1' && version !== '1.2') return damaged(`its format ${version} is not known`);
  if (cipher !== 'AES256') return damaged(`its cipher ${cipher.slice(0, 20)} is not known`);
  const outer = hex(text.slice(header.length).replace(/\s/g, ''))?.toString('latin1') ?? '';
  const [salt, digest, hiddenText, ...more] = outer.split('\n').map(hex);
  if (!salt || !digest || !hiddenText || more.length > 0) return damaged('it is damaged');

  const keys = await derive(password, salt, ITERATIONS, 2 * KEY_BYTES + NONCE_BYTES, 'sha256');
  const [key, proof, nonce] = [
    keys.subarray(0, KEY_BYTES),
    keys.subarray(KEY_BYTES, 2 * KEY_BYTES),
    keys.subarray(2 * KEY_BYTES),
  ];
  const found = createHmac('sha256', proof).update(hiddenText).digest();
  if (found.length !== digest.length || !timingSafeEqual(found, digest)) {
    return { ok: false, why: 'the vault password does not open it', isPasswordWrong: true };
  }
  const decipher = createDecipheriv('aes-256-ctr', key, nonce);
  const padded = Buffer.concat([decipher.update(hiddenText), decipher.final()]);
  const padding = padded.at(-1) ?? 0;
  if (padding < 1 || padding > 16 || padding > padded.length) return damaged('it is damaged');
  return { ok: true, content: padded.subarray(0, padded.length - padding) };
}

function damaged(why: string): Opened {
  return { ok: false, why, isPasswordWrong: false };
}

function hex(text: string): Buffer | null {
  return text !== '' && /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : null;
}
