import * as v from 'valibot';

const clause = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;

/** A parameter that says who may do what with a file: octal, or as chmod(1) takes it. */
export const fileMode = v.pipe(
  v.string(),
  v.check(
    (text) => /^[0-7]{3,4}$/.test(text) || text.split(',').every((part) => clause.test(part)),
    "a mode has three or four octal digits\nsuch as '0644', or is as chmod takes it: 'u=rw,go=r'",
  ),
);

/**
 * Permission bits once a mode is given, as chmod(1) gives it to what has the bits `before`; who is not named
 * is all, but for what a umask of 022 takes.
 */
export function modeAfter(text: string, before: number, isDirectory: boolean): number {
  if (/^[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return text.split(',').reduce((mode, part) => {
    const [, who = '', actions = ''] = clause.exec(part) ?? [];
    return [...actions.matchAll(/([-+=])([rwxXstugo]*)/g)].reduce(
      (bits, [, sign = '', letters = '']) => applied(bits, { who, sign, letters, isDirectory }),
      mode,
    );
  }, before);
}

interface Action {
  readonly who: string;
  readonly sign: string;
  readonly letters: string;
  readonly isDirectory: boolean;
}

const shifts: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };
const places: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const values: Readonly<Record<string, number>> = {
  ...{ r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 },
};

/** As GNU's chmod does it: setuid and setgid of a directory stay unless they are named. */
function applied(mode: number, { who, sign, letters, isDirectory }: Action): number {
  const affected = [...who].reduce((sum, one) => sum | (places[one] ?? 0), 0);
  const given = bitsOf(letters, mode, isDirectory);
  const named = who === '' ? given : affected & given;
  const kept = isDirectory ? 0o6000 & ~named : 0;
  const bits = given & (who === '' ? ~0o022 : affected) & ~kept;
  if (sign === '+') return mode | bits;
  if (sign === '-') return mode & ~bits;
  return (mode & ((who === '' ? 0 : ~affected) | kept)) | bits;
}

function bitsOf(letters: string, mode: number, isDirectory: boolean): number {
  const from = shifts[letters];
  if (from !== undefined) return ((mode >> from) & 7) * 0o111;
  const bits = [...letters].reduce((sum, letter) => sum | (values[letter] ?? 0), 0);
  const isRunnable = letters.includes('X') && (isDirectory || (mode & 0o111) !== 0);
  return isRunnable ? bits | 0o111 : bits;
}

/** As Ansible writes a mode: `0644`. */
export function modeWord(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
