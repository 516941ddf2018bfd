import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FoundEntry } from '../../src/host/answers.ts';
import { type Change, change } from '../../src/host/change.ts';
import { type FileState, query } from '../../src/host/query.ts';
import {
  dash,
  describeShells,
  hasTool,
  isRoot,
  RunningShell,
  temporaryDirectory,
} from './shells.ts';
import { namesIn } from './writes.ts';

const absent: FileState = { type: 'absent' };
const inPlace = { status: 0, body: '' };

function write(path: string, content: string, before = absent, mode?: number): readonly Change[] {
  const options = { effect: 'boot', ...(mode === undefined ? {} : { mode }) } as const;
  return change.writeFile(path, content, before, options);
}

/** Writes one after the other, each planned from what the one before it makes. */
function writes(path: string, contents: readonly string[], first: FileState): readonly Change[] {
  let before = first;
  return contents.flatMap((content) => {
    const changes = write(path, content, before);
    const old = before.type === 'file' ? before : { mode: 0o644, uid: 0, gid: 0 };
    before = { ...old, type: 'file', size: content.length, content };
    return changes;
  });
}

/** A directory as it is planned to come out. */
const made = (mode: number): FoundEntry => ({
  ...{ type: 'directory', mode, uid: 0, gid: 0, owner: null, group: null, target: null },
  ...{ size: null, mtimeSeconds: null, links: null, inode: null },
});

const text = (path: string) => readFileSync(path, 'latin1');
const modeOf = (path: string) => statSync(path).mode & 0o7777;

describeShells('a file that is written several times in a row', (shell) => {
  test('has its last content, and keeps whose it is and its mode', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const at = (name: string) => join(place, name);
    writeFileSync(at('old'), 'old', { mode: 0o604 });

    const results = await running.act(
      ...writes(at('old'), ['1', '2', '3'], await running.look(query.file(at('old')))),
      ...writes(at('new'), ['1', '2'], absent),
    );

    expect(results).toEqual(Array.from({ length: 5 }, () => inPlace));
    expect([text(at('old')), modeOf(at('old'))]).toEqual(['3', 0o604]);
    expect([text(at('new')), modeOf(at('new'))]).toEqual(['2', 0o644]);
    expect(namesIn(place)).toEqual(['new', 'old']);
  });

  test('stays as it is where it has moved, and nothing behind it is begun', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const path = join(place, 'old');
    writeFileSync(path, 'old');
    const before = await running.look(query.file(path));
    writeFileSync(path, 'theirs');

    const results = await running.act(
      ...writes(path, ['1', '2'], before),
      ...write(join(place, 'behind'), 'x'),
    );

    expect(results).toMatchObject([{ status: 75 }]);
    expect([text(path), namesIn(place)]).toEqual(['theirs', ['old']]);
  });

  test('is no such file where the second is not planned from the first', async () => {
    await using running = new RunningShell(shell);
    const path = join(temporaryDirectory(), 'old');
    writeFileSync(path, 'old');
    const before = await running.look(query.file(path));

    const results = await running.act(...write(path, '1', before), ...write(path, '2', before));

    expect(results).toMatchObject([inPlace, { status: 75 }]);
    expect(text(path)).toBe('1');
  });
});

describeShells('files below directories of the same program', (shell) => {
  test('come out in them', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const at = (name: string) => join(place, name);
    const directory = (name: string, mode?: number) => change.makeDirectory(at(name), absent, mode);

    const results = await running.act(
      ...directory('a', 0o750),
      ...write(at('a/one'), '1'),
      ...directory('a/b/c'),
      ...write(at('a/b/c/one'), '2'),
      ...write(at('a/b/c/two'), '3', absent, 0o600),
      ...write(at('one'), '4'),
    );

    expect(results).toEqual(Array.from({ length: 6 }, () => inPlace));
    expect(['a/one', 'a/b/c/one', 'a/b/c/two', 'one'].map((name) => text(at(name)))).toEqual([
      ...['1', '2', '3', '4'],
    ]);
    expect(['a', 'a/b/c/two', 'a/b/c/one'].map((name) => modeOf(at(name)))).toEqual([
      ...[0o750, 0o600, 0o644],
    ]);
    expect([namesIn(place), namesIn(at('a')), namesIn(at('a/b/c'))]).toEqual([
      ...[
        ['a', 'one'],
        ['b', 'one'],
        ['one', 'two'],
      ],
    ]);
  });

  test.runIf(isRoot)('have the group that a directory gives them', async () => {
    await using running = new RunningShell(shell);
    const path = join(temporaryDirectory(), 'shared');
    const group = { name: 'daemon', id: null };

    const results = await running.act(
      ...change.makeDirectory(path, absent),
      ...change.setAttributes(path, { group, mode: 0o2775 }, made(0o755), 'boot'),
      ...write(join(path, 'file'), 'x'),
    );

    expect(results).toEqual([inPlace, inPlace, inPlace]);
    expect(modeOf(path)).toBe(0o2775);
    expect(statSync(join(path, 'file')).gid).toBe(statSync(path).gid);
    expect(statSync(path).gid).not.toBe(0);
  });

  test('are refused where their directory is not made', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();

    const results = await running.act(...write(join(place, 'none/file'), 'x'));

    expect(results).toEqual([
      { status: 1, body: `the directory ${join(place, 'none')} does not exist\n` },
    ]);
    expect(namesIn(place)).toEqual([]);
  });
});

