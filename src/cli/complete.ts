import { accessSync, constants, statSync } from 'node:fs';
import { loadInventory } from '../inventory/load-inventory.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { commands } from './commands.ts';
import { type Candidate, candidatesFor, type Sources } from './complete-words.ts';
import { wordsInPlaybooks } from './playbook-words.ts';
import { wordsOfLine } from './shell-words.ts';

/**
 * What a shell is answered that asks for completions: by its name and the words up to the cursor, or, for
 * bash, the line. Nothing is run, and nobody is asked or contacted; what cannot be read has no words.
 */
export async function complete([shell = '', ...given]: readonly string[]): Promise<string> {
  const all = shell === 'bash' ? wordsOfLine(given[0] ?? '').slice(1) : given;
  const words = all.length === 0 ? [''] : all;
  const candidates = await candidatesFor(words, commands, sources);
  if (candidates === 'files') return ':files\n';
  const shown = shell === 'bash' ? candidates.map((one) => forBash(one, words)) : candidates;
  return shown.map(({ word, means }) => `${word}\t${oneLine(means)}\n`).join('');
}

/** bash replaces only what stands behind the last = or : of a word, and takes what it is given as it is. */
function forBash({ word, means }: Candidate, words: readonly string[]): Candidate {
  const [begun = ''] = /^.*[=:]/.exec(words.at(-1) ?? '') ?? [];
  const rest = word.startsWith(begun) ? word.slice(begun.length) : word;
  return { word: rest.replace(/[^\w@%+=:,./&!*[\]-]/g, '\\$&'), means };
}

const sources: Sources = {
  inventory: async (argument) => {
    if (!isPlainFile(argument)) return null;
    return await loadInventory({ argument }).catch(() => null);
  },
  playbooks: wordsInPlaybooks,
};

/** A program is not run to complete a word. */
function isPlainFile(path: string): boolean {
  try {
    if (statSync(path).isDirectory()) return true;
    accessSync(path, constants.X_OK);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES';
  }
}

function oneLine(text: string): string {
  return escapeControls(text).replaceAll('\n', ' ');
}
