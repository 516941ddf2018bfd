import { escapeControls } from './escape-controls.ts';

const LONGEST = 80;

/** A value of the user's, as a message shows it: in double quotes, on one line, cut when long. */
export function quoted(text: string): string {
  const characters = [...text.slice(0, 2 * LONGEST)];
  const shown =
    characters.length > LONGEST
      ? `${characters.slice(0, LONGEST).join('')}...`
      : characters.join('');
  return escapeControls(JSON.stringify(shown));
}

/** `a`, `a or b`, `a, b or c`. */
export function listed(words: readonly string[], conjunction = 'or'): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}
