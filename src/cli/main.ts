import { inspect } from 'node:util';
import { exitCodes } from '../engine/exit-code.ts';
import { ConfigError } from '../source/diagnostic.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { formatDiagnostic } from '../source/format-diagnostic.ts';
import { mapTexts } from '../source/map-texts.ts';
import type { CodeUse } from './code-cache.ts';
import { InterruptedError } from './interrupts.ts';
import { redactor } from './redaction.ts';
import { endIfStuck } from './stuck.ts';
import { UsageError } from './usage-error.ts';

/**
 * Runs one command line and sets the exit code of the process. What is the user's mistake is said in
 * a sentence; anything else is a bug and keeps its stack.
 */
export async function main(argv: readonly string[], code: CodeUse): Promise<void> {
  process.stdout.on('error', outputFailed);
  process.stderr.on('error', () => {}); // nobody is left to tell
  process.on('uncaughtException', dieOfBug);
  try {
    if (isVersionReport(argv)) {
      const { versionReport } = await import('./version-report.ts');
      process.stdout.write(versionReport(code));
      return;
    }
    if (argv[0] === '__complete') {
      const { complete } = await import('./complete.ts');
      process.stdout.write(await complete(argv.slice(1)));
      return;
    }
    const { parse } = await import('./parse.ts');
    process.exitCode = await (await parse(argv))();
    endIfStuck();
  } catch (error) {
    if (error instanceof InterruptedError) {
      process.exitCode = exitCodes.interrupted;
      return;
    }
    if (isWriteError(error)) return outputFailed(error);
    if (!(error instanceof UsageError || error instanceof ConfigError)) throw error;
    process.exitCode = exitCodes.usage;
    process.stderr.write(`${redactor.redact(inWords(error))}\n`);
    if (wantsJson(argv, process.env)) {
      const { errorDocument } = await import('../report/json-document.ts');
      const diagnostics =
        error instanceof ConfigError ? error.diagnostics : [usageAsDiagnostic(error)];
      const shown = mapTexts(diagnostics, (text) => redactor.redact(text));
      process.stdout.write(`${JSON.stringify(errorDocument(shown))}\n`);
    }
  }
}

function isVersionReport(argv: readonly string[]): boolean {
  return argv.length === 2 && argv.includes('--version') && argv.includes('-v');
}

/** A bug keeps its stack; what it was about may be a secret. */
function dieOfBug(error: unknown): void {
  process.stderr.write(`${redactor.redact(inspect(error))}\n`);
  process.exit(exitCodes.failed);
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

/** Of so many errors the first are enough: each run tells the next. */
const mostToldErrors = 100;

function inWords(error: UsageError | ConfigError): string {
  if (error instanceof ConfigError) {
    const { diagnostics } = error;
    const count = diagnostics.length;
    const told = diagnostics.slice(0, mostToldErrors).map(formatDiagnostic);
    const more = count > mostToldErrors ? `\n... and ${count - mostToldErrors} more` : '';
    const total = count > 1 ? `\n${count} errors; nothing was contacted.` : '';
    return `${told.join('\n')}${more}${total}`;
  }
  const hint = error.hint === null ? '' : `\n  hint: ${onOneLine(error.hint)}`;
  return `xpush: ${onOneLine(error.message)}${hint}`;
}

/** What was given on the command line may hold anything. */
function onOneLine(text: string): string {
  return escapeControls(text).replaceAll('\n', '\\x0a');
}

function usageAsDiagnostic({ message, hint }: UsageError) {
  return { position: null, message, hint, excerpt: null };
}

/** The command line itself may be what could not be read, so this only looks for the words. */
function wantsJson(argv: readonly string[], environment: NodeJS.ProcessEnv): boolean {
  const { XPUSH_OUTPUT = '' } = environment;
  const forms = argv.flatMap((word, index) => {
    const [, form] = /^(?:-\w*?o|--output=)(\w+)$/.exec(word) ?? [];
    if (form !== undefined) return [form];
    return /^(?:-\w*o|--output)$/.test(word) ? [argv[index + 1] ?? ''] : [];
  });
  return /^(nd)?json$/.test(forms.at(-1) ?? XPUSH_OUTPUT);
}
