import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type KeywordEntry, playKeywords, taskKeywords } from '../../src/convert/keywords.ts';
import type { ModuleEntry } from '../../src/convert/module-entry.ts';
import { modules } from '../../src/convert/modules.ts';
import { steps } from '../../src/steps/index.ts';
import { parametersOf } from '../../src/steps/parameters.ts';

const page = join(import.meta.dirname, '../../docs/from-ansible.md');

const tables: Readonly<Record<string, readonly string[]>> = {
  modules: ['| module | step | what differs |', '| --- | --- | --- |', ...modules.map(moduleRow)],
  'play keywords': [
    '| keyword | here | what differs |',
    '| --- | --- | --- |',
    ...playKeywords.map(row),
  ],
  'task keywords': [
    '| keyword | here | what differs |',
    '| --- | --- | --- |',
    ...taskKeywords.map(row),
  ],
};

function row({ name, here, difference }: KeywordEntry): string {
  const other = here === null ? '-' : here === name ? 'the same' : `\`${here}\``;
  return `| \`${name}\` | ${other} | ${cell(difference)} |`;
}

function moduleRow(entry: ModuleEntry): string {
  const { names, step, renamed = {}, note } = entry;
  const own = steps.find(({ name }) => name === step);
  const has = new Set(own === undefined ? [] : parametersOf(own).map(({ name }) => name));
  const gone = (given: Readonly<Record<string, string>> = {}): string[] => {
    const missing = Object.entries(given).filter(([name]) => !has.has(name));
    const reasons = [...new Set(missing.map(([, why]) => why))];
    return reasons.map((reason) => {
      const those = missing.filter(([, why]) => why === reason).map(([name]) => `\`${name}\``);
      return `no ${those.join(', ')}: ${reason}`;
    });
  };
  const others = Object.entries(renamed).map(([from, to]) => `\`${from}\` is \`${to}\``);
  const all = [
    ...(note === undefined ? [] : [note]),
    ...(others.length === 0 ? [] : [others.join(', ')]),
    ...gone(entry.refused),
    ...gone(entry.lost),
  ];
  const here = step === null ? '-' : `\`${step}\``;
  return `| ${names.map((name) => `\`${name}\``).join(', ')} | ${here} | ${cell(all.map(begun).join('. '))} |`;
}

/** A sentence begins with a capital. */
function begun(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function withTables(text: string): string {
  return Object.entries(tables).reduce(
    (all, [name, lines]) =>
      all.replace(
        new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(\n<!-- end -->)`),
        (_, before: string, after: string) => `${before}\n${lines.join('\n')}\n${after}`,
      ),
    text,
  );
}

describe('docs/from-ansible.md', () => {
  test('has the tables that the converter goes by', () => {
    const text = readFileSync(page, 'utf8');
    const { XPUSH_WRITE_DOCS: writes } = process.env;
    if (writes === '1') writeFileSync(page, withTables(text));

    for (const [, lines] of Object.entries(tables)) {
      expect(readFileSync(page, 'utf8')).toContain(`${lines.join('\n')}\n`);
    }
  });
});
