import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { KeepFile } from '../engine/leg-options.ts';

/** Keeps a file of a host below the directory of the playbook, or where its path leads; only the user reads it. */
export const keepFile: KeepFile = ({ path, content }, { playbook, check }) => {
  const place = resolve(dirname(playbook), path);
  const bytes = Buffer.from(content, 'latin1');
  try {
    if (contentOf(place)?.equals(bytes) === true) return { isChanged: false, failure: null };
    if (!check) put(place, bytes);
    return { isChanged: true, failure: null };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return { isChanged: false, failure: `${place} can't be written (${error.code})` };
  }
};

function contentOf(place: string): Buffer | null {
  try {
    return readFileSync(place);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function put(place: string, bytes: Buffer): void {
  mkdirSync(dirname(place), { recursive: true });
  const temporary = `${place}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(temporary, bytes, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, place);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
