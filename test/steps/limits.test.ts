import { describe, expect, test } from 'vitest';
import { limits } from '../../src/steps/limits.ts';
import { complaints, edited } from './edited.ts';
import { bind, fileOf, planTwice } from './observed.ts';
import { listingOf } from './worlds.ts';

const path = '/etc/security/limits.d/60-xpush.conf';
const edit = (params: object, text: string | null) =>
  edited(
    limits,
    { domain: 'web', limit_type: 'soft', limit_item: 'nofile', ...params },
    path,
    text,
  );

describe('limits', () => {
  test.each<[string, object, string | null, string | null]>([
    ['makes the file', { value: 4096 }, null, 'web\tsoft\tnofile\t4096\n'],
    ['finds it', { value: 4096 }, '# x\nweb  soft nofile 4096 # y\n', null],
    [
      'changes it',
      { value: 'unlimited' },
      'web soft nofile 1\nweb hard nofile 1\n',
      'web\tsoft\tnofile\tunlimited\nweb hard nofile 1\n',
    ],
    [
      'leaves one of several',
      { value: 2 },
      'web soft nofile 1\nweb soft nofile 2\n',
      'web soft nofile 2\n',
    ],
    [
      'takes it out',
      { state: 'absent' },
      'web soft nofile 1\n@web soft nofile 1\n',
      '@web soft nofile 1\n',
    ],
  ])('%s', (_, params, text, expected) => {
    expect(edit(params, text)).toMatchObject({ text: expected, isSettled: true, refusal: null });
  });

  test('says which file is read later and says otherwise', () => {
    const later = '/etc/security/limits.d/90-nproc.conf';
    const { first } = planTwice(
      bind(limits, 'plain', { domain: '*', limit_type: '-', limit_item: 'nproc', value: '9' }),
      {
        'file:/etc/security/limits.d': { type: 'directory' },
        'directory:/etc/security/limits.d/*.conf': listingOf({
          '/etc/security/limits.d/10-a.conf': '* - nproc 2\n',
          [later]: '* - nproc 1\n* - nproc 4096\n',
          [path]: fileOf(''),
        }),
      },
    );
    expect(first).toMatchObject({ message: `${later} says 4096, and is read later` });
  });

  test.each<[object, RegExp]>([
    [{}, /a "value" is needed/],
    [{ value: 'many' }, /not a limit/],
    [{ value: 1, limit_type: 'both' }, /"soft", "hard"/],
    [{ value: 1, domain: 'a b' }, /not a user/],
  ])('refuses %j', (params, message) => {
    const given = { domain: 'a', limit_type: 'soft', limit_item: 'nofile', ...params };
    expect(complaints(limits, given).join('\n')).toMatch(message);
  });
});
