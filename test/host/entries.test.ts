import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Change, change, type RemoveTree } from '../../src/host/change.ts';
import { ownDirectory, writeOwned } from '../../src/host/owned-file.ts';
import { type Answer, type Entry, type Query, query, queryKey } from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import { describeShells, isRoot, RunningShell, temporaryDirectory, unshared } from './shells.ts';

const absent: Entry = { type: 'absent' };

async function ask<const Queries extends readonly Query[]>(
  running: RunningShell,
  ...queries: Queries
): Promise<{ [Index in keyof Queries]: Answer<Queries[Index]> }> {
  const observed = await running.observe(queries);
  // each under its own key
  return queries.map((one) => {
    const observation = observed.get(queryKey(one));
    return observation !== undefined && 'answer' in observation ? observation.answer : observation;
  }) as unknown as { [Index in keyof Queries]: Answer<Queries[Index]> };
}

/** A directory with a bit of all. */
function furnished(): (name: string) => string {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory, name);
  writeFileSync(at('file'), '12345');
  chmodSync(at('file'), 0o4751);
  mkdirSync(at('sub'));
  writeFileSync(at("sub/it's é $(id)"), '');
  writeFileSync(at('sub/.hidden'), '');
  symlinkSync('file', at('link'));
  symlinkSync("no where's $(id)", at('dangling'));
  symlinkSync('sub', at('to sub'));
  symlinkSync('a\nb', at('odd'));
  execFileSync('mkfifo', [at('fifo')]);
  return at;
}

const names = [
  'file',
  'sub',
  'link',
  'dangling',
  'to sub',
  'odd',
  'fifo',
  'none',
  "sub/it's é $(id)",
];

describeShells('query.entry', (shell) => {
  test('tells what is there, of links the link itself', async () => {
    const at = furnished();
    await using running = new RunningShell(shell);

    const entries = await ask(running, ...names.map((name) => query.entry(at(name))));

    for (const [index, name] of names.entries()) {
      expect(entries[index]).toEqual(name === 'none' ? absent : byNode(at(name)));
    }
    expect(entries.map(({ type }) => type)).toEqual([
      'file',
      'directory',
      'link',
      'link',
      'link',
      'link',
      'other',
      'absent',
      'file',
    ]);
    expect(entries[3]).toMatchObject({ target: "no where's $(id)" });
  });

  test('tells where links lead', async () => {
    const at = furnished();
    await using running = new RunningShell(shell);

    const [file, nowhere, directory, link] = await ask(
      running,
      query.followedEntry(at('link')),
      query.followedEntry(at('dangling')),
      query.followedEntry(at('to sub')),
      query.entry(at('link')),
    );

    expect(file).toMatchObject({ type: 'file', mode: 0o4751, size: 5 });
    expect(nowhere).toEqual(absent);
    expect(directory).toMatchObject({ type: 'directory' });
    expect(link).toMatchObject({ type: 'link', target: 'file' });
  });

  test('tells what many links say, also beside some that no line can hold', async () => {
    const directory = temporaryDirectory();
    const targets = ['file', ' it\'s "$(id)" * ', '-n', 'é', '\n', 'a\nb', '\nc', 'd\n'];
    const paths = targets.map((_, index) => join(directory, `${index}`));
    for (const [index, target] of targets.entries()) symlinkSync(target, paths[index] ?? '');
    const told = targets.map((target) => (target.includes('\n') ? null : target));
    await using running = new RunningShell(shell);

    for (const chosen of [[0, 1, 2, 3], [0, 4], [0, 7], [4, 5, 0], [6, 5, 3, 2], [0]]) {
      const entries = await ask(running, ...chosen.map((each) => query.entry(paths[each] ?? '')));

      expect(entries).toMatchObject(chosen.map((each) => ({ target: told[each] })));
    }
  });

  test('tells less where there is no stat', async () => {
    const at = furnished();
    await using running = new RunningShell(shell);
    await running.observe([query.entry(at('file'))]);
    running.send(
      'stat() { return 127; }; xp_command_of() { :; }\ncommand() { [ "$2" != stat ]; }\n',
    );

    const entries = await ask(running, ...names.map((name) => query.entry(at(name))));

    for (const [index, name] of names.entries()) {
      const less = { owner: null, group: null, mtimeSeconds: null };
      expect(entries[index]).toEqual(name === 'none' ? absent : { ...byNode(at(name)), ...less });
    }
  });
});

