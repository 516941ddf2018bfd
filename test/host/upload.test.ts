import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compileAct } from '../../src/host/act-program.ts';
import { type Change, change, type SendFile } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import { areSame, sums } from '../../src/host/sums.ts';
import { compileUpload, readUpload, type Sending } from '../../src/host/upload-program.ts';
import { until } from '../until.ts';
import { describeShells, hasTool, RunningShell, type Shell, temporaryDirectory } from './shells.ts';
import { done, namesIn } from './writes.ts';

const content = randomBytes(700_001);
// what a shell would do if it took the payload for its own program
const script = '\ntouch "$XPUSH_TEST_MARK"\nexit 3\n';
content.write(script, 300_000, 'latin1');

/** What a shell would take apart, and what is no ASCII. */
const oddName = `-né'w $(id) "*" \\`;

/** A file that is to be at a path, as a controller knows it. */
function sending(path: string, before: SendFile['before'], mode?: number): Sending {
  const source = {
    path: '/here/large',
    size: content.length,
    sums: sums(content.toString('latin1')),
  };
  const options = { effect: 'boot', ...(mode === undefined ? {} : { mode }) } as const;
  const [only] = change.sendFile(path, source, before, options);
  if (only === undefined) throw new Error('there is nothing to send');
  return { id: '0.0', change: only };
}

/** Two shells on one host: for programs, and for what is large. */
class Uploading implements AsyncDisposable {
  readonly programs: RunningShell;
  readonly upload: RunningShell;

