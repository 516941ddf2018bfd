import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readExtraVars } from '../../src/cli/extra-vars.ts';
import { PlaybookFiles } from '../../src/playbook/playbook-files.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { Secret } from '../../src/source/secret.ts';
import { TemplateText } from '../../src/source/template-text.ts';

const directory = mkdtempSync(join(tmpdir(), 'xpush-extra-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const read = (...words: readonly string[]) => readExtraVars(words, new PlaybookFiles());

function variables(...words: readonly string[]) {
  const result = read(...words);
  if (!result.ok) throw new Error(result.diagnostics.map(formatDiagnostic).join('\n'));
  return { ...result.value };
}

function complaints(...words: readonly string[]): string {
  const result = read(...words);
  return result.ok ? '' : result.diagnostics.map(formatDiagnostic).join('\n');
}

describe('readExtraVars', () => {
  test('a value is the text that is written', () => {
    expect(variables('version=1.10', 'flag=false', 'empty=', 'eq=a=b')).toEqual({
      version: '1.10',
      flag: 'false',
      empty: '',
      eq: 'a=b',
    });
  });

  test('a map keeps its types, and later ones go over earlier ones', () => {
    const text = file('vars.yaml', 'n: 2\nlist: [a, b]\n');

    expect(variables('n=1', `@${text}`, '{"n": 3, "deep": {"x": null}}')).toEqual({
      n: 3,
      list: ['a', 'b'],
      deep: { x: null },
    });
  });

  test('templates and secrets are known to be', () => {
    const text = file('secret.yaml', 'word: !secret db\n');
    const { greeting, word } = variables('greeting=hello {{ name }}', `@${text}`);

    expect(greeting).toBeInstanceOf(TemplateText);
    expect(word).toBeInstanceOf(Secret);
  });

  test('all that is wrong is told, each with its place', () => {
    const text = file('wrong.yaml', 'ok: 1\n2x: 3\n');

    expect(complaints(`@${text}`, 'no-name=1', 'bare', 'a=1 b=2', '{"2x": 1}')).toBe(
      `${text}:2:1: "2x" is not a variable name
  2x: 3
  ^~
  hint: use letters, digits and "_", a letter first
--extra-vars:1:1: "no-name" is not a variable name
  no-name=1
  ^~~~~~~
  hint: use letters, digits and "_", a letter first
--extra-vars:1:1: "bare" gives no variable
  bare
  ^~~~
  hint: write name=value, {json} or @file
--extra-vars:1:5: a second variable needs a -e of its own
  a=1 b=2
      ^
  hint: write -e b=..., or, if it is part of the value, all of it as JSON
--extra-vars:1:2: "2x" is not a variable name
  {"2x": 1}
   ^~~~
  hint: use letters, digits and "_", a letter first`,
    );
  });

  test('a file that is not there is told', () => {
    expect(complaints('@nowhere.yaml')).toBe('nowhere.yaml: no such file of variables');
  });

  test('what has its value from xpush takes no other', () => {
    expect(complaints('inventory_hostname=x', '{"groups": 1}')).toContain('takes no other');
  });
});