describeShells('query.tree', (shell) => {
  test('tells of all that is below a directory', async () => {
    const at = furnished();
    mkdirSync(at('sub/deeper'));
    symlinkSync('/', at('sub/deeper/root'));
    await using running = new RunningShell(shell);

    const [tree, none, link, file] = await ask(
      running,
      ...(['sub/', 'none', 'to sub', 'file'] as const).map((name) => query.tree(at(name))),
    );

    expect([...(tree?.entries.keys() ?? [])]).toEqual(
      ['sub', 'sub/.hidden', 'sub/deeper', 'sub/deeper/root', "sub/it's é $(id)"].map(at),
    );
    expect(tree?.entries.get(at('sub/deeper/root'))).toEqual({
      ...byNode(at('sub/deeper/root')),
      target: null,
    });
    expect(tree).toMatchObject({ type: 'directory', isCut: false });
    expect(none).toMatchObject({ type: 'absent' });
    expect([link?.type, file?.type]).toEqual(['other', 'other']);
  });
});

describeShells('change.makeLink', (shell) => {
  test.each(['none', 'file', 'link', 'dangling', 'to sub'])(
    'in place of what is there: %s',
    async (name) => {
      const at = furnished();
      await using running = new RunningShell(shell);
      const target = "new 'place' $(id)";
      const asked = query.entry(at(name));

      const [before] = await ask(running, asked);
      const changes = change.makeLink(at(name), target, before, 'boot');
      const results = await running.act(...changes);
      const [after] = await ask(running, asked);

      expect(results).toEqual([{ status: 0, body: '' }]);
      expect(readlinkSync(at(name))).toBe(target);
      expect(execFileSync('ls', ['-A', at('.')]).toString()).not.toContain('.xpush');
      expect(change.makeLink(at(name), target, after, 'boot')).toEqual([]);
      expect(existsSync(at('sub/new'))).toBe(false);
      expectForetold(asked, before, changes, after);
    },
  );

  test('nothing is done where something else is there by now', async () => {
    const at = furnished();
    await using running = new RunningShell(shell);
    const [none, link] = await ask(running, query.entry(at('none')), query.entry(at('link')));
    writeFileSync(at('none'), 'mine');
    execFileSync('ln', ['-sfn', 'other', at('link')]);

    const first = await running.act(...change.makeLink(at('none'), 'a', none, 'boot'));
    const second = await running.act(...change.makeLink(at('link'), 'a', link, 'boot'));

    expect(first).toMatchObject([{ status: 75 }]);
    expect(second).toMatchObject([{ status: 75 }]);
    expect(readFileSync(at('none'), 'utf8')).toBe('mine');
    expect(readlinkSync(at('link'))).toBe('other');
  });
});

