import type { Complaint } from '../source/complaint.ts';
import { quoted } from '../source/quoted.ts';
import type { FileRead } from './private-file.ts';

const BINARY = 'age-encryption.org/v1\n';
const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';

/** Whether a file is encrypted with age (https://age-encryption.org/v1), armored or not. */
export function isAge(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  return start.startsWith(BINARY) || start.trimStart().startsWith(ARMOR);
}

/** Whether it is encrypted to a passphrase, not to keys. */
export function wantsPassphrase(bytes: Uint8Array): boolean {
  return /^-> scrypt /m.test(headerOf(bytes));
}

/** What opens an age file. */
export type Opener = { readonly identities: readonly string[] } | { readonly passphrase: string };

/** Decrypts an age file; `file` is its name in messages. */
export async function openAge(bytes: Uint8Array, opener: Opener, file: string): Promise<FileRead> {
  const { Decrypter, armor } = await import('age-encryption');
  const decrypter = new Decrypter();
  if ('passphrase' in opener) decrypter.addPassphrase(opener.passphrase);
  else for (const identity of opener.identities) decrypter.addIdentity(identity);
  try {
    const text = Buffer.from(bytes).toString('latin1');
    const raw = text.startsWith(BINARY) ? bytes : armor.decode(text.trim());
    return { ok: true, bytes: Buffer.from(await decrypter.decrypt(raw)) };
  } catch (error) {
    return { ok: false, complaint: complaintOf(error, opener, file) };
  }
}

/** Its words are the library's, which never hold what it decrypts. */
function complaintOf(error: unknown, opener: Opener, file: string): Complaint {
  const said = error instanceof Error ? error.message : '';
  if (/no identity matched/i.test(said)) {
    return 'passphrase' in opener
      ? { message: `the passphrase does not open ${quoted(file)}`, hint: null }
      : {
          message: `none of your identities opens ${quoted(file)}`,
          hint: 'give the file of the right one: --secrets-identity FILE',
        };
  }
  return { message: `${quoted(file)} is damaged, or no age file`, hint: null };
}

/**
 * The identities of a file as age-keygen writes it: a line each, comments and empty lines aside. A
 * complaint names the line, never what is in it.
 */
export function readIdentities(text: string, file: string): readonly string[] | Complaint {
  const identities: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const word = line.trim();
    if (word === '' || word.startsWith('#')) continue;
    if (!/^AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{50,}$/.test(word)) {
      return {
        message: `${file}:${index + 1}: this is no age identity`,
        hint: 'such as age-keygen makes: AGE-SECRET-KEY-1...',
      };
    }
    identities.push(word);
  }
  return identities.length > 0
    ? identities
    : { message: `${quoted(file)} holds no identity`, hint: `make one: age-keygen -o ${file}` };
}

function headerOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, 65_536)).toString('latin1').trimStart();
  if (!text.startsWith(ARMOR)) return text.split('\n---')[0] ?? '';
  const body = text.slice(ARMOR.length).split('-----END')[0] ?? '';
  return Buffer.from(body, 'base64').toString('latin1').split('\n---')[0] ?? '';
}
