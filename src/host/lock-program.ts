import { asBytes, encoded } from './change-words.ts';
import { quoteAll } from './quote.ts';
import type { RunIdentity } from './run-identity.ts';
import type { RuntimeFile } from './runtime.ts';
import type { GenerationText, Holder } from './window.ts';

/** What a call of `xp_hold` needs besides look.sh and act.sh. */
export const holdRuntime: readonly RuntimeFile[] = ['windows.sh', 'lock.sh'];

/** A call that takes the host's lock, and keeps what undoes the changes to come. */
export function holdCall({ identity, generation }: Holder): string {
  return `xp_hold ${quoteAll([...identityWords(identity), ...(generation === null ? [] : generationWords(generation))])}`;
}

/** `RUN BY SINCE`, as a lock has them: a line each. Throws for what is none. */
export function identityWords({ id, by, since }: RunIdentity): readonly string[] {
  return [checkedWord(id), checkedWord(by), checkedWord(since)];
}

/** Whether it can be the name of a window or generation, which is a file's. */
export function isWindowId(id: string): boolean {
  return /^\w[\w-]{0,100}\.\d{1,6}$/.test(id);
}

/** The name of a window or generation; throws when it is none. */
export function checkedId(id: string): string {
  if (!isWindowId(id)) throw new Error(`not the id of a window: ${id}`);
  return id;
}

/** `ID KEEP ENCODING TEXT`. */
function generationWords({ id, keep, text }: GenerationText): readonly string[] {
  return [checkedId(id), `${Math.max(0, Math.trunc(keep))}`, ...encoded(asBytes(text))];
}

function checkedWord(word: string): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(word)) throw new Error(`not a word: ${JSON.stringify(word)}`);
  return word;
}
