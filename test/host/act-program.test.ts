import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileAct } from '../../src/host/act-program.ts';
import { type Change, change, type RemoveFile } from '../../src/host/change.ts';
import { readAnswers } from '../../src/host/look-program.ts';
import { nothingKnown } from '../../src/host/program.ts';
import { query, queryKey } from '../../src/host/query.ts';
import { runs } from '../runs.ts';
import { until } from '../until.ts';
import { describeShells, isRoot, RunningShell, temporaryDirectory } from './shells.ts';

const directory = temporaryDirectory();
const at = (name: string) => join(directory, name);

const shell = (line: string) => change.command(['/bin/sh', '-c', line], null);
const newFile = (path: string, content: string) =>
  change.writeFile(path, content, { type: 'absent' }, { effect: 'boot' });

describeShells('compileAct', (each) => {
  test('makes the changes in order, and stops at the first that fails', async () => {
    await using running = new RunningShell(each);
    const place = temporaryDirectory();

    const results = await running.act(
      ...newFile(join(place, 'a'), 'a\n'),
      shell(`cat ${place}/a; ls ${place}`),
      shell('echo no; exit 3'),
      ...newFile(join(place, 'b'), 'b\n'),
    );

    expect(results).toMatchObject([
      { status: 0, body: '' },
      { status: 0, body: 'a\na\n' },
      { status: 3, body: 'no\n' },
    ]);
    expect(existsSync(join(place, 'b'))).toBe(false);
  });

  test('leaves a shell that can look and act again, and then ends with status 0', async () => {
    await using running = new RunningShell(each);
    for (const content of ['one\n', 'two\n', 'three\n']) {
      const before = await running.look(query.file(at('again')));

      expect(
        await running.act(...change.writeFile(at('again'), content, before, { effect: 'boot' })),
      ).toMatchObject([{ status: 0 }]);
    }

    expect(readFileSync(at('again'), 'latin1')).toBe('three\n');
    expect(await running.close()).toEqual({ code: 0, signal: null });
    expect(running.errors).toBe('');
    await until(() => running.processes().length === 0);
  });

  test('asks the queries after the changes in the same message', async () => {
    await using running = new RunningShell(each);
    await running.observe([]);
    // longer than what a shell reads ahead
    const queries = Array.from({ length: 400 }, (_, index) => query.file(at(`${index} made`)));
    const acts = [{ id: '0', change: shell(`echo made >'${at('7 made')}'`) }];

    running.send(compileAct(acts, running.known, queries));
    const results = await running.sections();
    const answers = readAnswers(queries, await running.sections());

    expect([...results]).toMatchObject([['0', { status: 0 }]]);
    expect(answers?.get(queryKey(query.file(at('7 made'))))).toMatchObject({
      answer: { content: 'made\n' },
    });
    expect(answers?.size).toBe(400);
  });

  test('finishes the change under way when the input ends, and begins no other', async () => {
    await using running = new RunningShell(each);
    const place = temporaryDirectory();
    await running.observe([]);
    const acts = [
      shell(
        `touch ${place}/begun; until [ -e ${place}/go ]; do sleep 0.02; done; touch ${place}/finished`,
      ),
      shell(`touch ${place}/next`),
    ].map((one, index) => ({ id: `${index}`, change: one }));

    running.send(compileAct(acts, running.known));
    await running.event();
    await until(() => running.watchers().length === 1);
    running.child.stdin?.end();
    await until(() => running.watchers().length === 0);
    writeFileSync(join(place, 'go'), '');
    const sections = await running.sections();

    expect([...sections.keys()]).toEqual(['0']);
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(existsSync(join(place, 'finished'))).toBe(true);
    expect(existsSync(join(place, 'next'))).toBe(false);
    await until(() => running.processes().length === 0);
  });

  test('finishes it too when nobody reads the output any more', async () => {
    await using running = new RunningShell(each);
    const place = temporaryDirectory();
    await running.observe([]);
    const acts = [
      shell(
        `until [ -e ${place}/go ]; do sleep 0.02; done; yes | head -c 300000; touch ${place}/finished`,
      ),
      ...newFile(join(place, 'next'), 'x'),
    ].map((one, index) => ({ id: `${index}`, change: one }));

    running.send(compileAct(acts, running.known));
    await running.event();
    running.child.stdout?.destroy();
    running.child.stderr?.destroy();
    running.child.stdin?.end();
    writeFileSync(join(place, 'go'), '');
    await running.ended;
    await until(() => existsSync(join(place, 'finished')));

    expect(existsSync(join(place, 'next'))).toBe(false);
  });

  // the others know no TMOUT
  test.runIf(each.name === 'bash')('is not ended by a TMOUT of the login', async () => {
    await using running = new RunningShell(each, { env: { TMOUT: '1' } });

    expect(await running.act(shell('sleep 1.5'), shell('echo second'))).toMatchObject([
      { status: 0 },
      { body: 'second\n' },
    ]);
  });
});

