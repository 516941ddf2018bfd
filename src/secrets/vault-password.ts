import { dirname, resolve } from 'node:path';
import type { Complaint } from '../source/complaint.ts';
import { distrustOf } from '../source/distrust.ts';
import { quoted } from '../source/quoted.ts';
import { isExecutable, readPrivateFile } from './private-file.ts';
import { runForSecret } from './run-for-secret.ts';

/** A password, or why there is none. */
export type Password = { readonly password: string } | Complaint;

/**
 * The password of a vault password file: its text, or what it prints when it is executable, as with
 * ansible-vault, without blanks around it.
 */
export async function readVaultPassword(path: string): Promise<Password> {
  const what = 'the vault password file';
  if (await isExecutable(path)) {
    const distrust = distrustOf(path);
    if (distrust !== null) {
      return {
        message: `${what} ${quoted(path)} is not run: ${distrust.message}`,
        hint: distrust.hint,
      };
    }
    const file = resolve(path);
    const ran = await runForSecret([file], { directory: dirname(file) });
    if (!ran.ok) return { message: `${what} ${quoted(path)} ${ran.why}`, hint: null };
    return passwordIn(ran.output, path);
  }
  const read = await readPrivateFile(path, what, true);
  return read.ok ? passwordIn(read.bytes, path) : read.complaint;
}

function passwordIn(bytes: Uint8Array, path: string): Password {
  const password = Buffer.from(bytes).toString('utf8').trim();
  return password === ''
    ? { message: `the vault password file ${quoted(path)} is empty`, hint: null }
    : { password };
}
