import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { queryKey } from '../../src/host/query.ts';
import { locale } from '../../src/steps/locale.ts';
import { normalLocale, withLang, withLocale, withoutLocale } from '../../src/text/locale-edit.ts';
import { playbookOnPrivateHost } from '../engine/playbook-on-private-host.ts';
import { hasPrivateHosts } from '../engine/private-host.ts';
import { complaints } from './edited.ts';
import { bind, fileOf, planTwice } from './observed.ts';

const debianList =
  '# This file\n\n# de_DE.UTF-8 UTF-8\n# de_DE@euro ISO-8859-15\nen_US.UTF-8 UTF-8\n';

interface Host {
  readonly known?: string;
  /** null: there is none. */
  readonly list?: string | null;
  readonly more?: Readonly<Record<string, unknown>>;
}
function plan(
  params: object,
  { known = 'C\nC.utf8\nen_US.utf8\n', list = debianList, more = {} }: Host,
) {
  const bound = bind(locale, 'plain', params);
  const asked = bound.queries.find(({ kind }) => kind === 'output');
  if (asked === undefined) throw new Error('no locales are asked for');
  const answer = { status: 0, stdout: known, stderr: '', isCut: false, isTimedOut: false };
  return planTwice(bound, {
    ...{ [queryKey(asked)]: answer, 'tool:locale-gen': list !== null },
    ...(list === null ? {} : { 'file:/etc/locale.gen': fileOf(list) }),
    ...{ 'file:/etc': { type: 'directory' }, 'file:/etc/default': { type: 'directory' } },
    ...more,
  });
}
const call = { kind: 'call', subject: 'locale de_DE.UTF-8' };

describe('locale', () => {
  test.each<[string, object, Host, readonly object[]]>([
    [
      'is made',
      { name: 'de_DE.UTF-8' },
      {},
      [{ path: '/etc/locale.gen', content: debianList.replace('# de_DE.U', 'de_DE.U') }, call],
    ],
    ['is there', { name: 'en_US.UTF-8' }, {}, []],
    ['comes with the C library', { name: 'C.UTF-8' }, {}, []],
    ['is there without a list', { name: 'en_US.UTF-8' }, { list: null }, []],
    [
      'goes',
      { name: 'en_US.UTF-8', state: 'absent' },
      {},
      [{ content: debianList.replace('en_US', '# en_US') }, { subject: 'locale en_US.UTF-8' }],
    ],
    ['is gone', { name: 'de_DE.UTF-8', state: 'absent' }, {}, []],
    [
      "is Debian's default",
      { name: 'en_US.UTF-8', default: true },
      {},
      [{ path: '/etc/default/locale', content: 'LANG=en_US.UTF-8\n' }],
    ],
    [
      'is the default elsewhere',
      { name: 'en_US.UTF-8', default: true },
      {
        list: null,
        more: {
          'tool:update-locale': false,
          'file:/etc/locale.conf': fileOf('LANG="C"\nLC_TIME=C\n'),
        },
      },
      [{ path: '/etc/locale.conf', content: 'LANG=en_US.UTF-8\nLC_TIME=C\n' }],
    ],
  ])('one that %s', (_, params, host, changes) => {
    const { first, second } = plan(params, host);

    expect(first).toMatchObject({ changes });
    expect(second).toMatchObject({ changes: [] });
  });

  test.each<[object, Host, RegExp]>([
    [{ name: 'de_DE.UTF-8' }, { list: null }, /has no locale de_DE.UTF-8/],
    [{ name: 'fr_FR' }, {}, /has no locale fr_FR/],
    [{ name: 'C.UTF-8', state: 'absent' }, {}, /part of the C library/],
  ])('refuses %j', (params, host, refusal) => {
    expect(plan(params, host).first).toMatchObject({ refusal: expect.stringMatching(refusal) });
  });

  test.each([
    { name: 'german' },
    { name: 'de_DE.UTF-8 x' },
    { name: 'C', state: 'absent', default: true },
  ])('%j is refused', (params) => {
    expect(complaints(locale, params)).not.toEqual([]);
  });
});

test('without locale(1), as on Alpine, there is what the C library has', () => {
  const without = (params: object) => {
    const bound = bind(locale, 'plain', params);
    const said = { status: 127, stdout: '', stderr: '', isCut: false, isTimedOut: false };
    return planTwice(bound, { output: said }).first;
  };

  expect(without({ name: 'C.UTF-8' })).toEqual({ changes: [] });
  expect(without({ name: 'de_DE.UTF-8', state: 'absent' })).toEqual({ changes: [] });
  for (const params of [{ name: 'de_DE.UTF-8' }, { name: 'C.UTF-8', default: true }]) {
    expect(without(params)).toMatchObject({ refusal: 'this host has no locale(1)' });
  }
});

describe('normalLocale', () => {
  test.each([
    ['de_DE.UTF-8', 'de_DE.utf8'],
    ['de_DE.ISO-8859-1', 'de_DE.iso88591'],
    ['de_DE@euro', 'de_DE@euro'],
    ['C.utf8', 'C.utf8'],
    ['C', 'C'],
  ])('%s is %s', (name, normal) => {
    expect(normalLocale(name)).toBe(normal);
  });
});

test('edits of the list and of LANG change nothing else, and are done once', () => {
  const line = fc.constantFrom(
    '# a',
    '',
    'LANG=C',
    'LANG="de_DE.UTF-8"',
    '# de_DE.UTF-8 UTF-8',
    'en_US.UTF-8 UTF-8',
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.join('\n');
      for (const edit of [withLocale, withoutLocale, withLang]) {
        const once = edit(text, 'de_DE.UTF-8');
        expect(edit(once, 'de_DE.UTF-8')).toBe(once);
        const others = (all: string) =>
          all.split('\n').filter((one) => one && !/LANG|de_DE/.test(one));
        expect(others(once)).toEqual(others(text));
      }
    }),
  );
});

describe.runIf(hasPrivateHosts)('locale on a host', () => {
  const host = playbookOnPrivateHost();

  test('is made by locale-gen, and set', async () => {
    host.sh('mkdir /root/made && mount --bind /root/made /usr/lib/locale');
    const lines = await host.runThrice(`
  - { name: l, locale: { name: de_LI.UTF-8, default: true } }
`);
    expect(lines).toEqual(['l changed']);
    expect(
      host.sh('locale -a | grep de_; grep ^de_ /etc/locale.gen; grep LANG= /etc/default/locale'),
    ).toBe('de_LI.utf8\nde_LI.UTF-8 UTF-8\nLANG=de_LI.UTF-8\n');
  }, 60_000);
});

test('of several lines the last LANG counts', () => {
  expect(withLang('LANG="de_DE.UTF-8"\nLANG=C\n', 'de_DE.UTF-8')).toBe(
    'LANG="de_DE.UTF-8"\nLANG=de_DE.UTF-8\n',
  );
  expect(withLang('LANG=C\nLANG="de_DE.UTF-8"', 'de_DE.UTF-8')).toBe('LANG=C\nLANG="de_DE.UTF-8"');
});