describeShells('xp_remove', (each) => {
  const remove = (path: string, before: RemoveFile['before']): Change => {
    return { kind: 'remove', effect: 'boot', path, before };
  };

  test('removes a file, or the link to it, that is as it was planned from', async () => {
    await using running = new RunningShell(each);
    writeFileSync(at('-x y'), 'old');
    symlinkSync(at('-x y'), at('link'));
    const before = await running.look(query.file(at('-x y')));

    expect(await running.act(remove(at('link'), before))).toMatchObject([{ status: 0 }]);
    expect(existsSync(at('link'))).toBe(false);
    expect(readFileSync(at('-x y'), 'latin1')).toBe('old');
    expect(await running.act(remove(at('-x y'), before))).toMatchObject([{ status: 0 }]);
    expect(existsSync(at('-x y'))).toBe(false);
  });

  test('refuses one that has moved, and what is not as it was', async () => {
    await using running = new RunningShell(each);
    writeFileSync(at('moved'), 'old');
    const before = await running.look(query.file(at('moved')));
    writeFileSync(at('moved'), 'new');

    expect(await running.act(remove(at('moved'), before))).toMatchObject([{ status: 75 }]);
    expect(readFileSync(at('moved'), 'latin1')).toBe('new');
    expect(await running.act(remove(directory, { type: 'absent' }))).toMatchObject([
      { status: 75, body: 'expected absent, found directory\n' },
    ]);
  });
});

describeShells('xp_parameter', (each) => {
  const name = 'net.ipv4.ip_local_port_range';
  const wrapper = ['/usr/bin/unshare', '-n'];

  test.runIf(isRoot)('sets a kernel parameter, whatever its blanks', async () => {
    await using running = new RunningShell(each, { wrapper });
    const before = (await running.look(query.parameter(name))) ?? '';

    const changes = change.setParameter(name, '1024   65000', before);

    expect(await running.act(...changes)).toMatchObject([{ status: 0, body: '' }]);
    expect(await running.look(query.parameter(name))).toBe('1024 65000');
    expect(change.setParameter(name, '1024 65000', '1024 65000')).toEqual([]);
    expect(await running.act(...changes)).toMatchObject([
      { status: 75, body: 'expected 32768 60999, found 1024 65000\n' },
    ]);
  });

  test.runIf(isRoot)('says what the kernel does not take', async () => {
    await using running = new RunningShell(each, { wrapper });
    const before = (await running.look(query.parameter('net.ipv4.ip_forward'))) ?? '';

    const [refused] = await running.act(
      ...change.setParameter('net.ipv4.ip_forward', 'yes *', before),
    );
    const [ignored] = await running.act(
      ...change.setParameter('net.ipv4.ip_forward', '7 7', before),
    );
    const [absent] = await running.act(...change.setParameter('net.ipv4.nothing', '1', 'x'));

    expect(refused).toMatchObject({
      status: expect.toSatisfy((status) => ![0, 75].includes(status)),
    });
    expect(refused?.body).toMatch(/the kernel refuses 'yes \*'\n$/);
    expect(ignored?.body).toMatch(/the kernel did not take '7 7': it says '7'\n$/);
    expect(absent).toMatchObject({ status: 75 });
  });
});

describe('compileAct', () => {
  const text = fc
    .string({ unit: 'grapheme' })
    .filter((word) => !/[\0\n]|\p{Surrogate}/u.test(word));
  const bytes = fc.uint8Array().map((array) => Buffer.from(array).toString('latin1'));
  const someChange: fc.Arbitrary<Change> = fc.oneof(
    fc.tuple(text, bytes).map(([name, content]): Change => {
      return change.writeFile(`/${name}`, content, { type: 'absent' }, { effect: 'boot' })[0]!;
    }),
    fc.array(text, { minLength: 1 }).map((argv) => change.command(argv, null)),
    text.map((comment): Change => {
      const chains = new Map([['XPUSH', [`-m comment --comment "${comment}"`]]]);
      const before = {
        listed: ['XPUSH'],
        chains,
        policies: new Map(),
        spelled: new Map(),
        problem: null,
        fingerprint: null,
      };
      const none = { removed: [], jumps: [], policies: new Map() };
      return { kind: 'chains', effect: 'live', family: 4, chains, before, ...none };
    }),
  );

  test('is 7-bit, whatever is to be done', () => {
    fc.assert(
      fc.property(fc.array(someChange), (changes) => {
        const acts = changes.map((one, index) => ({ id: `${index}`, change: one }));

        expect(compileAct(acts, nothingKnown).text).toMatch(/^\p{ASCII}*$/u);
      }),
      { numRuns: runs() },
    );
  });

  test('takes bytes for contents, not text', () => {
    expect(() => newFile('/etc/motd', 'grüß → dich')).toThrow('a content is bytes');
  });
});
