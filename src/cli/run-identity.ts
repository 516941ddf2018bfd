import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { RunIdentity } from '../host/run-identity.ts';

/** The identity of a run that begins now. */
export function newRunIdentity(): RunIdentity {
  const since = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const id = `${since.replaceAll(/[-:]/g, '')}-${randomBytes(3).toString('hex')}`;
  const by = `${userName()}@${hostname()}`.replaceAll(/[^\w.@-]/g, '_').slice(0, 128);
  return { id, by, since };
}

/** Not every user id has a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}
