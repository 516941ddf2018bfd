import type { Inventory } from '../inventory/model.ts';
import { levelsOfVars } from '../inventory/vars.ts';
import { steps } from '../steps/index.ts';
import { parametersOf } from '../steps/parameters.ts';
import type { Command } from './command.ts';
import { nameOf } from './commands.ts';

/** A word that may stand at the cursor. */
export interface Candidate {
  readonly word: string;
  readonly means: string;
}

/** Words of playbooks. */
export interface PlaybookWords {
  readonly tags: readonly string[];
  readonly tasks: readonly string[];
}

/** Where words come from that are not xpush's own. */
export interface Sources {
  /** null: it cannot be read. */
  readonly inventory: (argument: string) => Promise<Inventory | null>;
  readonly playbooks: (files: readonly string[]) => PlaybookWords;
}

interface Line {
  readonly command: Command;
  /** Arguments before the cursor. */
  readonly arguments: readonly string[];
  /** The option that the word at the cursor is the value of; null: it is an argument. */
  readonly option: string | null;
  /** What stands before the value, in one word with it. */
  readonly before: string;
  /** What is begun. */
  readonly begun: string;
}

/**
 * The words that may stand at the cursor, the last of `words`, which begins them; `files`: a name of a
 * file may.
 *
 * @param words those behind `xpush`
 */
export async function candidatesFor(
  words: readonly string[],
  commands: readonly Command[],
  sources: Sources,
): Promise<readonly Candidate[] | 'files'> {
  const [first = '', ...rest] = words;
  const command = commands.find((one) => nameOf(one) === first);
  if (rest.length === 0) {
    const all = commands.map((one) => ({ word: nameOf(one), means: one.summary }));
    return beginning(all, first);
  }
  if (command === undefined) return [];
  const behind = rest.indexOf('--');
  if (behind >= 0 && behind < rest.length - 1) return 'files';
  const line = lineOf(command, rest);
  const found = await candidatesOf(line, sources);
  if (found === 'files') return line.before === '' ? 'files' : [];
  return beginning(
    found.map(({ word, means }) => ({ word: `${line.before}${word}`, means })),
    `${line.before}${line.begun}`,
  );
}

function beginning(all: readonly Candidate[], begun: string): readonly Candidate[] {
  return all.filter(({ word }) => word.startsWith(begun));
}

function lineOf(command: Command, words: readonly string[]): Line {
  const last = words.at(-1) ?? '';
  const given: string[] = [];
  let waiting: string | null = null;
  for (const word of words.slice(0, -1)) {
    if (waiting !== null) waiting = null;
    else if (word.startsWith('-') && word !== '-') waiting = optionOf(command, word);
    else given.push(word);
  }
  const line = { command, arguments: given, option: waiting, before: '', begun: last };
  const [, before, name = '', begun = ''] = /^(--([\w-]+)=)(.*)$/s.exec(last) ?? [];
  if (waiting === null && before !== undefined) return { ...line, option: name, before, begun };
  return line;
}

/** The option that the next word is the value of; null: there is none. */
function optionOf({ options }: Command, word: string): string | null {
  const name = word.startsWith('--')
    ? word.slice(2)
    : Object.keys(options).find((one) => options[one]?.alias === word.at(-1));
  const type = name === undefined ? undefined : options[name]?.type;
  return name === undefined || type !== 'string' ? null : name;
}

async function candidatesOf(line: Line, sources: Sources): Promise<readonly Candidate[] | 'files'> {
  const { command, option, begun } = line;
  if (option === null && begun.startsWith('-')) return optionsOf(command);
  const names = Object.keys(command.positionals);
  const place = Math.min(line.arguments.length, names.length - 1);
  const what = option ?? names[place] ?? '';
  const choices = command.choicesOf(what).map((word) => ({ word, means: '' }));
  if (choices.length > 0) return choices;
  switch (what) {
    case 'limit':
    case 'pattern':
    case 'replace':
      return hostsOf(await inventoryOf(line, sources), begun);
    case 'host':
      return nameOf(command) === 'inventory'
        ? [...((await inventoryOf(line, sources))?.hosts.values() ?? [])].map(asHost)
        : [];
    case 'explain':
      return variablesOf(await inventoryOf(line, sources));
    case 'tags':
    case 'skip-tags':
      return listed((await playbookWords(line, sources)).tags, begun);
    case 'start-at-task':
      return (await playbookWords(line, sources)).tasks.map((word) => ({ word, means: '' }));
    case 'step':
      return steps.map(({ name, summary }) => ({ word: name, means: summary }));
    case 'parameter':
      return parametersOfStep(line.arguments[names.indexOf('step')] ?? '', begun);
    case 'run':
    case 'retry':
      return [{ word: 'last', means: 'the newest run' }];
    default:
      return 'files';
  }
}

function optionsOf({ options }: Command): readonly Candidate[] {
  const own = Object.entries(options).map(([name, { describe = '' }]) => {
    return { word: `--${name}`, means: describe };
  });
  return [...own, { word: '--help', means: 'Show help' }];
}

async function inventoryOf({ command, arguments: given }: Line, sources: Sources) {
  const place = Object.keys(command.positionals).indexOf('inventory');
  const argument = given[place];
  return argument === undefined || argument === '-' ? null : await sources.inventory(argument);
}

async function playbookWords(line: Line, sources: Sources): Promise<PlaybookWords> {
  const place = Object.keys(line.command.positionals).indexOf('playbook');
  const named = place < 0 ? [] : line.arguments.slice(place);
  if (named.length > 0) return sources.playbooks(named);
  return sources.playbooks((await inventoryOf(line, sources))?.playbooks ?? []);
}

/** Hosts and groups, behind what is written of a pattern. */
function hostsOf(inventory: Inventory | null, begun: string): readonly Candidate[] {
  if (inventory === null) return [];
  const [before = ''] = /^(?:.*[,:])?[&!]?/s.exec(begun) ?? [];
  const groups = [...inventory.groups.values()].map(({ name, hosts }) => ({
    word: name,
    means: hosts.length === 1 ? 'group of 1 host' : `group of ${hosts.length} hosts`,
  }));
  const all = [...[...inventory.hosts.values()].map(asHost), ...groups];
  return all.map(({ word, means }) => ({ word: `${before}${word}`, means }));
}

function asHost({ name, kind }: { readonly name: string; readonly kind: string }): Candidate {
  return { word: name, means: kind };
}

function listed(words: readonly string[], begun: string): readonly Candidate[] {
  const before = begun.slice(0, begun.lastIndexOf(',') + 1);
  const given = before.split(',');
  return words
    .filter((word) => !given.includes(word))
    .map((word) => ({ word: `${before}${word}`, means: '' }));
}

function variablesOf(inventory: Inventory | null): readonly Candidate[] {
  const found = new Map<string, string>();
  for (const { vars } of inventory?.hosts.values() ?? []) {
    for (const level of levelsOfVars(vars)) {
      for (const name of Object.keys(level.vars)) {
        if (!found.has(name)) found.set(name, level.of);
      }
    }
  }
  return [...found].map(([word, means]) => ({ word, means }));
}

function parametersOfStep(name: string, begun: string): readonly Candidate[] | 'files' {
  const step = steps.find((one) => one.name === name);
  if (step === undefined || begun.includes('=')) return 'files';
  return parametersOf(step).map((one) => ({ word: `${one.name}=`, means: one.description }));
}
