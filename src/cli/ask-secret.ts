import { Secret } from '../source/secret.ts';
import { SourceText } from '../source/source-text.ts';
import { askHidden } from './passphrase.ts';
import { redactor } from './redaction.ts';
import { UsageError } from './usage-error.ts';

const asked = new Map<string, Promise<Secret>>();

/**
 * Asks for a secret on the terminal, without an echo: once a process for each question. What is typed
 * is kept out of all that xpush says. Throws `UsageError` where there is no terminal or no answer.
 */
export function askSecret(question: string, instead: string): Promise<Secret> {
  const answer = asked.get(question) ?? ask(question, instead);
  asked.set(question, answer);
  return answer;
}

async function ask(question: string, instead: string): Promise<Secret> {
  const value = await askHidden(question, instead);
  if (value === null) throw new UsageError(`${question}: nothing was typed`, instead);
  const source = new SourceText('the terminal', '', true);
  const secret = new Secret({ kind: 'written' }, { source, start: 0, end: 0 });
  secret.settle(value);
  redactor.add(value);
  return secret;
}
