import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { escapeControls } from '../source/escape-controls.ts';
import { InterruptedError } from './interrupts.ts';
import { UsageError } from './usage-error.ts';

/**
 * Asks for the passphrase of a key file on the terminal, without an echo. Null for an empty answer.
 * Throws `UsageError` where there is no terminal to ask on, and `InterruptedError` on Ctrl-C.
 */
export async function askPassphrase(file: string): Promise<string | null> {
  if (!hasTerminal()) {
    throw new UsageError(
      `${file} has a passphrase, and there is no terminal to ask for it on`,
      `add the key to your agent: ssh-add ${file}`,
    );
  }
  return ask(`Passphrase for ${file}`);
}

/** The same for any other question; `instead` is what to do where there is no terminal. */
export async function askHidden(question: string, instead: string): Promise<string | null> {
  if (!hasTerminal()) {
    throw new UsageError(`${question}: there is no terminal to ask for it on`, instead);
  }
  return ask(question);
}

function hasTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

async function ask(question: string): Promise<string | null> {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: mute, terminal: true });
  // only now: whoever answers at once is not to be echoed
  process.stderr.write(`${escapeControls(question)}: `);
  try {
    const answer = await reader.question('');
    return answer === '' ? null : answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw new InterruptedError();
    throw error;
  } finally {
    reader.close();
    process.stderr.write('\n');
  }
}
