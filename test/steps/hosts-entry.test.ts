import { describe, expect, test } from 'vitest';
import { hostsEntry } from '../../src/steps/hosts-entry.ts';
import { complaints, edited } from './edited.ts';

const edit = (params: object, text: string | null) =>
  edited(hostsEntry, params, '/etc/hosts', text);

describe('hosts_entry', () => {
  test.each<[string, object, string | null, string | null]>([
    [
      'adds a line',
      { ip: '10.0.0.1', names: ['db', 'db.lan'] },
      '::1 a\n',
      '::1 a\n10.0.0.1\tdb db.lan\n',
    ],
    ['makes the file', { ip: '10.0.0.1', names: 'db' }, null, '10.0.0.1\tdb\n'],
    ['finds it', { ip: '10.0.0.1', names: 'DB' }, '10.0.0.1 x db # y\n', null],
    [
      'moves a name',
      { ip: '10.0.0.2', names: 'db' },
      '10.0.0.1 db x\n',
      '10.0.0.1\tx\n10.0.0.2\tdb\n',
    ],
    [
      'leaves the other family',
      { ip: '::2', names: 'db' },
      '10.0.0.1 db\n',
      '10.0.0.1 db\n::2\tdb\n',
    ],
    ['takes a name out', { names: 'db', state: 'absent' }, '10.0.0.1 db\n::1 x db\n', '::1\tx\n'],
    ['takes an address out', { ip: '10.0.0.1', state: 'absent' }, '10.0.0.1 db\n', ''],
  ])('%s', (_, params, text, expected) => {
    expect(edit(params, text)).toMatchObject({ text: expected, isSettled: true, refusal: null });
  });

  test.each<[object, RegExp]>([
    [{ ip: '10.0.0.256', names: 'a' }, /not an IPv4/],
    [{ ip: '10.0.0.1', names: 'a b' }, /not the name/],
    [{ ip: '10.0.0.1' }, /are needed/],
    [{ state: 'absent' }, /is needed/],
  ])('refuses %j', (params, message) => {
    expect(complaints(hostsEntry, params).join('\n')).toMatch(message);
  });
});
