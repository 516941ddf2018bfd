import { describe, expect, test } from 'vitest';
import { replace } from '../../src/steps/replace.ts';
import { complaints, edited } from './edited.ts';

const path = '/etc/app.conf';
const edit = (params: object, text: string | null) =>
  edited(replace, { path, ...params }, path, text);

describe('replace', () => {
  test.each<[string, object, string, string | null]>([
    ['replaces each', { regexp: 'a(b)', replace: 'x\\1' }, 'ab\nab\n', 'xb\nxb\n'],
    ['takes out', { regexp: '^#.*\\n' }, '# a\nb\n# c\n', 'b\n'],
    ['finds nothing', { regexp: 'z', replace: 'y' }, 'a\n', null],
    [
      'looks behind',
      { regexp: 'a', replace: 'b', after: '\\[x\\]' },
      'a\n[x]\na\na',
      'a\n[x]\nb\nb',
    ],
    ['looks before', { regexp: 'a', replace: 'b', before: 'end' }, 'a\nend\na\n', 'b\nend\na\n'],
    [
      'looks between',
      { regexp: 'a', replace: 'b', after: '<x>', before: '</x>' },
      'a<x>a\na</x>a</x>',
      'a<x>b\nb</x>a</x>',
    ],
    ['does nothing without the part', { regexp: 'a', replace: 'b', after: 'nowhere' }, 'a\n', null],
    ['takes a dollar as it is', { regexp: 'a', replace: '$&' }, 'a', '$&'],
  ])('%s', (_, params, text, expected) => {
    expect(edit(params, text)).toMatchObject({ text: expected, isSettled: true, refusal: null });
  });

  test('says when a second run would change the file again', () => {
    expect(edit({ regexp: 'a', replace: 'aa' }, 'a')).toMatchObject({
      text: 'aa',
      message: expect.stringMatching(/^a second run/),
    });
  });

  test('refuses where there is no file', () => {
    expect(edit({ regexp: 'a' }, null).refusal).toBe(`${path} does not exist`);
  });

  test('refuses a group that is not there', () => {
    expect(complaints(replace, { path, regexp: 'a', replace: '\\1' })).toHaveLength(1);
    expect(complaints(replace, { path, regexp: '(?P<x>a)', replace: '\\g<x>' })).toEqual([]);
  });
});
