import { describe, expect, test } from 'vitest';
import { ini } from '../../src/steps/ini.ts';
import { complaints, edited } from './edited.ts';

const path = '/etc/my.cnf';
const edit = (params: object, text: string | null) => edited(ini, { path, ...params }, path, text);

describe('ini', () => {
  test.each<[string, object, string, string | null]>([
    ['sets', { section: 'a', option: 'x', value: 1 }, '[a]\nx=2\n', '[a]\nx = 1\n'],
    ['finds it set', { section: 'a', option: 'x', value: true }, '[a]\nx=true\n', null],
    [
      'writes no blanks',
      { section: 'a', option: 'x', value: '1', no_extra_spaces: true },
      '',
      '[a]\nx=1\n',
    ],
    [
      'sets several',
      { section: 'a', option: 'x', values: ['1', '2'] },
      '[a]\nx=0\ny=3\n',
      '[a]\nx = 1\nx = 2\ny=3\n',
    ],
    [
      'adds',
      { section: 'a', option: 'x', value: '2', exclusive: false },
      '[a]\nx=1\n',
      '[a]\nx=1\nx = 2\n',
    ],
    ['takes out', { section: 'a', option: 'x', state: 'absent' }, '[a]\nx=1\n', '[a]\n'],
    ['takes a section out', { section: 'a', state: 'absent' }, '[a]\nx=1\n[b]\n', '[b]\n'],
    ['makes a section', { section: 'b' }, '[a]\n', '[a]\n[b]\n'],
    ['bares', { section: 'a', option: 'x', allow_no_value: true }, '[a]\n', '[a]\nx\n'],
    ['revives', { section: 'a', option: 'x', value: '1' }, '[a]\n;x = 0\n', '[a]\nx = 1\n'],
    ['goes before sections', { option: 'x', value: '1' }, '\n[a]\n', 'x = 1\n\n[a]\n'],
  ])('%s', (_, params, text, expected) => {
    expect(edit(params, text)).toMatchObject({ text: expected, isSettled: true, refusal: null });
  });

  test('makes a file when it may', () => {
    const given = { section: 'a', option: 'x', value: '1' };
    expect(edit(given, null).refusal).toBe(`${path} does not exist`);
    expect(edit({ ...given, create: true }, null).text).toBe('[a]\nx = 1\n');
  });

  test.each<[object, RegExp]>([
    [{ section: 'a', option: 'x' }, /a "value" is needed/],
    [{ section: 'a', value: '1' }, /a value needs an "option"/],
    [{}, /one of "section" and "option"/],
    [{ section: 'a]', option: 'x', value: '1' }, /no "\]"/],
    [{ section: 'a', option: 'x=', value: '1' }, /no "="/],
    [{ section: 'a', option: 'x', value: '1\n[b]' }, /one line/],
  ])('refuses %j', (params, message) => {
    expect(complaints(ini, { path, ...params }).join('\n')).toMatch(message);
  });
});
