import { readFile } from 'node:fs/promises';
import { type PublicKey, parsePublicKey } from './public-key.ts';
import { messageOf } from './text.ts';
import { ConnectionError } from './transport.ts';

/** Where keys are listed that are never accepted: `file:line` of each, by the base64 of its blob. */
export type RevokedKeys = ReadonlyMap<string, string>;

/** What the head of a key revocation list says (PROTOCOL.krl in OpenSSH). */
const krlMagic = 'SSHKRL\n\0';

/** The RevokedHostKeys files of a run: each is read once, whatever the number of hosts. */
export class RevokedKeyFiles {
  readonly #files = new Map<string, Promise<RevokedKeys>>();

  /**
   * The keys of these files together. As with ssh, a file that can't be read refuses every host: rejects
   * with `ConnectionError` (`config`), for a binary revocation list (KRL) too.
   */
  async load(files: readonly string[]): Promise<RevokedKeys> {
    const lists = await Promise.all(files.map((file) => this.#load(file)));
    return new Map(lists.flatMap((list) => [...list]));
  }

  #load(file: string): Promise<RevokedKeys> {
    const cached = this.#files.get(file);
    if (cached !== undefined) return cached;
    const keys = readKeys(file);
    this.#files.set(file, keys);
    return keys;
  }
}

/** Where a key was revoked; null when it was not. */
export function revocationOf(keys: RevokedKeys, key: PublicKey): string | null {
  return keys.get(key.blob.toString('base64')) ?? null;
}

async function readKeys(file: string): Promise<RevokedKeys> {
  const text = await readFile(file, 'latin1').catch((error) => {
    throw new ConnectionError(
      'config',
      `cannot read RevokedHostKeys ${file}: ${messageOf(error)}`,
      {
        hint: 'without it nobody knows which hosts are not to be trusted; RevokedHostKeys none takes it back',
      },
    );
  });
  if (text.startsWith(krlMagic)) {
    throw new ConnectionError('config', `RevokedHostKeys ${file} is a binary list (KRL)`, {
      hint: 'xpush reads lists of public keys, a line each; with `transport: openssh` ssh itself connects',
    });
  }
  const keys = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const key = parsePublicKey(trimmed);
    const at = `${file}:${index + 1}`;
    if (key === null)
      throw new ConnectionError('config', `${at} of RevokedHostKeys is no public key`);
    keys.set(key.blob.toString('base64'), at);
  }
  return keys;
}