describeShells('change.setAttributes', (shell) => {
  test.runIf(isRoot)('owner, group and mode, of links without what they lead to', async () => {
    const at = furnished();
    await using running = new RunningShell(shell);
    const wanted = {
      mode: 0o2640,
      owner: { name: 'daemon', id: 1 },
      group: { name: '4', id: null },
    };

    for (const name of ['file', 'sub', 'link', 'dangling', "sub/it's é $(id)"]) {
      const asked = query.entry(at(name));
      const [before] = await ask(running, asked);
      const changes = change.setAttributes(at(name), wanted, before, 'boot');
      const results = await running.act(...changes);
      const [after] = await ask(running, asked);

      expect(results).toEqual([{ status: 0, body: '' }]);
      expect(after).toMatchObject({ uid: 1, gid: 4, owner: 'daemon' });
      if (after.type !== 'link') expect(after).toMatchObject({ mode: 0o2640 });
      expect(change.setAttributes(at(name), wanted, after, 'boot')).toEqual([]);
    }
  });

  test.runIf(isRoot)('a new owner takes no permission away', async () => {
    const at = furnished();
    await using running = new RunningShell(shell);
    const [before] = await ask(running, query.entry(at('file')));

    await running.act(
      ...change.setAttributes(at('file'), { owner: { name: 'daemon', id: 1 } }, before, 'boot'),
    );

    expect(lstatSync(at('file')).mode & 0o7777).toBe(0o4751);
  });

  test('nothing is done where it is not as it was', async () => {
    const at = furnished();
    await using running = new RunningShell(shell);
    const [before] = await ask(running, query.entry(at('file')));
    chmodSync(at('file'), 0o600);

    const results = await running.act(
      ...change.setAttributes(at('file'), { mode: 0o644 }, before, 'boot'),
    );

    expect(results).toMatchObject([{ status: 75 }]);
    expect(lstatSync(at('file')).mode & 0o7777).toBe(0o600);
  });
});

