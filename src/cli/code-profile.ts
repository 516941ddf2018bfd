/** Which code a command line needs: that of its first word, or of its help. A part of a file's name. */
export function profileOf(argv: readonly string[]): string {
  const [word = ''] = argv;
  const command = /^[a-z]{1,20}$/.test(word) ? word : 'xpush';
  return argv.includes('--help') || argv.includes('-h') ? `${command}-help` : command;
}
