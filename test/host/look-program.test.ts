import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileLook } from '../../src/host/look-program.ts';
import { nothingKnown } from '../../src/host/program.ts';
import { contentLimit, type Query, query, queryKey } from '../../src/host/query.ts';
import { runs } from '../runs.ts';
import { describeShells, isRoot, RunningShell, temporaryDirectory } from './shells.ts';

const directory = temporaryDirectory();
const at = (name: string) => join(directory, name);

const names = [
  'plain',
  'with space',
  "quote's",
  'double"quote',
  '$(touch pwned)',
  '`touch pwned`',
  '-rf',
  '*',
  '[a-z]?',
  'tab\there',
  'back\\slash',
  'é ünï 🐘',
  'ends in space ',
  '~',
  'cr\r',
  'Upper',
];
for (const [index, name] of names.entries()) writeFileSync(at(name), `content ${index}\n`);
mkdirSync(at('-dash dir'));
writeFileSync(at('-dash dir/-n'), 'no newline at the end');
writeFileSync(at('empty'), '');
writeFileSync(at('binary'), Buffer.from(Array.from({ length: 512 }, (_, index) => index & 0xff)));
writeFileSync(at('limit'), Buffer.alloc(contentLimit, 'l'));
writeFileSync(at('large'), Buffer.alloc(contentLimit + 1, 'L'));
execFileSync('mkfifo', [at('fifo')]);
symlinkSync(at('plain'), at('link'));
symlinkSync(at('link'), at('link to link'));
symlinkSync(at('nowhere'), at('dangling'));
symlinkSync(at('loop'), at('loop'));
symlinkSync(directory, at('link to directory'));
symlinkSync(at('fifo'), at('link to fifo'));

async function answersOf(running: RunningShell, queries: readonly Query[]): Promise<unknown[]> {
  const observations = await running.observe(queries);
  return queries.map((one) => {
    const observation = observations.get(queryKey(one));
    return observation !== undefined && 'answer' in observation ? observation.answer : observation;
  });
}

describeShells('compileLook', (shell) => {
  test('tells what is at a path, and opens only regular files', async () => {
    await using running = new RunningShell(shell);
    const server = createServer().listen(at('socket'));
    await once(server, 'listening');

    const types = await answersOf(
      running,
      ['link', 'link to link', 'dangling', 'loop', 'link to directory', 'fifo', 'link to fifo']
        .map(at)
        .concat(at('socket'), directory, `${directory}/`, '/', '/dev/null', '/proc/version')
        .map(query.file),
    );
    server.close();

    expect(types).toMatchObject([
      { type: 'file', content: 'content 0\n' },
      { type: 'file', content: 'content 0\n' },
      { type: 'absent' },
      { type: 'absent' },
      { type: 'directory' },
      { type: 'special' },
      { type: 'special' },
      { type: 'special' },
      { type: 'directory' },
      { type: 'directory' },
      { type: 'directory' },
      { type: 'special' },
      { type: 'special' },
    ]);
  });

  test('reads files of any name, many at once, bytes as they are', async () => {
    await using running = new RunningShell(shell);
    const many = Array.from({ length: 300 }, (_, index) => at(`many/${index}`));
    mkdirSync(at('many'), { recursive: true });
    for (const [index, path] of many.entries()) writeFileSync(path, `${index}\n`.repeat(index % 7));

    const files = await answersOf(
      running,
      [...names, '-dash dir/-n', 'binary'].map(at).concat(many).map(query.file),
    );

    expect(files).toMatchObject([
      ...names.map((_, index) => ({ content: `content ${index}\n` })),
      { content: 'no newline at the end' },
      { content: readFileSync(at('binary'), 'latin1') },
      ...many.map((_, index) => ({ content: `${index}\n`.repeat(index % 7) })),
    ]);
  });

  test('reads 256 KiB of a file, and of a larger one the sums', async () => {
    await using running = new RunningShell(shell);
    const { body } = await running.call(`xp_file_state '${at('large')}'; echo "$XP_SUMS"`);

    const [limit, large, plain] = await answersOf(
      running,
      ['limit', 'large', 'plain'].map(at).map(query.file),
    );

    expect(limit).toMatchObject({ size: contentLimit, content: 'l'.repeat(contentLimit) });
    expect(large).toMatchObject({ size: contentLimit + 1, content: null, sums: body.trim() });
    expect(plain).toMatchObject({ content: 'content 0\n' });
  });

  test.runIf(isRoot)('tells what the login may not read', async () => {
    const secret = at('secret');
    writeFileSync(secret, 'x', { mode: 0o600 });
    await using running = new RunningShell(shell, {
      wrapper: ['/usr/bin/setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups'],
    });

    expect(await answersOf(running, [query.file(secret), query.file(at('plain'))])).toMatchObject([
      { type: 'unreadable' },
      { content: 'content 0\n' },
    ]);
  });

  test('reads kernel parameters, blanks as single spaces', async () => {
    await using running = new RunningShell(shell);
    const real = (path: string) => readFileSync(`/proc/sys/${path}`, 'utf8').trim();

    expect(
      await answersOf(running, [
        query.parameter('net.ipv4.ip_local_port_range'),
        query.parameter('net/ipv4/conf/lo/rp_filter'),
        query.parameter('net.ipv4.conf.no/such.rp_filter'),
        query.parameter('kernel.pid_max'),
      ]),
    ).toEqual([
      real('net/ipv4/ip_local_port_range').replace('\t', ' '),
      real('net/ipv4/conf/lo/rp_filter'),
      null,
      real('kernel/pid_max'),
    ]);
  });

  test('tells who is connected', async () => {
    const peers = [
      '192.0.2.7 50000 192.0.2.1 22',
      '2001:db8::1 5 ::1 22',
      'fe80::1%eth0 5 fe80::2%eth0 22',
      '',
    ].map(async (connection) => {
      await using running = new RunningShell(shell, { env: { SSH_CONNECTION: connection } });
      return await running.look(query.session());
    });

    expect(await Promise.all(peers)).toEqual([
      { peer: '192.0.2.7', address: '192.0.2.1' },
      { peer: '2001:db8::1', address: '::1' },
      { peer: null, address: null },
      { peer: null, address: null },
    ]);
  });
});

