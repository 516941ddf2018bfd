import { mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerTo } from '../../src/host/answer.ts';
import { type Change, change } from '../../src/host/change.ts';
import { type FileState, query } from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import { runs } from '../runs.ts';
import { dash, describeShells, hasTool, RunningShell, temporaryDirectory } from './shells.ts';
import { namesIn } from './writes.ts';

const absent: FileState = { type: 'absent' };
const inPlace = { status: 0, body: '' };

function write(path: string, content: string, before = absent, mode?: number): readonly Change[] {
  const options = { effect: 'boot', ...(mode === undefined ? {} : { mode }) } as const;
  return change.writeFile(path, content, before, options);
}

const text = (path: string) => readFileSync(path, 'latin1');
const modeOf = (path: string) => statSync(path).mode & 0o7777;

describeShells('files of one act program', (shell) => {
  test('come out with their contents and modes, old and new ones', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const at = (name: string) => join(place, name);
    mkdirSync(at('d'));
    writeFileSync(at('old'), 'old', { mode: 0o640 });
    writeFileSync(at('d/old'), 'old', { mode: 0o600 });
    writeFileSync(at('target'), 'old', { mode: 0o604 });
    symlinkSync('target', at('link'));
    const before = async (name: string) => running.look(query.file(at(name)));

    const results = await running.act(
      ...write(at('old'), 'one\n', await before('old')),
      ...write(at('d/old'), 'two', await before('d/old'), 0o755),
      ...write(at('link'), 'three', await before('link')),
      ...write(at('new'), '', absent),
      ...write(at('secret'), "it's \\ $x `y`\n", absent, 0o600),
      ...write(at('d/tool'), '\xff\0\n', absent, 0o4755),
      ...write(at('d/with blanks *'), 'four', absent),
    );

    expect(results).toEqual(Array.from({ length: 7 }, () => inPlace));
    expect(namesIn(place)).toEqual(['d', 'link', 'new', 'old', 'secret', 'target']);
    expect(namesIn(at('d'))).toEqual(['old', 'tool', 'with blanks *']);
    expect([text(at('old')), modeOf(at('old'))]).toEqual(['one\n', 0o640]);
    expect([text(at('d/old')), modeOf(at('d/old'))]).toEqual(['two', 0o755]);
    expect([text(at('target')), modeOf(at('target'))]).toEqual(['three', 0o604]);
    expect([text(at('new')), modeOf(at('new'))]).toEqual(['', 0o644]);
    expect([text(at('secret')), modeOf(at('secret'))]).toEqual(["it's \\ $x `y`\n", 0o600]);
    expect([text(at('d/tool')), modeOf(at('d/tool'))]).toEqual(['\xff\0\n', 0o4755]);
    expect(text(at('d/with blanks *'))).toBe('four');
  });

  test('are put in place in order, up to the first that has moved', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const at = (name: string) => join(place, name);
    writeFileSync(at('b'), 'planned from');
    const before = await running.look(query.file(at('b')));
    writeFileSync(at('b'), 'theirs');

    const results = await running.act(
      ...write(at('a'), 'ours'),
      ...write(at('b'), 'ours', before),
      ...write(at('c'), 'ours'),
    );

    expect(results).toMatchObject([inPlace, { status: 75 }]);
    expect(namesIn(place)).toEqual(['a', 'b']);
    expect(text(at('b'))).toBe('theirs');
  });

  test('are looked at again when they were changed since they were made', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const at = (name: string) => join(place, name);
    for (const name of ['b', 'd']) writeFileSync(at(name), 'planned from');
    const changes = [
      ...write(at('a'), 'ours'),
      ...write(at('b'), 'ours', await running.look(query.file(at('b')))),
    ];
    const others = [
      ...write(at('c'), 'ours'),
      ...write(at('d'), 'ours', await running.look(query.file(at('d')))),
    ];

    // stands where the first of them has come to its place
    await running.call(`xp_durable_later() { echo theirs >'${at('b')}'; }`);
    const results = await running.act(...changes);
    await running.call(`xp_durable_later() { chmod 600 '${at('d')}'; XP_IS_FRESH=; }`);
    const ofOthers = await running.act(...others);

    expect(results).toMatchObject([inPlace, { status: 75 }]);
    expect(ofOthers).toMatchObject([inPlace, { status: 75 }]);
    expect(text(at('b'))).toBe('theirs\n');
    expect(text(at('d'))).toBe('planned from');
    expect(namesIn(place)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('are there, and nothing of ours beside them, when a command runs', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const [first] = write(join(place, 'a'), 'one');
    const names = change.command(['/bin/sh', '-c', `cd ${place} && echo .* * && cat a`], null);

    const results = await running.act(
      ...(first === undefined ? [] : [first]),
      names,
      ...write(join(place, 'b'), 'two'),
      names,
    );

    expect(results).toMatchObject([
      inPlace,
      { status: 0, body: expect.stringMatching(/^(\. \.\. )?a\none$/) },
      inPlace,
      { status: 0, body: expect.stringMatching(/^(\. \.\. )?a b\none$/) },
    ]);
  });

  test('may be one file several times, and more than are made at once', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const path = join(place, 'again');
    const states: FileState[] = [absent];
    for (const content of ['1', '2']) {
      writeFileSync(path, content);
      states.push(await running.look(query.file(path)));
    }
    await running.call(`rm '${path}'`);
    const many = Array.from({ length: 40 }, (_, index) => join(place, `n${index}`));

    const results = await running.act(
      ...states.flatMap((before, index) => write(path, `${index + 1}`, before)),
      ...many.flatMap((one, index) => write(one, `${index}`)),
    );

    expect(results).toEqual(Array.from({ length: 43 }, () => inPlace));
    expect(text(path)).toBe('3');
    expect(many.map(text)).toEqual(many.map((_, index) => `${index}`));
    expect(namesIn(place)).toHaveLength(41);
  });
});

