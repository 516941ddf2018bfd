import { exitCodes } from '../engine/exit-code.ts';
import { ConfigError } from '../source/diagnostic.ts';
import { formatDiagnostic } from '../source/format-diagnostic.ts';
import { InterruptedError } from './interrupts.ts';
import { UsageError } from './usage-error.ts';

/**
 * Runs one command line and sets the exit code of the process. What is the user's mistake is said in
 * a sentence; anything else is a bug and keeps its stack.
 */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', outputFailed);
  try {
    const { parse } = await import('./parse.ts');
    process.exitCode = await (await parse(argv))();
  } catch (error) {
    if (error instanceof InterruptedError) {
      process.exitCode = exitCodes.interrupted;
      return;
    }
    if (isWriteError(error)) return outputFailed(error);
    if (!(error instanceof UsageError || error instanceof ConfigError)) throw error;
    process.exitCode = exitCodes.usage;
    process.stderr.write(`${inWords(error)}\n`);
    if (wantsJson(argv)) {
      const { errorDocument } = await import('../report/json-document.ts');
      const diagnostics =
        error instanceof ConfigError ? error.diagnostics : [usageAsDiagnostic(error)];
      process.stdout.write(`${JSON.stringify(errorDocument(diagnostics))}\n`);
    }
  }
}

let hasToldOfOutput = false;

/** A full disk is told once; that nobody reads any more (EPIPE) is no failure. */
function outputFailed(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || hasToldOfOutput) return;
  hasToldOfOutput = true;
  process.exitCode = exitCodes.failed;
  process.stderr.write(`xpush: the output cannot be written: ${error.message}\n`);
}

function isWriteError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && error.syscall === 'write';
}

function inWords(error: UsageError | ConfigError): string {
  if (error instanceof ConfigError) {
    const count = error.diagnostics.length;
    const total = count > 1 ? `\n${count} errors; nothing was contacted.` : '';
    return `${error.diagnostics.map(formatDiagnostic).join('\n')}${total}`;
  }
  const hint = error.hint === null ? '' : `\n  hint: ${error.hint}`;
  return `xpush: ${error.message}${hint}`;
}

function usageAsDiagnostic({ message, hint }: UsageError) {
  return { position: null, message, hint, excerpt: null };
}

/** The command line itself may be what could not be read, so this only looks for the words. */
function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, index) =>
      /^(-o|--output=)(nd)?json$/.test(word) ||
      ((word === '-o' || word === '--output') && /^(nd)?json$/.test(argv[index + 1] ?? '')),
  );
}