describeShells('ifThere', (shell) => {
  test('asks what is of interest only beside a file, and says nothing without it', async () => {
    await using running = new RunningShell(shell);
    const [links, routes, proxies] = [query.interfaces(), query.routes(6), query.proxies()];
    const around = (path: string) =>
      [links, routes, proxies].map((one) => query.ifThere(path, one));

    const without = await answersOf(running, around(at('nowhere')));
    const beside = await answersOf(running, around(at('plain')));
    const both = await answersOf(running, [routes, ...around(at('nowhere'))]);
    const all = await answersOf(running, [links, routes, proxies]);

    expect(without).toEqual([[], { entries: [], fingerprint: null }, []]);
    expect(beside).toEqual(all);
    expect(both).toEqual([all[1], [], all[1], []]);
  });
});

describe('compileLook', () => {
  const anyQuery = fc.oneof(
    fc.string({ unit: 'grapheme' }).map((name) => query.file(`/${name.replaceAll(/[\0\n]/g, '')}`)),
    fc.stringMatching(/^[a-z]{1,9}(\.[a-z0-9_]{1,9}){1,3}$/).map(query.parameter),
    fc.stringMatching(/^[a-z]{1,9}$/).map(query.tool),
    fc.stringMatching(/^[A-Z-]{1,28}$/).map((chain) => query.chains(4, 'FORWARD', chain)),
    fc.constantFrom(query.rules(4), query.routes(6), query.interfaces(), query.session()),
    fc.constantFrom(query.proxies(), query.system(), query.network(), query.xen()),
    fc.constantFrom(query.firewalls(), query.domains(), query.nft(['XPUSH-FWD'])),
    fc
      .tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))
      .map(([path, suffix]) =>
        query.directory(`/${path.replaceAll(/[\0\n]/g, '')}`, suffix.replaceAll(/[\0\n/]/g, '')),
      ),
    fc
      .tuple(fc.option(fc.ipV6(), { nil: undefined }), fc.ipV6())
      .map(([from, to]) => query.path(from === undefined ? { to } : { from, to })),
  );

  test('is 7-bit, whatever is asked', () => {
    fc.assert(
      fc.property(fc.array(anyQuery), (queries) => {
        expect(compileLook(queries, 'abc', nothingKnown).text).toMatch(
          /^[\t\n\r\x20-\x7e\p{ASCII}]*$/u,
        );
      }),
      { numRuns: runs() },
    );
  });

  test.each([
    ['a newline in a name', query.file('/etc/a\nb')],
    ['a NUL in a name', query.file('/etc/a\0b')],
    ['half a character', query.file('/etc/\ud800')],
    ['a relative path', query.file('etc/passwd')],
    ['no path', query.file('')],
    ['a path that is too long', query.file(`/${'é'.repeat(2100)}`)],
    ['a parameter that leaves /proc/sys', query.parameter('net.../etc/passwd')],
    ['a parameter with a colon', query.parameter('net.a:b')],
    ['an option for a tool', query.tool('-v')],
    ['a path for a tool', query.tool('/bin/sh')],
    ['a chain that sed would obey', query.chains(4, 'X/p;w /pwned')],
  ])('refuses %s', (_what, asked) => {
    expect(() => compileLook([asked], 'abc', nothingKnown)).toThrow(/^not |is made of/);
  });

  test('brings a file of the runtime once, and when it is asked for', () => {
    const first = compileLook([query.tool('sh')], 'x', nothingKnown);
    const second = compileLook([query.system()], 'x', first.known);
    const third = compileLook([query.system(), query.system()], 'x', second.known);

    expect(first.text).toContain('\nxp_setup() {');
    expect([...first.known]).toEqual(['look.sh']);
    expect([...second.known]).toEqual(['look.sh', 'facts.sh', 'facts-system.sh']);
    expect(second.text).not.toContain('\nxp_setup() {');
    expect(second.text.length).toBeGreaterThan(third.text.length + 1000);
    expect(third.text).not.toMatch(/^\w+\(\) \{$(?<!xp_look\(\) \{)/m);
    expect([...third.known]).toEqual([...second.known]);
  });

  test('writes what it knows together: before and after a program that writes itself', () => {
    const queries = [query.file('/etc/passwd'), query.tool('a'), query.session(), query.windows()];
    const { text } = compileLook(queries, 'x', nothingKnown);
    const marked = text.replace('$XP_PRINT "$1"', '$XP_PRINT "<write>$1"');
    const printed = execFileSync('/bin/sh', ['-s'], { input: marked, encoding: 'latin1' });

    const writes = printed.split('<write>').slice(1);
    expect(writes.map((each) => each.match(/(?<=@x )(begin \S+|done)/g))).toEqual([
      ['begin lacks', 'begin files', 'begin contents'],
      null, // the end of the contents
      ['begin tools', 'begin session', 'begin windows', 'done'],
    ]);
  });

  test('asks the same thing once', () => {
    const queries = [query.rules(4), query.rules(4), query.tool('a'), query.tool('a')];
    const { text } = compileLook(queries, 'x', new Set(['look.sh']));

    expect(text.match(/xp_list_rules/g)).toHaveLength(1);
    expect(text.match(/'a'/g)).toHaveLength(1);
  });
});
