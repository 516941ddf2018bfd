import { styleText } from 'node:util';

/** Colours and signs that a stream can show. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly right: string;
  readonly wrong: string;
  readonly rule: string;
}

/** Obeys NO_COLOR and FORCE_COLOR; a stream that is no terminal gets no escapes, a locale without UTF-8 plain signs. */
export function paintOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Paint {
  const { NO_COLOR = '', FORCE_COLOR = '', LC_ALL, LC_CTYPE, LANG } = env;
  const isColoured =
    NO_COLOR === '' && (FORCE_COLOR !== '' || (stream.isTTY && stream.hasColors()));
  const isUtf8 = /utf-?8/i.test([LC_ALL, LC_CTYPE, LANG].find((value) => value) ?? '');
  const style =
    (format: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      isColoured ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: style('bold'),
    dim: style('dim'),
    green: style('green'),
    red: style(['bold', 'red']),
    ...(isUtf8 ? { right: '✓', wrong: '✗', rule: '─' } : { right: '+', wrong: 'x', rule: '-' }),
  };
}
