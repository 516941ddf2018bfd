import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { find } from '../../src/steps/find.ts';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';
import { complaints } from './edited.ts';

const site = playbookOnLocalHost();
const { at, tell: told } = site;

describe('find', () => {
  const names = "it.files | map(attribute='path') | map('basename') | sort | join(' ')";
  const found = (params: string) => told(`find: { paths: DIR, ${params} }`, names);

  test('finds by name, kind, level, age, size and content', async () => {
    mkdirSync(at('a/b'), { recursive: true });
    writeFileSync(at('one.log'), 'error here\n');
    writeFileSync(at('two.log'), 'fine\n');
    writeFileSync(at('.hid.log'), '');
    writeFileSync(at('a/three.log'), 'x'.repeat(3000));
    writeFileSync(at('a/b/four.txt'), 'an error\n');
    symlinkSync('one.log', at('l.log'));
    const days = Date.now() / 1000 - 3 * 86_400;
    utimesSync(at('two.log'), days, days);

    expect(await found('patterns: "*.log"')).toBe('tell ok: one.log two.log');
    expect(await found('patterns: "*.log", hidden: true')).toBe(
      'tell ok: .hid.log one.log two.log',
    );
    expect(await found('patterns: "*.log", recurse: true')).toBe(
      'tell ok: one.log three.log two.log',
    );
    expect(await found('recurse: true, excludes: ["*.log", "site*"]')).toBe('tell ok: four.txt');
    expect(await found('recurse: true, depth: 2, patterns: "*.txt"')).toBe('tell ok');
    expect(await found('file_type: link')).toBe('tell ok: l.log');
    expect(await found('file_type: directory, recurse: true')).toBe('tell ok: a b');
    expect(await found('age: 2d')).toBe('tell ok: two.log');
    expect(await found('age: -2d, patterns: "*.log"')).toBe('tell ok: one.log');
    expect(await found('size: 2k, recurse: true')).toBe('tell ok: three.log');
    expect(await found('contains: "^an? ?err", recurse: true')).toBe('tell ok: four.txt');
    expect(await found('use_regex: true, patterns: "(one|two)[.]log"')).toBe(
      'tell ok: one.log two.log',
    );
  });

  test('says what is no directory', async () => {
    const { lines } = await site.run('tasks: [{ find: { paths: [DIR, DIR/none] } }]');
    expect(lines[0]).toMatch(/ok: no directory: .*none/);
  });

  test('an expression that takes for ever ends with a refusal', async () => {
    writeFileSync(at(`${'a'.repeat(60)}!`), '');
    const { lines } = await site.run(
      'tasks: [{ find: { paths: DIR, use_regex: true, patterns: "(a+)+" } }]',
    );
    expect(lines[0]).toMatch(/takes longer/);
  });

  test.each<[object, RegExp]>([
    [{ age: 'old' }, /an age is/],
    [{ size: '1x' }, /a size is/],
    [{ use_regex: true, patterns: '(' }, /no regular expression/],
    [{ paths: [] }, /at least one/],
  ])('refuses %j', (params, message) => {
    expect(complaints(find, { paths: '/tmp', ...params }).join('\n')).toMatch(message);
  });
});
