import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkedNftRule, nftChainText, nftScript, parseNft } from '../../src/host/nft-text.ts';
import { runs } from '../runs.ts';

const listed = ['XPUSH-FWD', 'XPUSH-KEEP'];
const parse = (text: string) => parseNft(text, listed, '0 0');

/** One chain as the runtime lists it. */
const block = (table: string, chain: string, lines: readonly string[]) =>
  [`table ${table} {`, `\tchain ${chain} {`, ...lines.map((line) => `\t\t${line}`), '\t}', ''].join(
    '\n',
  );
const hooked = (priority: string, more = '') =>
  `type filter hook forward priority ${priority}; policy accept;${more}`;

/** What listings are made of, whole and in pieces. */
const fragment = fc.oneof(
  fc.constantFrom(
    ...[
      'table inet filter {\n',
      'table ip filter {',
      'table \x1b[31m {\n',
      'table ip x { # owner\n',
    ],
    ...['\tflags owner\n', '\tflags dormant\n', '\tchain XPUSH-FWD {\n', '\tchain forward {\n'],
    ...['\tchain __proto__ {\n', '\t}\n', '}\n', '\t\t', '\t\taccept\n', '\t\tjump XPUSH-FWD\n'],
    ...['\t\ttype filter hook forward priority filter; policy drop;\n', '\t\tcomment "x\n\t}\n'],
    ...['\t\ttype filter hook forward priority 99999999999999999999;\n', '{', '}', '"', '\n', ' '],
    ...['#status 3\n', '#listed\n', '\t\ttcp dport { 1,\n', '\t\t\t2 } drop\n', '\0', '\r\n'],
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

describe('parseNft', () => {
  test('is broken by no listing: it finds chains of the families asked for, or a problem', () => {
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 40 }), fc.boolean(), (fragments, isWhole) => {
        const state = parse(`${fragments.join('')}${isWhole ? '#listed\n' : ''}`);
        for (const one of [...state.bases, ...state.chains]) {
          expect(['ip', 'ip6', 'inet']).toContain(one.family);
          for (const rule of one.rules) expect(rule).not.toContain('\n');
        }
        for (const { chain } of state.chains) expect(listed).toContain(chain);
        if (state.problem !== null) expect([state.bases, state.chains]).toEqual([[], []]);
      }),
      { numRuns: runs(1000) },
    );
  });

  test('takes a listing that has no end for none', () => {
    const whole = `${block('ip filter', 'XPUSH-FWD', ['accept'])}#listed\n`;

    expect(parse(whole)).toMatchObject({ problem: null, chains: [{ rules: ['accept'] }] });
    for (let length = 0; length < whole.length; length += 1) {
      expect(parse(whole.slice(0, length)).problem).not.toBeNull();
    }
  });

  test.each([
    [
      'a rule whose comment ends the chain',
      block('ip x', 'c', ['accept comment "\n\t}\n\tchain XPUSH-FWD {"']),
    ],
    ['a set that never ends', block('ip x', 'c', ['tcp dport { 1, 2', '3 drop'])],
    ['a brace too many', block('ip x', 'c', ['accept }'])],
    ['a chain in a chain', block('ip x', 'c', ['accept']).replace('\t}', '\tchain d {\n\t}\n\t}')],
    ['a priority that is none', block('ip x', 'c', [hooked('soon')])],
    ['another hook', block('ip x', 'XPUSH-FWD', ['type nat hook forward priority 0;'])],
    ['a line of nobody', `${block('ip x', 'c', ['accept'])}x\n`],
  ])('refuses %s', (_, text) => {
    expect(parse(`${text}#listed\n`)).toMatchObject({
      problem: 'the listing of nft makes no sense',
      bases: [],
      chains: [],
    });
  });

  test('sorts by priority, named and in numbers, whatever the version prints', () => {
    const priorities = ['security', 'filter + 10', '-5', 'filter', 'raw', 'mangle - 1', '300', '0'];
    const text = priorities.map((one) => block('ip x', 'c', [hooked(one)])).join('');

    expect(parse(`${text}#listed\n`).bases.map(({ priority }) => priority)).toEqual([
      'raw',
      'mangle - 1',
      '-5',
      'filter',
      '0',
      'filter + 10',
      'security',
      '300',
    ]);
  });

  test('reads a table’s flags, a chain’s comment and a set over several lines', () => {
    const flagged = (flags: string) =>
      block('inet f', 'c', [
        'comment "theirs"',
        hooked('0'),
        'tcp dport { 22, 80,',
        '\t\t     443 } drop',
      ]).replace('{\n', `{ # progname firewalld\n\tflags ${flags}\n`);

    expect(parse(`${flagged('owner,persist')}#listed\n`).bases).toMatchObject([
      { isOwned: true, rules: ['tcp dport { 22, 80, 443 } drop'] },
    ]);
    expect(parse(`${flagged('dormant')}#listed\n`).bases).toEqual([]);
  });
});

describe('names and rules that go into programs', () => {
  test('are one name and one rule each, or refused', () => {
    expect(nftScript(listed)).toBe(
      '/\\n\tchain XPUSH-FWD {\\n/b print\n/\\n\tchain XPUSH-KEEP {\\n/b print',
    );
    expect(nftChainText('XPUSH-FWD', ['accept'])).toBe('\tchain XPUSH-FWD {\n\t\taccept\n\t}\n');
    for (const name of ['fwd', 'XPUSH-FWD {', 'XPUSH-', 'XPUSH-a/d', 'x\nXPUSH-FWD']) {
      expect(() => nftScript([name])).toThrow('not a chain of ours');
    }
    for (const rule of [
      'accept\ndrop',
      'accept; drop',
      'accept }',
      'accept comment "x',
      '{ { }',
      'log prefix "a"b"',
    ]) {
      expect(() => checkedNftRule(rule)).toThrow('not one rule');
    }
    for (const rule of ['tcp dport { 1, 2-3 } accept comment "a { ; b"', 'iifname "vif*" drop']) {
      expect(checkedNftRule(rule)).toBe(rule);
    }
  });
});
