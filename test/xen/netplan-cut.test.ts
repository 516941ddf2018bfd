import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseYaml } from '../../src/source/parse-yaml.ts';
import type { Path } from '../../src/source/source-node.ts';
import { netplanPath, netplanPlan } from '../../src/xen/netplan.ts';
import { cutEntries } from '../../src/xen/netplan-cut.ts';
import { runs } from '../runs.ts';
import { fileOf } from '../steps/observed.ts';
import { webserv } from './fleet.ts';

fc.configureGlobal({ numRuns: runs() });

function cut(text: string, ...paths: readonly Path[]): string {
  const parsed = parseYaml(Buffer.from(text, 'latin1'), 'a.yaml');
  if (!parsed.ok) throw new Error(parsed.diagnostics[0]?.message);
  const result = cutEntries(text, parsed.value, paths);
  return 'text' in result
    ? result.text
    : `${result.inseparable.source.positionAt(result.inseparable.start).line}`;
}

describe('cutEntries', () => {
  test.each<[string, readonly Path[], string]>([
    ['a: 1\nb: 2\n', [['a']], 'b: 2\n'],
    ['a: 1\nb: 2', [['b']], 'a: 1\n'],
    ['a:\n  # inside\n  b: 1\n  # after\nc: 2\n', [['a']], '  # after\nc: 2\n'],
    [
      'a:\n  b: 1\n  c: 2\nd: 3\n',
      [
        ['a', 'b'],
        ['a', 'c'],
      ],
      'd: 3\n',
    ],
    ['# only\na:\n  b:\n    c: 1\n', [['a', 'b', 'c']], '# only\n'],
    ['a: [1,\n  2] # end\nb: 2\n', [['a']], 'b: 2\n'],
    ['a: |\n  text\n  # text\n\nb: 2\n', [['a']], '\nb: 2\n'],
    ['a:\n- b: 1\n  c: 2\n- b: 3\n', [['a', 0]], 'a:\n- b: 3\n'],
    [
      'a:\n- b: 1\n- b: 3\nc: 1\n',
      [
        ['a', 0],
        ['a', 1],
      ],
      'c: 1\n',
    ],
    ['a:\nb: 1\n', [['a']], 'b: 1\n'],
    ['"a" :  \n  b: 1\nc: 1\n', [['a']], 'c: 1\n'],
    ['# \xc3\xa9\r\na: 1\r\nb: \xc3\xa9\r\n', [['a']], '# \xc3\xa9\r\nb: \xc3\xa9\r\n'],
    ['\xef\xbb\xbf# bom\na: 1\nb: 1\n', [['a']], '\xef\xbb\xbf# bom\nb: 1\n'],
  ])('cuts whole lines and no other byte: %j without %j', (text, paths, expected) => {
    expect(cut(text, ...paths)).toBe(expected);
  });

  test.each<[string, readonly Path[], string]>([
    ['{a: 1, b: 2}\n', [['a']], '1'],
    ['a: {b: 1,\n  c: 2}\n', [['a', 'c']], '2'],
    ['a: &x 1\nb: *x\n', [['a']], '1'],
    ['- a: 1\n  b: 2\n', [[0, 'a']], '1'],
    ['? a\n: 1\nb: 1\n', [['a']], '1'],
    ['- - 1\n  - 2\n', [[0, 0]], '1'],
  ])('says where it can’t: %j without %j', (text, paths, line) => {
    expect(cut(text, ...paths)).toBe(line);
  });
});

/** A line with whether it is to stay. */
type Line = readonly [text: string, stays: boolean];

const comment = fc.constantFrom('#', '# eth0: {dhcp4: true}', '# gru\xc3\x9f', '#  - x');
const ownKeys = fc.shuffledSubarray(
  [
    ['dhcp4: true'],
    ['addresses: [192.168.0.200/24]'],
    ['addresses:', '- 10.1.1.1/8', '- "2001:db8::1/64"'],
    ['set-name: eth0'],
    ['gateway4: 192.168.0.1 # the router'],
    ['routes:', '- to: default', '  via: 192.168.0.1'],
    ['routing-policy:', '  - from: 192.168.0.201', '    table: 17'],
  ],
  { minLength: 1 },
);
const otherKeys = fc.shuffledSubarray([
  ['mtu: 1400'],
  ['nameservers:', '  addresses: [192.168.0.2]', '  search: ["a.example"]'],
  ['optional: yes'],
  ['wakeonlan: true'],
]);
const keyOf = ([first = '']: readonly string[]): string => first.split(':')[0] ?? '';

/** A definition of one of our vifs: whole, or with what is not ours to say. */
const ownDefinition = (place: number): fc.Arbitrary<readonly Line[]> =>
  fc
    .record({
      own: ownKeys,
      others: otherKeys,
      note: comment,
      indent: fc.constantFrom('  ', '    '),
    })
    .map(({ own, others, note, indent }) => {
      const keys = [
        ...own.filter((key, at) => own.findIndex((e) => keyOf(e) === keyOf(key)) === at),
      ];
      const stays = others.length > 0;
      return [
        [`    eth${place}:`, stays],
        ...others.flatMap((key) => key.map((line): Line => [`    ${indent}${line}`, true])),
        [`    ${indent}${note}`, stays],
        ...keys.flatMap((key) => key.map((line): Line => [`    ${indent}${line}`, false])),
      ];
    });

const foreignDefinition = fc.constantFrom<readonly Line[]>(
  [
    ['    lan:', true],
    ['      match: {name: "lan*"}', true],
    ['      addresses: [10.7.0.1/16]', true],
  ],
  [['    eth9: {dhcp4: true} # eth0', true]],
);

const documents = fc
  .record({
    own: fc.tuple(ownDefinition(0), ownDefinition(1)),
    foreign: foreignDefinition,
    notes: fc.array(comment, { maxLength: 3 }),
    isFirst: fc.boolean(),
    newline: fc.constantFrom('\n', '\r\n'),
  })
  .map(({ own, foreign, notes, isFirst, newline }) => {
    const definitions = isFirst ? [...own, foreign] : [foreign, ...own];
    const lines: readonly Line[] = [
      ...notes.map((note): Line => [note, true]),
      ['network:', true],
      ['  version: 2', true],
      ['  ethernets:', true],
      ...definitions.flatMap((definition, place): readonly Line[] => [
        ...(notes[place] === undefined ? [] : [[`    ${notes[place]}`, true] as const]),
        ...definition,
      ]),
      ['  vlans:', true],
      ['    lan7: {id: 7, link: lan}', true],
    ];
    const textOf = (some: readonly Line[]): string => some.map(([text]) => text + newline).join('');
    return { text: textOf(lines), left: textOf(lines.filter(([, stays]) => stays)) };
  });

describe('netplanPlan', () => {
  test('keeps every byte that is not ours to say, and finds nothing more to take out', () => {
    const path = '/etc/netplan/50-any.yaml';
    fc.assert(
      fc.property(documents, ({ text, left }) => {
        const rewritten = (content: string): string => {
          const plan = netplanPlan(webserv, [{ path, file: fileOf(content) }], true);
          if ('refusal' in plan) throw new Error(plan.refusal);
          expect(plan.files[0]?.path).toBe(netplanPath);
          return plan.files.find((file) => file.path === path)?.text ?? content;
        };

        expect(rewritten(text)).toBe(left);
        expect(rewritten(left)).toBe(left);
      }),
    );
  });
});
