import { describe, expect, test } from 'vitest';
import { blockinfile } from '../../src/steps/blockinfile.ts';
import { complaints, edited } from './edited.ts';

const path = '/etc/app.conf';
const edit = (params: object, text: string | null) =>
  edited(blockinfile, { path, ...params }, path, text);
const marked = (block: string) =>
  `# BEGIN XPUSH MANAGED BLOCK\n${block}# END XPUSH MANAGED BLOCK\n`;

describe('blockinfile', () => {
  test.each<[string, object, string, string | null]>([
    ['adds a block at the end', { block: 'x\ny\n' }, 'a\n', `a\n${marked('x\ny\n')}`],
    ['ends a last line first', { block: 'x' }, 'a', `a\n${marked('x\n')}`],
    ['finds the block', { block: 'x\n' }, `a\n${marked('x\n')}b\n`, null],
    ['changes the block', { block: 'z\n' }, `a\n${marked('x\n')}b\n`, `a\n${marked('z\n')}b\n`],
    ['takes it out', { state: 'absent' }, `a\n${marked('x\n')}b\n`, 'a\nb\n'],
    ['takes it out when it is empty', { block: '' }, `a\n${marked('x\n')}b\n`, 'a\nb\n'],
    ['inserts before', { block: 'x', insertbefore: '^b' }, 'a\nb\n', `a\n${marked('x\n')}b\n`],
    ['inserts behind', { block: 'x', insertafter: '^a' }, 'a\nb\n', `a\n${marked('x\n')}b\n`],
    ['inserts at the beginning', { block: 'x', insertbefore: 'BOF' }, 'a\n', `${marked('x\n')}a\n`],
    [
      'has markers of your own',
      { block: 'x', marker: '; {mark} $& app', marker_begin: '>>', marker_end: '<<' },
      '',
      '; >> $& app\nx\n; << $& app\n',
    ],
  ])('%s', (_, params, text, expected) => {
    expect(edit(params, text)).toMatchObject({ text: expected, isSettled: true, refusal: null });
  });

  test('half a block is refused', () => {
    expect(edit({ block: 'x' }, 'a\n# BEGIN XPUSH MANAGED BLOCK\n').refusal).toMatch(
      /but no "# END XPUSH MANAGED BLOCK"/,
    );
  });

  test.each<[object, RegExp]>([
    [{ block: 'x', marker: '# mine' }, /a marker has a \{mark\}/],
    [{ block: 'x', marker_begin: 'END' }, /must differ/],
    [{ block: 'a\n# END XPUSH MANAGED BLOCK\n' }, /its own marker/],
    [{ block: 'x', insertafter: '[' }, /no regular expression/],
  ])('refuses %j', (params, message) => {
    expect(complaints(blockinfile, { path, ...params }).join('\n')).toMatch(message);
  });
});
