import { describe, expect, test } from 'vitest';
import { lineinfile } from '../../src/steps/lineinfile.ts';
import { complaints, edited } from './edited.ts';
import { bind, fileOf, planTwice } from './observed.ts';

const path = '/etc/app.conf';
const edit = (params: object, text: string | null) =>
  edited(lineinfile, { path, ...params }, path, text);

describe('lineinfile', () => {
  test.each<[string, object, string, string | null]>([
    ['adds a line at the end', { line: 'b' }, 'a\n', 'a\nb\n'],
    ['finds the line', { line: 'a' }, 'a\nb\n', null],
    ['replaces what it finds', { line: 'a=2', regexp: '^a=' }, 'a=1\nb=1\n', 'a=2\nb=1\n'],
    ['replaces the last', { line: 'a=2', regexp: '^a=' }, 'a=1\na=3\n', 'a=1\na=2\n'],
    [
      'replaces the first',
      { line: 'a=2', regexp: '^a=', firstmatch: true },
      'a=1\na=3\n',
      'a=2\na=3\n',
    ],
    ['finds a text', { line: 'x', search_string: 'a.' }, 'ab\na.\n', 'ab\nx\n'],
    ['inserts behind', { line: 'x', insertafter: '^a' }, 'a\nb\n', 'a\nx\nb\n'],
    ['inserts before', { line: 'x', insertbefore: '^b' }, 'a\nb\n', 'a\nx\nb\n'],
    ['inserts at the beginning', { line: 'x', insertbefore: 'BOF' }, 'a\n', 'x\na\n'],
    ['takes out', { state: 'absent', line: 'a' }, 'a\nb\na\n', 'b\n'],
    ['takes out what it finds', { state: 'absent', regexp: '^[ab]' }, 'a\nb\nc\n', 'c\n'],
    ['keeps endings', { line: 'a=2', regexp: '^a=' }, 'a=1\r\nb', 'a=2\r\nb'],
    ['uses groups', { line: '\\1=2', regexp: '^(a)=', backrefs: true }, 'a=1', 'a=2'],
    ['takes the newline of a YAML block', { line: 'b\n' }, 'a\n', 'a\nb\n'],
  ])('%s', (_, params, text, expected) => {
    expect(edit(params, text)).toMatchObject({ text: expected, isSettled: true, refusal: null });
  });

  test('an expression sees characters, also where they have several bytes', () => {
    const bytes = (text: string) => Buffer.from(text).toString('latin1');
    const { text } = edit({ line: 'naïf', regexp: '^na.f$' }, bytes('naïv\nnaüf\n'));
    expect(text).toBe(bytes('naïv\nnaïf\n'));
  });

  test('bytes that are no UTF-8 stay', () => {
    expect(edit({ line: 'é', regexp: '^b' }, '\xe9\nb\n').text).toBe('\xe9\n\xc3\xa9\n');
  });

  test('makes a file only when it may, and only where a directory is', () => {
    expect(edit({ line: 'a' }, null).refusal).toBe(`${path} does not exist`);
    expect(edit({ line: 'a', create: true }, null)).toMatchObject({ text: 'a\n', isSettled: true });
    expect(edit({ line: 'a', state: 'absent' }, null)).toMatchObject({ text: null, refusal: null });
    const { first } = planTwice(
      bind(lineinfile, 'plain', { path: '/opt/none/a', line: 'a', create: true }),
    );
    expect(first).toMatchObject({ refusal: 'there is no directory /opt/none' });
  });

  test('gives the file its mode', () => {
    const { first } = planTwice(bind(lineinfile, 'plain', { path, line: 'a', mode: '0600' }), {
      [`file:${path}`]: fileOf('a\n'),
    });
    expect(first).toMatchObject({ changes: [{ kind: 'write', mode: 0o600 }] });
  });

  test('says when a second run would change the file again', () => {
    const { message } = edit({ line: 'b', regexp: '^a' }, 'a1\na2\n');
    expect(message).toMatch(/^a second run will change it again/);
  });

  test('an expression that takes for ever ends with a refusal', () => {
    const { refusal } = edit({ line: 'b', regexp: '^(a+)+$' }, `${'a'.repeat(60)}!\n`);
    expect(refusal).toMatch(/takes longer than 3 s/);
  });

  test.each<[object, RegExp]>([
    [{ line: 'a', regexp: '(' }, /no regular expression/],
    [{ line: 'a\nb' }, /one line is needed/],
    [{}, /a "line" is needed/],
    [{ state: 'absent' }, /one of "line", "regexp" and "search_string"/],
    [{ line: 'a', regexp: 'a', search_string: 'a' }, /exclude each other/],
    [{ line: 'a', insertafter: 'a', insertbefore: 'a' }, /exclude each other/],
    [{ line: '\\1', backrefs: true }, /needs a "regexp"/],
    [{ line: '\\2', regexp: '(a)', backrefs: true }, /names a group/],
    [{ line: 'a', mode: 'rw' }, /octal/],
  ])('refuses %j', (params, message) => {
    expect(complaints(lineinfile, { path, ...params }).join('\n')).toMatch(message);
  });
});
