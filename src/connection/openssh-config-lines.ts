import { ConnectionError } from './transport.ts';

/** One setting of an OpenSSH client configuration file. */
export interface ConfigLine {
  /** In lower case. */
  readonly keyword: string;
  readonly args: readonly string[];
  /** What follows the keyword, as written. */
  readonly rest: string;
  /** `file:line`, for messages. */
  readonly at: string;
}

/**
 * The settings of a configuration file (ssh_config(5)), without empty lines and comments. Words are
 * split as OpenSSH 9 does it (argv_split in its misc.c). Throws `ConnectionError` (`config`).
 */
export function readConfigLines(text: string, file: string): readonly ConfigLine[] {
  return text.split('\n').flatMap((content, index) => {
    const at = `${file}:${index + 1}`;
    const line = /^[ \t\r]*"?([^ \t\r"=#][^ \t\r"=]*)"?[ \t\r]*=?[ \t\r]*(.*?)[ \t\r\f]*$/.exec(
      content,
    );
    if (line === null) return [];
    const [, keyword = '', rest = ''] = line;
    const args = splitWords(rest);
    if (args === null) throw configError(at, `the quotes after ${keyword} are not balanced`);
    if (args.length === 0) throw configError(at, `${keyword} wants a value`);
    return [{ keyword: keyword.toLowerCase(), args, rest, at }];
  });
}

/** An error of the user's configuration, where it is. */
export function configError(
  at: string,
  message: string,
  {
    hint = 'this is the OpenSSH client configuration, which says how to reach hosts',
  }: { readonly hint?: string } = {},
): ConnectionError {
  return new ConnectionError('config', `${at}: ${message}`, { hint });
}

/** Null when a quote is never closed. A `#` starts a comment only where a word could start. */
function splitWords(text: string): readonly string[] | null {
  const words: string[] = [];
  let position = 0;
  while (position < text.length) {
    const char = text[position];
    if (char === ' ' || char === '\t') {
      position += 1;
    } else if (char === '#') {
      break;
    } else {
      const word = readWord(text, position);
      if (word === null) return null;
      words.push(word.value);
      position = word.end;
    }
  }
  return words;
}

function readWord(
  text: string,
  start: number,
): { readonly value: string; readonly end: number } | null {
  let value = '';
  let quote = '';
  let position = start;
  for (; position < text.length; position += 1) {
    const char = text[position] ?? '';
    const next = text[position + 1] ?? '';
    if (char === '\\' && next !== '' && (`'"\\`.includes(next) || (quote === '' && next === ' '))) {
      value += next;
      position += 1;
    } else if (quote === '' && (char === ' ' || char === '\t')) {
      break;
    } else if (quote === '' && (char === '"' || char === "'")) {
      quote = char;
    } else if (char === quote) {
      quote = '';
    } else {
      value += char;
    }
  }
  return quote === '' ? { value, end: position } : null;
}
