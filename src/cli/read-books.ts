import type { Variables } from '../playbook/keywords.ts';
import { loadPlaybooks } from '../playbook/load-playbook.ts';
import type { Playbook } from '../playbook/model.ts';
import type { PlaybookFiles } from '../playbook/playbook-files.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { ConfigError } from '../source/diagnostic.ts';
import type { Result } from '../source/result.ts';
import { readExtraVars } from './extra-vars.ts';

/** Playbooks, and the variables of the command line. */
interface Books {
  readonly extraVars: Result<Variables>;
  readonly playbooks: Result<readonly Playbook[]>;
}

/** Playbooks and the variables of the command line, read with `unlocking`. */
export function readBooks(
  books: readonly string[],
  words: readonly string[],
  files: PlaybookFiles,
  store: Pick<SecretStore, 'openFile'>,
): Promise<Books> {
  return unlocking(files, store, () => {
    const extraVars = readExtraVars(words, files);
    return { extraVars, playbooks: loaded(books, extraVars.ok ? extraVars.value : {}, files) };
  });
}

/**
 * Files of variables that are encrypted as a whole are opened when they are met, and `read` reads again
 * then: a password is only asked for where one is needed.
 */
export async function unlocking<T>(
  files: PlaybookFiles,
  store: Pick<SecretStore, 'openFile'>,
  read: () => T,
): Promise<T> {
  for (;;) {
    const result = read();
    const locked = files.takeLocked();
    if (locked.length === 0) return result;
    for (const { file, content } of locked) {
      const opened = await store.openFile(content, file);
      if (opened !== null) files.unlock(file, opened);
    }
  }
}

function loaded(
  books: readonly string[],
  extraVars: Variables,
  files: PlaybookFiles,
): Result<readonly Playbook[]> {
  try {
    return { ok: true, value: loadPlaybooks(books, { files, extraVars }) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ok: false, diagnostics: error.diagnostics };
  }
}
