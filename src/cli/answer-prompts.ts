import { createInterface } from 'node:readline/promises';
import type { Variables } from '../playbook/keywords.ts';
import type { Play, Prompt } from '../playbook/model.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { Secret } from '../source/secret.ts';
import { SourceText } from '../source/source-text.ts';
import { InterruptedError } from './interrupts.ts';
import { askHidden } from './passphrase.ts';
import { redactor } from './redaction.ts';
import { UsageError } from './usage-error.ts';

/** Two that are not alike are asked for once more, so often. */
const mostAttempts = 3;

/**
 * Asks the operator for the variables that plays want to be told, once for each name; one that `-e`
 * gives is not asked for. Without a terminal a variable has its default. What is typed unseen is a
 * secret. Throws `UsageError` for what has no answer, before anything is asked.
 */
export async function answerPrompts(plays: readonly Play[], extraVars: Variables): Promise<void> {
  const prompts = plays
    .flatMap(({ prompts: wanted = [] }) => wanted)
    .filter(({ name }) => !Object.hasOwn(extraVars, name));
  const hasTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const unanswered = prompts.find(({ fallback }) => !hasTerminal && fallback === null);
  if (unanswered !== undefined) {
    const { name, text } = unanswered;
    throw new UsageError(`${text}: there is no terminal to ask for ${name} on`, insteadOf(name));
  }
  const answers = new Map<string, Awaited<ReturnType<typeof ask>>>();
  for (const prompt of prompts) {
    const known = answers.get(prompt.name);
    const answer = known ?? (hasTerminal ? await ask(prompt) : (prompt.fallback ?? ''));
    answers.set(prompt.name, answer);
    prompt.answer(answer);
  }
}

function insteadOf(name: string): string {
  return `give it: -e ${name}=VALUE, or -e @FILE`;
}

async function ask(prompt: Prompt): Promise<string | number | boolean | Secret> {
  for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
    const first = await askOnce(prompt, prompt.text);
    if (first === '' && prompt.fallback !== null) return prompt.fallback;
    if (first === '') {
      process.stderr.write(`${escapeControls(prompt.name)} has no default\n`);
      continue;
    }
    const second = prompt.isAskedTwice ? await askOnce(prompt, `${prompt.text} (again)`) : first;
    if (first === second) return prompt.isPrivate ? asSecret(first) : first;
    process.stderr.write('these are not the same\n');
  }
  throw new UsageError(`${prompt.text}: no answer`, insteadOf(prompt.name));
}

async function askOnce({ isPrivate, name, fallback }: Prompt, question: string): Promise<string> {
  if (isPrivate) return (await askHidden(question, insteadOf(name))) ?? '';
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  const shown = fallback === null ? '' : ` [${escapeControls(String(fallback))}]`;
  try {
    return await reader.question(`${escapeControls(question)}${shown}: `);
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw new InterruptedError();
    throw error;
  } finally {
    reader.close();
  }
}

function asSecret(value: string): Secret {
  const source = new SourceText('the terminal', '', true);
  const secret = new Secret({ kind: 'written' }, { source, start: 0, end: 0 });
  secret.settle(value);
  redactor.add(value);
  return secret;
}
