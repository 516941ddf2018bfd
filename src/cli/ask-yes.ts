import { createInterface } from 'node:readline/promises';
import { escapeControls } from '../source/escape-controls.ts';
import { InterruptedError } from './interrupts.ts';
import { UsageError } from './usage-error.ts';

/**
 * Asks a question on the terminal; only `yes` is one. Throws `UsageError` with what to do where there is
 * no terminal, and `InterruptedError` on Ctrl-C.
 */
export async function askYes(question: string, instead: string): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new UsageError(`${question} - there is no terminal to ask on`, instead);
  }
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  try {
    const answer = await reader.question(`${escapeControls(question)} (yes/no) `);
    return /^y(?:es)?$/i.test(answer.trim());
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw new InterruptedError();
    throw error;
  } finally {
    reader.close();
  }
}
