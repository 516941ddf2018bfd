import { writeSync } from 'node:fs';
import { version } from './version.ts';

/** What bin/xpush runs. `--version` loads nothing more than this. */
export async function start(argv: readonly string[]): Promise<void> {
  if (argv.length === 1 && argv[0] === '--version' && isSaid(`${version()}\n`)) return;
  const { loadProgram } = await import('./load-program.ts');
  await loadProgram(argv);
}

/** False when the output takes nothing; the whole program knows what to say then. */
function isSaid(text: string): boolean {
  try {
    return writeSync(1, text) > 0;
  } catch {
    return false;
  }
}
