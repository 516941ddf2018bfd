/**
 * The command line that goes on with the hosts that a run leaves behind.
 * @param run its id, or `last`
 */
export function resumeCommand(argv: readonly string[], run = 'last'): string {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const words = argv.slice(0, end).flatMap((word, index) => {
    const isRetry = word === '--retry' || word.startsWith('--retry=');
    return isRetry || argv[index - 1] === '--retry' ? [] : [word];
  });
  return ['xpush', ...words, '--retry', run, ...argv.slice(end)].map(quotedWord).join(' ');
}

/** As a POSIX shell reads it. */
export function quotedWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
