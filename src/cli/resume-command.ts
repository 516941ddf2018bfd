import { HIDDEN, isVariables, shownArguments } from './shown-arguments.ts';

/**
 * The command line that goes on with the hosts that a run leaves behind. Values of `-e` may be secrets: in their
 * place it has variables of the shell, which complains until they are set.
 * @param run its id, or `last`
 */
export function resumeCommand(argv: readonly string[], run = 'last'): string {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const shown = shownArguments(argv);
  const words = argv.slice(0, end).flatMap((word, index) => {
    const isRetry = word === '--retry' || word.startsWith('--retry=');
    if (isRetry || argv[index - 1] === '--retry') return [];
    return [variables(argv[index - 1] ?? '', shown[index] ?? '') ?? quotedWord(word)];
  });
  const again = ['--retry', run, ...argv.slice(end)].map(quotedWord);
  return ['xpush', ...words, ...again].join(' ');
}

/** Whether `resumeCommand` has all that it needs of words that were hidden. */
export function isResumable(shown: readonly string[]): boolean {
  return shown.every(
    (word, index) =>
      !/(?:^|=)\*{3}$/.test(word) || variables(shown[index - 1] ?? '', word) !== null,
  );
}

/** A word with a hidden value of `-e`, for a shell; null: it is none. */
function variables(previous: string, shown: string): string | null {
  const [, option = '', own = ''] = /^(-\w+=|--[\w-]+=)(.*)$/s.exec(shown) ?? [];
  const isOwn = isVariables(option.slice(0, -1));
  if (!isOwn && !isVariables(previous)) return null;
  const given = isOwn ? own : shown;
  if (given === HIDDEN) return `${isOwn ? option : ''}"\${given_vars:?}"`;
  const [, name] = /^([A-Za-z_]\w*)=\*{3}$/.exec(given) ?? [];
  return name === undefined ? null : `${isOwn ? option : ''}${name}="\${given_${name}:?}"`;
}

/** As a POSIX shell reads it. */
export function quotedWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
