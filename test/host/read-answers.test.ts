import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAnswers } from '../../src/host/look-program.ts';
import { type CommandOutput, query, queryKey, type TreeState } from '../../src/host/query.ts';
import { runs } from '../runs.ts';

describe('readAnswers', () => {
  const queries = [
    ...[query.rules(4), query.routes(4), query.interfaces(), query.chains(4, 'FORWARD')],
    ...[query.parameter('a.b'), query.session(), query.rules(6), query.routes(6)],
    ...[query.proxies(), query.path({ to: '10.0.0.1' }), query.path({ to: '::1' })],
  ];
  const ids = [
    ...[
      'parameters',
      'tools',
      'interfaces',
      'ip.rules4.routes4.interfaces',
      'rules4',
      'routes4',
      'rules6',
      'routes6',
      'chains0',
    ],
    ...['proxies', 'path0', 'path1', 'session'],
  ];
  const sectionsOf = (body: string) => new Map(ids.map((id) => [id, { status: 0, body }]));
  const filesOf = (body: string) =>
    new Map(['files', 'contents', 'sums'].map((id) => [id, { status: 0, body }]));

  test('tells no answer that it did not get', () => {
    expect(readAnswers([query.file('/a')], new Map())).toBeNull();
    expect(readAnswers([query.tool('sh')], sectionsOf('maybe\n'))).toBeNull();
    expect([...(readAnswers(queries.slice(0, 4), new Map()) ?? [])].map(([, one]) => one)).toEqual([
      { failure: "'ip' could not list the interfaces (status unknown)" },
      { failure: "'ip' could not list the rules (status unknown)" },
      { failure: "'ip' could not list the routes (status unknown)" },
      { failure: 'the chains of the firewall could not be listed' },
    ]);
  });

  test('believes no entry, tree or output that was not asked for, whatever a host says', () => {
    const asked = [
      ...[query.entry('/a'), query.entry('/a b'), query.followedEntry('/a')],
      ...[query.tree('/a'), query.output(['x'], { limitBytes: 20 })],
    ];
    const word = fc.constantFrom(
      ...['81a4:', 'a1ff:', '41ed:', '0:', '-1:', '99999999999999999999:', 'root:', '__proto__:'],
      ...['/a', '/a b', '/a/b', '/a/../b', '/etc/passwd', ' -> ', '\n', '\n', '\0', '\xff', ' '],
      ...[
        'links\n',
        '1 ',
        '2 /x',
        '0 ',
        '81a4:0:0:1:1:1:1:root:root:',
        '9 -rw-r--r-- 1 0 0 5 a b c ',
      ],
    );
    const body = fc.array(word, { maxLength: 20 }).map((words) => words.join(''));
    fc.assert(
      fc.property(body, fc.integer({ min: 0, max: 255 }), body, (said, status, errors) => {
        const ids = ['entries', 'entries-l', 'tree.0', 'output.0', 'lacks'];
        const section = { status, body: said, errors, isLate: true } as const;
        const answers = readAnswers(asked, new Map(ids.map((id) => [id, section])));

        for (const one of asked) {
          const observation = answers?.get(queryKey(one));
          if (observation === undefined || !('answer' in observation)) continue;
          const { answer } = observation;
          const tree = one.kind === 'tree' ? (answer as TreeState) : null;
          expect(
            [...(tree?.entries.keys() ?? [])].filter((path) => !/^\/a(?:$|\/(?!\.\.))/.test(path)),
          ).toEqual([]);
          const output = one.kind === 'output' ? (answer as CommandOutput) : null;
          expect(output?.stdout.length ?? 0).toBeLessThanOrEqual(20);
        }
      }),
      { numRuns: runs(1000) },
    );
  });

  test('never fails, whatever a host says', () => {
    const word = fc.constantFrom(
      ...['\n', '\n', ' ', '\t', ':', '1: ', '1000:\t', 'from ', 'not ', 'lookup ', '[', 'goto '],
      ...[
        'default ',
        '10.0.0.0/24 ',
        'via ',
        'inet6 ',
        'dev ',
        'nexthop ',
        'proto ',
        'metric ',
        '9 ',
      ],
      ...[
        '    inet ',
        '/24 ',
        'link/ether ',
        'eth0@x: <UP>',
        '*filter',
        ':FORWARD ',
        '-A FORWARD ',
      ],
      ...['    inet6 ', '2001:db8::1 ', 'scope global ', 'pref medium ', 'table ', 'local '],
      ...[
        'RTNETLINK answers: ',
        'cache\n',
        'expires ',
        'proxy ',
        '__proto__ ',
        '\xff',
        '#',
        '# 5 x',
        'file\n',
        'absent\n',
        '0',
        '-',
      ],
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        expect(readAnswers(queries, sectionsOf(words.join('')))?.size).toBe(queries.length);
        readAnswers([query.file('/a')], filesOf(words.join('')));
      }),
      { numRuns: runs(1000) },
    );
  });

  test.each([
    '\n',
    ' ',
    '\n ',
    '1: ',
    '1: a',
    '0\n',
    'a:b\n',
    '-A ',
    '#incompatible',
    ' inet 1',
    '<',
  ])('takes its time only once for much of %j', (part) => {
    const body = `1: eth0: <UP>\n${part.repeat(100_000)}`;
    const started = performance.now();

    expect(readAnswers(queries, sectionsOf(body))).not.toBeNull();
    expect(readAnswers([query.file('/a')], filesOf(body))).toBeNull();

    expect(performance.now() - started).toBeLessThan(3000);
  });
});