describeShells('writeOwned', (shell) => {
  const daemon = { name: 'daemon', id: null };

  test.runIf(isRoot)('a file with its content, owner and mode, new or not', async () => {
    const at = furnished();
    await using running = new RunningShell(shell);

    for (const [name, wanted] of [
      ['none', { owner: daemon, mode: 0o640 }],
      ['none too', { group: daemon }],
      ['file', { owner: daemon, group: daemon }],
      ['sub/.hidden', { mode: 0o600 }],
    ] as const) {
      const path = at(name);
      const look = async () => {
        const [file, entry] = await ask(running, query.file(path), query.entry(path));
        return { file, entry };
      };
      const options = { effect: 'boot', ...wanted } as const;
      const seen = await look();
      const changes = writeOwned(path, 'new', seen, options);
      const results = await running.act(...changes);
      const after = await look();

      expect(results.map(({ status }) => status)).toEqual(changes.map(() => 0));
      expect(after.file).toMatchObject({ content: 'new' });
      expect(after.entry).toMatchObject({
        owner: 'owner' in wanted ? 'daemon' : 'root',
        group: 'group' in wanted ? 'daemon' : 'root',
        mode: 'mode' in wanted ? wanted.mode : name === 'file' ? 0o4751 : 0o644,
      });
      expect(writeOwned(path, 'new', after, options)).toEqual([]);
    }
  });

  test.runIf(isRoot)('a directory with its owner and mode, new or not', async () => {
    const at = furnished();
    await using running = new RunningShell(shell);

    for (const path of [at('new/deep'), at('sub')]) {
      const look = async () => {
        const [file, entry] = await ask(running, query.file(path), query.entry(path));
        return { file, entry };
      };
      const options = { effect: 'boot', owner: daemon, mode: 0o2775 } as const;
      const results = await running.act(...ownDirectory(path, await look(), options));
      const after = await look();

      expect(results.every(({ status }) => status === 0)).toBe(true);
      expect(after.entry).toMatchObject({ type: 'directory', owner: 'daemon', mode: 0o2775 });
      expect(ownDirectory(path, after, options)).toEqual([]);
    }
  });

  test.runIf(isRoot)('what is made below a directory that hands its group on', async () => {
    const at = furnished();
    execFileSync('chown', [':daemon', at('sub')]);
    chmodSync(at('sub'), 0o2775);
    await using running = new RunningShell(shell);
    const none = { file: { type: 'absent' }, entry: absent } as const;
    const options = { effect: 'boot', owner: daemon, group: { name: 'bin', id: null } } as const;

    const results = await running.act(
      ...ownDirectory(at('sub/made'), none, { ...options, mode: 0o770 }),
      ...writeOwned(at('sub/written'), 'new', none, options),
    );

    expect(results.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
    const seen = await ask(running, query.entry(at('sub/made')), query.entry(at('sub/written')));
    expect(seen).toMatchObject([
      { owner: 'daemon', group: 'bin', mode: 0o770 },
      { owner: 'daemon', group: 'bin', mode: 0o644 },
    ]);
  });
});

describeShells('change.removeTree', (shell) => {
  const removal = async (running: RunningShell, path: string): Promise<readonly RemoveTree[]> => {
    const [tree] = await ask(running, query.tree(path));
    return change.removeTree(path, tree, 'boot');
  };

  test('all of it goes, and nothing that links lead to', async () => {
    const at = furnished();
    mkdirSync(at("sub/a 'b"));
    symlinkSync(at('file'), at("sub/a 'b/link"));
    await using running = new RunningShell(shell);

    const results = await running.act(...(await removal(running, at('sub'))));

    expect(results).toEqual([{ status: 0, body: '' }]);
    expect(existsSync(at('sub'))).toBe(false);
    expect(readFileSync(at('file'), 'utf8')).toBe('12345');
    expect(await removal(running, at('sub'))).toEqual([]);
  });

  test('nothing goes where there is more than was seen', async () => {
    const at = furnished();
    await using running = new RunningShell(shell);
    const changes = await removal(running, at('sub'));
    writeFileSync(at('sub/new'), '');

    expect(await running.act(...changes)).toMatchObject([{ status: 75 }]);
    expect(existsSync(at('sub/.hidden'))).toBe(true);
  });

  test.runIf(isRoot)('nothing goes where something is mounted', async () => {
    const at = furnished();
    mkdirSync(at('sub/a b'));
    mkdirSync(at('sub/a b/mounted'));
    writeFileSync(at('sub/a b/mounted/kept'), '');
    await using running = new RunningShell(shell, {
      wrapper: unshared(
        '-m',
        `mount -o bind '${at('sub/a b/mounted')}' '${at('sub/a b/mounted')}'`,
      ),
    });
    symlinkSync(at('sub'), at('by link'));

    for (const name of ['sub', 'sub/a b', 'by link/a b']) {
      const results = await running.act(...(await removal(running, at(name))));
      expect(results).toMatchObject([{ status: 1, body: expect.stringContaining('mounted at') }]);
    }
    expect(existsSync(at('sub/a b/mounted/kept'))).toBe(true);
    expect(existsSync(at('sub/.hidden'))).toBe(true);
  });

  test('neither everything nor what is no directory', () => {
    const tree = { type: 'directory', entries: new Map(), isCut: false } as const;

    expect(() => change.removeTree('/', tree, 'boot')).toThrow('everything');
    expect(() => change.removeTree('//', tree, 'boot')).toThrow('everything');
    expect(() => change.removeTree('/a', { ...tree, type: 'other' }, 'boot')).toThrow(
      'no directory',
    );
    expect(() => change.removeTree('/a', { ...tree, isCut: true }, 'boot')).toThrow('too many');
  });
});

/** What node says of an entry. */
function byNode(path: string): Entry {
  const stat = lstatSync(path);
  const target = stat.isSymbolicLink() ? readlinkSync(path) : null;
  const type = stat.isFile()
    ? 'file'
    : stat.isDirectory()
      ? 'directory'
      : target === null
        ? 'other'
        : 'link';
  return {
    ...{ type, mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid, size: stat.size },
    ...{ owner: 'root', group: 'root', mtimeSeconds: Math.floor(stat.mtimeMs / 1000) },
    ...{ links: stat.nlink, inode: stat.ino, target: target?.includes('\n') ? null : target },
  };
}

/** Whether the state after these changes says no other than the host. */
function expectForetold(
  asked: Query,
  before: Entry,
  changes: readonly Change[],
  after: Entry,
): void {
  const observed = new HostState(new Map([[queryKey(asked), { answer: before }]]));
  const observation = changes.reduce((state, one) => state.after(one), observed).get(asked);
  const foretold = observation !== undefined && 'answer' in observation ? observation.answer : null;

  expect(foretold).not.toBeNull();
  const known = Object.entries(foretold ?? {}).filter(([, value]) => value !== null);
  expect(after).toMatchObject(Object.fromEntries(known));
}
