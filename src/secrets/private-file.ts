import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import type { Complaint } from '../source/complaint.ts';
import { distrustOf, exposureOf } from '../source/distrust.ts';
import { quoted } from '../source/quoted.ts';

const LARGEST_BYTES = 10 * 1024 * 1024;

/** A file of secrets, or what is wrong with it. */
export type FileRead =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly complaint: Complaint };

/**
 * Reads a file of at most 10 MB that nobody else may write to; when it holds a key, nobody else may
 * read it either.
 */
export async function readPrivateFile(
  path: string,
  what: string,
  isKey: boolean,
): Promise<FileRead> {
  const complaint = distrustOf(path) ?? (isKey ? exposureOf(path) : null);
  if (complaint !== null) {
    const { message, hint } = complaint;
    return refused(`${what} ${quoted(path)} is not used: ${message}`, hint);
  }
  try {
    const file = await open(path);
    try {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of file.createReadStream({ autoClose: false })) {
        size += chunk.length;
        if (size > LARGEST_BYTES) return refused(`${what} ${quoted(path)} is larger than 10 MB`);
        chunks.push(Buffer.from(chunk));
      }
      return { ok: true, bytes: Buffer.concat(chunks) };
    } finally {
      await file.close();
    }
  } catch (error) {
    return refused(`${what} ${quoted(path)} cannot be read: ${inWords(error)}`);
  }
}

/** Whether a file may be executed. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function refused(message: string, hint: string | null = null): FileRead {
  return { ok: false, complaint: { message, hint } };
}

function inWords(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a directory';
  return code === '' ? String(error) : code;
}