describeShells('new neighbours', (shell) => {
  test('are in place up to the first that stays where it is', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const mine = ['a', 'b', 'c', 'd'].map((name) => join(place, name));
    // one of several stays where it is
    await running.call(
      `mv() {
        if [ "$3" = '${place}/b' ]; then return 1; fi
        if [ $# -lt 5 ]; then command mv "$@"; return; fi
        command mv -f "$2" "$4" "$5" '${place}'
        return 1
      }`,
    );

    const results = await running.act(...mine.flatMap((path) => write(path, 'x')));

    expect(results).toMatchObject([inPlace, { status: 1 }]);
    expect(namesIn(place)).toEqual(['a']);
  });

  test('are as they were where one of them is there by now', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const at = (name: string) => join(place, name);
    mkdirSync(at('b'));

    const results = await running.act(
      ...['a', 'b', 'c'].flatMap((name) => write(at(name), 'ours')),
    );

    expect(results).toMatchObject([inPlace, { status: 75 }]);
    expect(namesIn(place)).toEqual(['a', 'b']);
  });
});

const canTrace = hasTool('strace');

describe.runIf(canTrace)('changes of one act program, traced', () => {
  async function programs(changes: (running: RunningShell, place: string) => Promise<void>) {
    const place = temporaryDirectory();
    const log = join(temporaryDirectory(), 'log');
    {
      const wrapper = '/usr/bin/strace -f -qq -e trace=execve -e status=successful -o'.split(' ');
      await using running = new RunningShell(dash, { wrapper: [...wrapper, log] });
      await running.call('/bin/true mark');
      await changes(running, place);
      await running.close();
    }
    const lines = readFileSync(log, 'latin1').split('\n');
    return lines
      .slice(lines.findLastIndex((line) => line.includes('"mark"')) + 1)
      .flatMap((line) => /execve\("[^"]*\/(\w+)"/.exec(line)?.[1] ?? []);
  }

  test('write a file once that is written several times in a row', async () => {
    const started = await programs(async (running, place) => {
      await running.act(...writes(join(place, 'a'), ['1', '2', '3'], absent));
    });

    expect(started).toEqual(['mkdir', 'sync', 'ls', 'sha256sum', 'mv', 'sync', 'rm']);
  });

  test('begin anew with a file that one of them has written, and look at it with the others', async () => {
    const started = await programs(async (running, place) => {
      const [first = absent, second = absent] = ['1', '2'].map((content): FileState => {
        return { type: 'file', mode: 0o644, uid: 0, gid: 0, size: 1, content };
      });
      await running.act(
        ...write(join(place, 'a'), '1'),
        ...change.makeDirectory(join(place, 'd'), absent),
        ...write(join(place, 'a'), '2', first),
        ...change.makeDirectory(join(place, 'e'), absent),
        ...write(join(place, 'a'), '3', second),
      );
    });

    expect(started.filter((one) => one === 'mv')).toHaveLength(3);
    expect(started.filter((one) => one === 'rm')).toHaveLength(3);
    expect(started.length).toBeLessThanOrEqual(2 + 3 * 9 + 2 * 2);
  });

  test('make a directory, and a link, by one process each', async () => {
    const started = await programs(async (running, place) => {
      await running.act(
        ...change.makeDirectory(join(place, 'a'), absent, 0o700),
        ...change.makeLink(join(place, 'b'), 'a', { type: 'absent' }, 'boot'),
      );
    });

    expect(started).toEqual(['mkdir', 'ln', 'sync']);
  });

  test.runIf(isRoot)('do not look at what they have just made', async () => {
    const started = await programs(async (running, place) => {
      const path = join(place, 'a');
      await running.act(
        ...change.makeDirectory(path, absent, 0o700),
        ...change.setAttributes(path, { group: { name: 'daemon', id: null } }, made(0o700), 'boot'),
        ...change.setAttributes(path, { mode: 0o755 }, { ...made(0o700), gid: 1 }, 'boot'),
      );
    });

    expect(started).toEqual(['mkdir', 'chown', 'ls', 'chmod', 'sync']);
  });
});
