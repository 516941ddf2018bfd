import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { exitCodes } from '../../src/engine/exit-code.ts';
import {
  allowSchema,
  becomeSchema,
  dom0Schema,
  domUSchema,
  expectSchema,
  fileSchema,
  networkSchema,
  plainHostSchema,
  safetySchema,
  sshSchema,
} from '../../src/inventory/schema.ts';
import { steps } from '../../src/steps/index.ts';
import { parametersOf } from '../../src/steps/parameters.ts';
import { codesIn, type Heading, readPage, root } from './markdown.ts';

const commandLine = await readPage(join(root, 'docs', 'command-line.md'));
const inventory = await readPage(join(root, 'docs', 'inventory.md'));

const stepPages = await readdir(join(root, 'docs', 'steps'));
const stepFiles = await readdir(join(root, 'src', 'steps'));
const commands = await commandsOf(join(root, 'src', 'cli'));

function section(headings: readonly Heading[], words: string): Heading {
  const found = headings.find((heading) => heading.words === words);
  if (found === undefined) throw new Error(`no heading "${words}"`);
  return found;
}

/** Names in the first column of a section's tables. */
const namesIn = (heading: Heading): string[] =>
  heading.rows.flatMap(([first = '']) => codesIn(first));

/** Everything in src/cli that is a command. */
async function commandsOf(directory: string): Promise<Command[]> {
  const files = await readdir(directory);
  const modules: Record<string, unknown>[] = await Promise.all(
    files.map((file) => import(join(directory, file))),
  );
  return modules.flatMap((module) => Object.values(module).filter(isCommand));
}

function isCommand(value: unknown): value is Command {
  return typeof value === 'object' && value !== null && 'usage' in value && 'options' in value;
}

describe('step pages', () => {
  const pageOf = (name: string): string => `${name.replaceAll('_', '-')}.md`;

  test('every step has a page, and every page a step of the same file name', () => {
    expect(stepPages.toSorted()).toEqual(steps.map(({ name }) => pageOf(name)).toSorted());
    for (const page of stepPages) expect(stepFiles).toContain(page.replace('.md', '.ts'));
  });

  test.each(steps.map((step) => [step.name, step] as const))('%s', async (name, step) => {
    const page = await readPage(join(root, 'docs', 'steps', pageOf(name)));
    const wanted = parametersOf(step).map((each) => [
      `\`${each.name}\``,
      each.isOptional ? 'no' : 'yes',
      each.description,
    ]);

    expect(page.text).toContain(`# ${name}\n\n${step.summary}\n`);
    expect(page.text).toContain(`On: ${step.on.map((kind) => `\`${kind}\``).join(', ')}.`);
    expect(section(page.headings, 'Parameters').rows).toEqual(wanted);
  });
});

describe('docs/command-line.md', () => {
  test('has all commands', () => {
    const sections = commandLine.headings.flatMap(({ words }) =>
      words.startsWith('xpush ') ? [words.slice('xpush '.length)] : [],
    );

    expect(sections.toSorted()).toEqual(
      commands.map(({ usage }) => usage.split(' ')[0]).toSorted(),
    );
  });

  test.each(commands.map((command) => [command.usage, command] as const))(
    'has all options of %s, and no others',
    (usage, command) => {
      const wanted = Object.entries(command.options).flatMap(([name, { alias }]) => [
        ...(typeof alias === 'string' ? [`-${alias}`] : []),
        `--${name}`,
      ]);
      const heading = section(commandLine.headings, `xpush ${usage.split(' ')[0]}`);

      const shown = namesIn(heading).map((option) => option.split(' ')[0]);
      expect(shown).toEqual(wanted);
      expect(commandLine.text).toContain(`xpush ${usage}`);
    },
  );

  test('has all exit codes, and no others', () => {
    const shown = section(commandLine.headings, 'Exit codes').rows.map(([code]) => Number(code));

    expect(shown).toEqual(Object.values(exitCodes).toSorted((a, b) => a - b));
  });
});

describe('docs/inventory.md', () => {
  const keysOf = (schema: { readonly entries: object }): string[] => Object.keys(schema.entries);
  const common = keysOf(plainHostSchema);
  const own = (schema: { readonly entries: object }): string[] =>
    keysOf(schema).filter((key) => !common.includes(key));

  test.each<[string, string[]]>([
    ['Top level', keysOf(fileSchema)],
    ['networks', keysOf(networkSchema)],
    ['dom0', [...own(dom0Schema), ...keysOf(dom0Schema.entries.firewall.wrapped)]],
    ['domU', own(domUSchema)],
    ['vifs', keysOf(domUSchema.entries.vifs.wrapped.item)],
    ['allow', keysOf(allowSchema)],
    ['Keys of every host', common],
    ['become', keysOf(becomeSchema.options[1].pipe[0])],
    ['safety', keysOf(safetySchema)],
    ['expect', keysOf(expectSchema.pipe[0])],
    ['ssh', keysOf(sshSchema)],
  ])('%s has all keys, and no others', (words, keys) => {
    expect(namesIn(section(inventory.headings, words)).toSorted()).toEqual(keys.toSorted());
  });
});
