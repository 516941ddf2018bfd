/** A piece of an xl configuration file; `start` and `end` are offsets, `end` exclusive. */
export interface Token {
  readonly kind:
    | 'name'
    | 'number'
    | 'string'
    | 'newline'
    | ','
    | '['
    | ']'
    | '='
    | '+='
    | ';'
    /** What the lexer doesn't know: nothing is read after it. */
    | 'other'
    | 'end';
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Counts from 1. */
  readonly line: number;
}

/** Why a file is not edited: where, what stands there, and what to do. */
export interface Refusal {
  readonly kind: 'refused';
  readonly line: number;
  readonly message: string;
  readonly hint: string;
}

/**
 * What may stand at a place of the file, as Xen's libxlu_cfg_l.l has it. Newlines, names, numbers and strings
 * are groups; a comment at the end has no newline, which xl wants after it, and older toolstacks don't.
 */
const lexeme =
  /[ \t]+|((?:#[^\n]*)?\n)|#[^\n]*$|([a-z][_0-9a-z]*)|([0-9][0-9a-fx]*)|('(?:[^'\\\n]|\\[^\n])*'|"(?:[^"\\\n]|\\[^\n])*")|\+=|[,[\]=;]/y;

const operators = new Map<string, Token['kind']>(
  (['+=', ',', '[', ']', '=', ';'] as const).map((each) => [each, each]),
);

const plainHint =
  'xpush edits files of plain assignments, as xl reads them: make it one, or name another with `config`';

/** Bytes that make xl refuse the whole file, which no word of it explains. */
const strayBytes: readonly (readonly [RegExp, string, string])[] = [
  [/^\xef\xbb\xbf/, 'a byte order mark', 'save it as plain UTF-8'],
  [/\r/, 'a carriage return', 'save it with Unix line ends'],
  [/\0/, 'a NUL byte', 'restore it from a backup'],
];

/**
 * Cuts the text of a configuration file, bytes as latin1, into tokens; the last one is `end`.
 * Accepts what Xen 4.17's lexer accepts, other bytes above 127 in strings and comments included.
 */
export function tokenise(text: string): readonly Token[] | Refusal {
  for (const [pattern, what, hint] of strayBytes) {
    const at = text.search(pattern);
    if (at !== -1) {
      const message = `the file has ${what}, and xl refuses such a file`;
      return { kind: 'refused', line: lineAt(text, at), message, hint };
    }
  }
  const tokens: Token[] = [];
  let line = 1;
  let start = 0;
  while (start < text.length) {
    const found = matchAt(text, start);
    if (found === null) {
      tokens.push({ kind: 'other', text: text.slice(start), start, end: text.length, line });
      break;
    }
    const { kind, end } = found;
    if (kind !== null) tokens.push({ kind, text: found.text, start, end, line });
    if (kind === 'newline') line += 1;
    start = end;
  }
  return [...tokens, { kind: 'end', text: '', start: text.length, end: text.length, line }];
}

interface Match {
  readonly kind: Token['kind'] | null;
  readonly text: string;
  readonly end: number;
}

function matchAt(text: string, start: number): Match | null {
  lexeme.lastIndex = start;
  const found = lexeme.exec(text);
  return found === null ? null : { kind: kindOf(found), text: found[0], end: lexeme.lastIndex };
}

/** null: it counts for nothing. */
function kindOf(found: RegExpExecArray): Token['kind'] | null {
  if (found[1] !== undefined) return 'newline';
  if (found[2] !== undefined) return 'name';
  if (found[3] !== undefined) return 'number';
  if (found[4] !== undefined) return 'string';
  return operators.get(found[0]) ?? null;
}

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

/** A refusal of what is not plain assignments, which shows the line. */
export function refuseAt(text: string, { kind, line }: Token): Refusal {
  const shown = (text.split('\n')[line - 1] ?? '')
    .trim()
    .replace(/[^ -~]/g, '?')
    .slice(0, 60);
  const message =
    kind === 'end' || shown === ''
      ? 'the file ends amid an assignment'
      : `\`${shown}\` is not plain assignments`;
  return { kind: 'refused', line, message, hint: plainHint };
}