  constructor(shell: Shell, env: Readonly<Record<string, string>> = {}) {
    this.programs = new RunningShell(shell);
    this.upload = new RunningShell(shell, { env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.upload[Symbol.asyncDispose]();
    await this.programs[Symbol.asyncDispose]();
  }

  /** Has the host take it in; gives what became of it, and what it said. */
  async send(one: Sending, bytes: Buffer = content) {
    this.upload.send(compileUpload([one], this.upload.nonce));
    for (;;) {
      const event = await this.upload.event();
      if (event.type !== 'end' || event.id !== 'stage.0.0') continue;
      const sections = new Map([[event.id, event]]);
      if (event.status === 0) {
        this.upload.child.stdin?.write(bytes);
        for (const [id, { status, body }] of await this.upload.sections()) {
          sections.set(id, { type: 'end', id, status, body });
        }
      }
      return readUpload(one, this.upload.nonce, sections);
    }
  }

  async act(changes: readonly Change[], stage: string | null) {
    if (!this.programs.known.has('look.sh')) await this.programs.observe([]);
    const acts = changes.map((each, index) => ({ id: `act.${index}`, change: each, stage }));
    this.programs.send(compileAct(acts, this.programs.known));
    return [...(await this.programs.sections()).values()];
  }

  /** All of it, as the engine does it. */
  async bring(path: string, mode?: number) {
    const one = sending(path, await this.programs.look(query.file(path)), mode);
    const sent = await this.send(one);
    if (sent.type !== 'staged') throw new Error(JSON.stringify(sent));
    return await this.act([one.change], sent.stage);
  }
}

describeShells('compileUpload', (each) => {
  test('takes in what an act puts in its place, and leaves nothing', async () => {
    await using host = new Uploading(each);
    const directory = temporaryDirectory();
    const path = join(directory, oddName);
    const one = sending(path, { type: 'absent' });

    const sent = await host.send(one);

    expect(sent).toMatchObject({ type: 'staged' });
    expect(areSame('sums' in sent ? sent.sums : '', one.change.source.sums)).toBe(true);
    const [name = ''] = namesIn(directory);
    expect(name).toMatch(/^\.xpush-/);
    expect(statSync(join(directory, name)).mode & 0o777).toBe(0o700);
    expect(await host.act([one.change], 'stage' in sent ? sent.stage : null)).toEqual([done]);
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(statSync(path).mode & 0o7777).toBe(0o644);
    expect(namesIn(directory)).toEqual([oddName]);
    expect(await host.upload.close()).toEqual({ code: 0, signal: null });
    expect(host.upload.errors).toBe('');
    await until(() => host.upload.processes().length === 0);
  });

  test.runIf(hasTool('setfacl'))(
    'waits where nobody else enters, whatever default ACL is there',
    async () => {
      await using host = new Uploading(each);
      const directory = temporaryDirectory();
      execFileSync('setfacl', ['-d', '-m', 'u::rwx,g::rwx,o::rwx', directory]);
      const one = sending(join(directory, 'file'), { type: 'absent' }, 0o600);

      const sent = await host.send(one);

      const [name = ''] = namesIn(directory);
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o700);
      expect(await host.act([one.change], 'stage' in sent ? sent.stage : null)).toEqual([done]);
      expect(statSync(join(directory, 'file')).mode & 0o7777).toBe(0o600);
    },
  );

  test.runIf(process.getuid?.() === 0)(
    'gives a new file the group that its place has',
    async () => {
      await using host = new Uploading(each);
      const directory = temporaryDirectory();
      chownSync(directory, 0, 1);
      chmodSync(directory, 0o2775);

      expect(await host.bring(join(directory, 'new'))).toEqual([done]);

      const { gid, mode } = statSync(join(directory, 'new'));
      expect([gid, mode & 0o7777]).toEqual([1, 0o644]);
    },
  );

  test('keeps what belongs to the old file, and the link that leads to it', async () => {
    await using host = new Uploading(each);
    const directory = temporaryDirectory();
    const other = temporaryDirectory();
    writeFileSync(join(other, 'real'), 'old\n', { mode: 0o600 });
    chmodSync(join(other, 'real'), 0o4750);
    symlinkSync(join(other, 'real'), join(directory, 'link'));

    expect(await host.bring(join(directory, 'link'))).toEqual([done]);

    expect(lstatSync(join(directory, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(other, 'real')).equals(content)).toBe(true);
    expect(statSync(join(other, 'real')).mode & 0o7777).toBe(0o4750);
    expect([namesIn(directory), namesIn(other)]).toEqual([['link'], ['real']]);
  });

  test('sets the mode that is asked for', async () => {
    await using host = new Uploading(each);
    const path = join(temporaryDirectory(), 'old');
    writeFileSync(path, 'old\n');

    expect(await host.bring(path, 0o600)).toEqual([done]);

    expect(statSync(path).mode & 0o7777).toBe(0o600);
  });

  test('waits above a directory that the same act makes', async () => {
    await using host = new Uploading(each);
    const top = temporaryDirectory();
    const one = sending(`${top}/a/b/file`, { type: 'absent' });
    const sent = await host.send(one);

    const made = change.makeDirectory(`${top}/a/b`, { type: 'absent' });
    const results = await host.act([...made, one.change], 'stage' in sent ? sent.stage : null);

    expect(results).toEqual([done, done]);
    expect(readFileSync(`${top}/a/b/file`).equals(content)).toBe(true);
    expect([namesIn(top), namesIn(`${top}/a/b`)]).toEqual([['a'], ['file']]);
  });

  test('leaves the old file alone, and nothing beside it, when the controller is gone half way', async () => {
    const mark = join(temporaryDirectory(), 'mark');
    await using host = new Uploading(each, { XPUSH_TEST_MARK: mark });
    const directory = temporaryDirectory();
    const path = join(directory, 'old');
    writeFileSync(path, 'old\n');
    const one = sending(path, await host.programs.look(query.file(path)));
    host.upload.send(compileUpload([one], host.upload.nonce));
    for (let id = ''; id !== 'content.0.0'; ) {
      const event = await host.upload.event();
      id = event.type === 'begin' ? event.id : '';
    }
    host.upload.child.stdin?.write(content.subarray(0, 400_000));
    await until(() =>
      namesIn(directory).some((name) => {
        const staged = join(directory, name, 'new');
        return name !== 'old' && existsSync(staged) && statSync(staged).size > 0;
      }),
    );

    expect((await host.upload.close()).signal).toBe(null);

    expect(namesIn(directory)).toEqual(['old']);
    expect(readFileSync(path, 'latin1')).toBe('old\n');
    expect(existsSync(mark)).toBe(false);
  });

  test('runs nothing of what is sent to it beyond the file', async () => {
    const mark = join(temporaryDirectory(), 'mark');
    await using host = new Uploading(each, { XPUSH_TEST_MARK: mark });
    const path = join(temporaryDirectory(), 'new');

    const sent = await host.send(
      sending(path, { type: 'absent' }),
      Buffer.concat([content, Buffer.from(script.repeat(1_000))]),
    );
    expect(sent).toMatchObject({ type: 'staged' });
    await host.upload.close();

    expect(existsSync(mark)).toBe(false);
    expect(namesIn(join(path, '..'))).toEqual([]);
  });

  test('goes to where nothing is yet, or says why not', async () => {
    await using host = new Uploading(each);
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'sub'));

    const sent = await host.send(sending(join(directory, 'sub'), { type: 'directory' }));

    expect(sent).toMatchObject({
      type: 'failed',
      output: expect.stringContaining('(it is directory)'),
    });
    expect(namesIn(directory)).toEqual(['sub']);
  });

  test('an act refuses what was sent when the file is not as it was, or is not whole', async () => {
    await using host = new Uploading(each);
    const directory = temporaryDirectory();
    const path = join(directory, 'old');
    writeFileSync(path, 'old\n');
    const one = sending(path, await host.programs.look(query.file(path)));
    const sent = await host.send(one);
    const stage = 'stage' in sent ? sent.stage : null;
    const staged = join(directory, namesIn(directory).find((name) => name !== 'old') ?? '', 'new');
    truncateSync(staged, 5);

    const cut = await host.act([one.change], stage);
    writeFileSync(path, 'other\n');
    const stale = await host.act([one.change], stage);
    const gone = await host.act(
      [{ ...one.change, before: await host.programs.look(query.file(path)) }],
      '1-abc-1',
    );

    expect(cut).toMatchObject([{ status: 1, body: expect.stringContaining('is not whole') }]);
    expect(stale).toMatchObject([{ status: 75 }]);
    expect(gone).toMatchObject([{ status: 1, body: expect.stringContaining('is gone') }]);
    expect(readFileSync(path, 'latin1')).toBe('other\n');
  });

  test('a file that is there already gets its mode, and travels not', async () => {
    await using host = new Uploading(each);
    const path = join(temporaryDirectory(), 'old');
    writeFileSync(path, content, { mode: 0o600 });
    const one = sending(path, await host.programs.look(query.file(path)), 0o640);

    expect(await host.act([one.change], null)).toEqual([done]);

    expect(statSync(path).mode & 0o7777).toBe(0o640);
    const now = await host.programs.look(query.file(path));
    expect(change.sendFile(path, one.change.source, now, { effect: 'boot', mode: 0o640 })).toEqual(
      [],
    );
  });
});
