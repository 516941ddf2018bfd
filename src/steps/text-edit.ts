import { change } from '../host/change.ts';
import { asBytes } from '../host/change-words.ts';
import { own } from '../host/owned-file.ts';
import { type Entry, type FileState, query } from '../host/query.ts';
import { SlowPattern } from '../source/matches-in-time.ts';
import { backup, backupName } from './backup.ts';
import { editable } from './editable.ts';
import { modeAfter } from './file-mode.ts';
import { madeEntry, type Ownership, wantedOf } from './ownership.ts';
import { type Plan, type Refusal, refuse } from './step.ts';
import { canValidate, validation } from './validated.ts';

/** What an edit makes of a text, or what is in its way. */
export type Edited =
  | { readonly text: string }
  | { readonly problem: string; readonly hint?: string };

/**
 * An edit of a file's text. `own`: what a text of the user's is there: itself in a file of UTF-8, its
 * bytes in any other.
 */
export type Edit = (text: string, own: (given: string) => string) => Edited;

export interface EditOptions extends Ownership {
  /** Whether a file that is missing is made. */
  readonly create: boolean;
  /** Whether the old file is kept. */
  readonly backup?: boolean | undefined;
  /** A line of shell with %s for a file: it must succeed before the text is written. */
  readonly validate?: string | undefined;
}

/** What an edit of the file asks. */
export function editQueries(path: string, { owner, group }: Ownership = {}) {
  const isOwned = owner !== undefined || group !== undefined;
  return {
    ...{ file: query.file(path), above: query.file(directoryOf(path)) },
    entry: isOwned ? [query.entry(path)] : [],
  } as const;
}

/** What the host answers. */
interface Seen {
  readonly file: FileState;
  readonly above: FileState;
  readonly entry: readonly Entry[];
}

/** Edits a file; all that the edit does not ask for stays byte for byte. */
export function planEdit(
  path: string,
  seen: Seen,
  edit: Edit,
  { create, validate, backup: isKept = false, ...ownership }: EditOptions,
): Plan | Refusal {
  const { file, above, entry } = seen;
  if (entry.some(({ type }) => type === 'link')) {
    return refuse(`${path} is a symbolic link`, 'to give it an owner, name what it leads to');
  }
  const found = editable(path, file);
  if ('refusal' in found) return found;
  const edited = editedContent(found.text ?? '', edit);
  if ('problem' in edited) {
    const isOfFile = edited.hint === undefined;
    return refuse(isOfFile ? `${path}: ${edited.problem}` : edited.problem, edited.hint ?? null);
  }
  if (found.text === null) {
    if (edited.text === '') return { changes: [], message: `there is no ${path}` };
    if (!create) return refuse(`${path} does not exist`, 'create: true makes it');
    if (above.type !== 'directory') return refuse(`there is no directory ${directoryOf(path)}`);
  }
  const again = editedContent(edited.text, edit);
  const isSettled = 'text' in again && again.text === edited.text;
  const { mode, owner, group } = ownership;
  const bits = mode === undefined ? null : modeAfter(mode, oldMode(file), false);
  const written = change.writeFile(path, edited.text, file, {
    effect: 'boot',
    ...(bits === null ? {} : { mode: bits }),
  });
  const isWritten = written.length > 0;
  const owned = entry.flatMap((before) => {
    const now = isWritten ? madeEntry('file', before, bits === null ? {} : { mode: bits }) : before;
    return own(path, wantedOf({ owner, group }, now), now, {
      isNew: isWritten && found.text === null,
      effect: 'boot',
    });
  });
  if (validate !== undefined && !canValidate(edited.text)) {
    return refuse(`${path} is no UTF-8, and cannot be validated`);
  }
  const isToCheck = validate !== undefined && isWritten;
  const checks = isToCheck ? [validation(path, edited.text, { validate })] : [];
  const name = isKept && isWritten ? backupName(path, file) : null;
  return {
    changes: [...checks, ...(name === null ? [] : [backup(path, name)]), ...written, ...owned],
    ...(name === null ? {} : { data: { backup_file: name } }),
    message: isSettled ? null : 'a second run will change it again: what it writes matches anew',
  };
}

function oldMode(file: FileState): number {
  return file.type === 'file' ? file.mode : 0o644;
}

/** The content (bytes as latin1 text) after an edit: in UTF-8 where it is that, else byte by byte. */
function editedContent(content: string, edit: Edit): Edited {
  try {
    const text = utf8(content);
    if (text === null) return edit(content, asBytes);
    const edited = edit(text, (given) => given);
    return 'text' in edited ? { text: asBytes(edited.text) } : edited;
  } catch (error) {
    if (!(error instanceof SlowPattern)) throw error;
    return { problem: error.message, hint: 'repeat nothing that is repeated, as in (a+)+' };
  }
}

/** The text of bytes that are UTF-8; null for others. */
function utf8(bytes: string): string | null {
  if (/^[\0-\x7f]*$/.test(bytes)) return bytes;
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return null;
  }
}

function directoryOf(path: string): string {
  return path.replace(/\/+[^/]*\/*$/, '') || '/';
}