describeShells('any files of one act program', (shell) => {
  const name = fc.constantFrom('a', 'b', 'c d', 'e*', '-f', '.g', 'h.old', '.xpush-old', 'ü'); // latin1: of one byte or two
  const file = fc.record({
    name,
    old: fc.option(fc.string({ maxLength: 20 })),
    hasMoved: fc.boolean(),
    content: fc
      .uint8Array({ maxLength: 300 })
      .map((bytes) => Buffer.from(bytes).toString('latin1')),
    mode: fc.option(fc.constantFrom(0o600, 0o644, 0o755, 0o2711)),
  });

  test('are as if they were written one by one', async () => {
    await using running = new RunningShell(shell);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(file, { selector: (one) => one.name, minLength: 1, maxLength: 5 }),
        async (files) => {
          const place = temporaryDirectory();
          const at = (one: string) => join(place, one);
          for (const { name: each, old } of files) if (old !== null) writeFileSync(at(each), old);
          const queries = files.map((each) => query.file(at(each.name)));
          const seen = new HostState(await running.observe(queries));
          const states = queries.map((each) => answerTo(seen, each) ?? absent);
          const changes = files.map(({ name: each, content, mode }, index) =>
            write(at(each), `${content}.`, states[index], mode ?? undefined),
          );
          const moved = files.findIndex(
            (one, index) => one.hasMoved && changes[index]?.length === 1,
          );
          if (moved !== -1)
            writeFileSync(at(files[moved]?.name ?? ''), 'theirs, and longer than 20');

          const results = await running.act(...changes.flat());

          const made = changes.slice(0, moved === -1 ? changes.length : moved);
          expect(results.map(({ status }) => status)).toEqual([
            ...made.flat().map(() => 0),
            ...(moved === -1 ? [] : [75]),
          ]);
          for (const [index, { name: each, content, mode, old }] of files.entries()) {
            if (index === moved) expect(text(at(each))).toBe('theirs, and longer than 20');
            else if (index < made.length) {
              expect(text(at(each))).toBe(`${content}.`);
              expect(modeOf(at(each))).toBe(mode ?? 0o644);
            } else if (old !== null)
              expect(text(at(each))).toBe(Buffer.from(old).toString('latin1'));
          }
          expect(namesIn(place).filter((one) => /^\.xpush-\d/.test(one))).toEqual([]);
        },
      ),
      { numRuns: runs(15) },
    );
  });
});

const canTrace = hasTool('strace');

describe.runIf(canTrace)('files of one act program, traced', () => {
  test('cost a process each, new neighbours one together, and eight for all of them', async () => {
    const place = temporaryDirectory();
    const log = join(temporaryDirectory(), 'log');
    mkdirSync(join(place, 'd'));
    const paths = ['a', 'b', 'c', 'd/e', 'd/f', 'd/g'].map((name) => join(place, name));
    writeFileSync(paths[0] ?? '', 'old');
    utimesSync(paths[0] ?? '', 1e9, 1e9);
    {
      const wrapper = '/usr/bin/strace -f -qq -e trace=execve -e status=successful -o'.split(' ');
      await using running = new RunningShell(dash, { wrapper: [...wrapper, log] });
      const queries = paths.map((path) => query.file(path));
      const seen = new HostState(await running.observe(queries));
      const states = queries.map((each) => answerTo(seen, each) ?? absent);
      await running.call(`/bin/true mark`);

      await running.act(
        ...paths.flatMap((path, index) => write(path, 'new', states[index], 0o755)),
      );
      await running.close();
    }
    const lines = readFileSync(log, 'latin1').split('\n');
    const executed = lines.slice(lines.findLastIndex((line) => line.includes('"mark"')) + 1);

    // mkdir, cp, chmod, sync, ls, sha256sum; mv for a, for b and c, for those in d; sync, rm
    expect(executed.filter((line) => line.includes('execve('))).toHaveLength(8 + 3);
  });
});
