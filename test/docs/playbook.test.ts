import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { factKeys, factNames } from '../../src/playbook/facts.ts';
import { inheritedEntries } from '../../src/playbook/inherited.ts';
import { taskEntries, taskKeywords } from '../../src/playbook/read-keywords.ts';
import { playSchema } from '../../src/playbook/read-play.ts';
import { magicNames } from '../../src/playbook/scope-of.ts';
import { codesIn, readPage, root } from './markdown.ts';

const playbook = await readPage(join(root, 'docs', 'playbook.md'));
const variables = await readPage(join(root, 'docs', 'variables.md'));

/** Names in the first column of the tables below a heading. */
function namesIn(page: typeof playbook, words: string): readonly string[] {
  const heading = page.headings.find((one) => one.words === words);
  if (heading === undefined) throw new Error(`no heading "${words}"`);
  return heading.rows.flatMap(([first = '']) => codesIn(first)).toSorted();
}

const inherited = Object.keys(inheritedEntries);

describe('docs/playbook.md', () => {
  test('has all keys of a play', () => {
    const keys = Object.keys(playSchema.entries).filter((key) => !inherited.includes(key));

    expect(namesIn(playbook, 'A play')).toEqual(keys.toSorted());
  });

  test('has all keywords of a task', () => {
    const own = taskKeywords.filter((key) => !inherited.includes(key));

    expect(namesIn(playbook, 'A task')).toEqual(own.toSorted());
    expect(namesIn(playbook, 'Inherited keywords')).toEqual(inherited.toSorted());
  });

  test('has all of loop_control', () => {
    const { entries } = taskEntries.loop_control.wrapped;

    expect(namesIn(playbook, 'Loops')).toEqual(Object.keys(entries).toSorted());
  });
});

describe('docs/variables.md', () => {
  test('has all facts', () => {
    expect(namesIn(variables, 'Facts')).toEqual([...factKeys].toSorted());
  });

  test('has all magic names', () => {
    const names = magicNames.filter(
      (name) => !factNames.includes(name) || ['facts', 'ansible_facts'].includes(name),
    );

    expect(namesIn(variables, 'Magic names')).toEqual(names.toSorted());
  });

  test('shows the inventory of its example', async () => {
    const example = await readFile(join(root, 'docs/examples/shop.yaml'), 'utf8');

    const shown = variables.fences.find(({ info }) => info === 'yaml')?.text ?? '';
    const withoutHead = (text: string): string => text.replace(/^#.*\n/, '');
    expect(withoutHead(shown)).toBe(withoutHead(example));
  });
});
