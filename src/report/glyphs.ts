/** The signs of the live display; each is one cell wide, `ellipsis` as long as it is. */
export interface Glyphs {
  readonly ellipsis: string;
  readonly dot: string;
  readonly done: string;
  readonly failed: string;
  readonly undone: string;
  readonly spinner: readonly string[];
  readonly barFull: string;
  readonly barHalf: string;
  readonly barEmpty: string;
}

const unicode: Glyphs = {
  ellipsis: '…',
  dot: '·',
  done: '✔',
  failed: '✖',
  undone: '↩',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  barFull: '█',
  barHalf: '▌',
  barEmpty: '░',
};

const ascii: Glyphs = {
  ellipsis: '...',
  dot: '-',
  done: '+',
  failed: 'x',
  undone: '<',
  spinner: ['|', '/', '-', '\\'],
  barFull: '#',
  barHalf: '-',
  barEmpty: '.',
};

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The signs that a terminal can show, by its locale (locale(7)) and kind. */
export function glyphsFor(env: Environment): Glyphs {
  const { LC_ALL, LC_CTYPE, LANG, TERM } = env;
  const locale = LC_ALL || LC_CTYPE || LANG || 'UTF-8';
  return /utf-?8/i.test(locale) && TERM !== 'linux' ? unicode : ascii;
}
