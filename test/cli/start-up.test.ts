import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const { PATH = '' } = process.env;
const root = join(import.meta.dirname, '../..');
const room = mkdtempSync(join(tmpdir(), 'xpush-start-'));
afterAll(() => rmSync(room, { recursive: true }));
let homes = 0;

/** A home of its own, where nothing is kept yet. */
class Home {
  readonly environment: Record<string, string>;
  readonly cache: string;

  constructor(environment: Record<string, string> = {}) {
    homes += 1;
    const home = join(room, String(homes));
    mkdirSync(home);
    this.environment = { PATH, HOME: home, ...environment };
    this.cache = join(home, '.cache', 'xpush', 'code');
  }

  xpush(line: string, { program = root, input = '' } = {}): SpawnSyncReturns<string> {
    const { environment: env } = this;
    const options = { cwd: root, encoding: 'utf8', env, input, timeout: 20_000 } as const;
    return spawnSync(join(program, 'bin/xpush'), line.split(' '), options);
  }

  /** What `--version -v` says of the code. */
  codeUse(): string | undefined {
    return /^code cache (.*?)(?::|$)/m.exec(this.xpush('--version -v').stdout)?.[1];
  }

  kept(): string[] {
    return existsSync(this.cache) ? readdirSync(this.cache) : [];
  }

  keptFor(profile: string): string {
    const [name = ''] = this.kept().filter((one) => one.endsWith(`-${profile}`));
    return join(this.cache, name);
  }
}

/** The program alone, as a package has it, without what is installed beside it. */
function copyOfProgram(): string {
  homes += 1;
  const copy = join(room, `program-${homes}`);
  for (const part of ['bin', 'dist/bundle', 'package.json', 'playbooks', 'inventory']) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  return copy;
}

const inventoryLine = 'inventory inventory/webserv.yaml';

describe('xpush --version', () => {
  test('says the version, and needs nothing of the program for it', () => {
    const { version }: { version: string } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    );
    const program = copyOfProgram();
    rmSync(join(program, 'dist/bundle/program.cjs'));
    const home = new Home();

    const { stdout, stderr, status } = home.xpush('--version', { program });

    expect({ stdout, stderr, status }).toEqual({ stdout: `${version}\n`, stderr: '', status: 0 });
    expect(home.kept()).toEqual([]);
  });

  test('loads neither the network nor the cryptography of node', () => {
    const list = join(room, 'loaded.cjs');
    writeFileSync(
      list,
      "process.on('exit', () => require('fs').writeSync(2, process.moduleLoadList.join('\\n')));",
    );
    const home = new Home({ NODE_OPTIONS: `--require=${list}` });
    const loadedBy = (line: string) => home.xpush(line).stderr.split('\n');

    const seldom = ['NativeModule net', 'NativeModule crypto', 'NativeModule child_process'];
    expect(loadedBy('--version').filter((name) => seldom.includes(name))).toEqual([]);
    expect(loadedBy('apply --help')).not.toContain('NativeModule child_process');
    expect(loadedBy('apply --help')).toContain('NativeModule crypto');
  });

  test('a full disk is told in a sentence', () => {
    const { stderr, status } = spawnSync('/bin/sh', ['-c', 'bin/xpush --version >/dev/full'], {
      cwd: root,
      encoding: 'utf8',
      env: new Home().environment,
    });

    expect(stderr).toMatch(/^xpush: the output cannot be written: ENOSPC.*\n$/);
    expect(status).toBe(1);
  });

  test('a reader that has gone away ends it quietly', async () => {
    const child = spawn('/bin/sh', ['-c', 'read -r _; exec bin/xpush --version'], {
      cwd: root,
      env: new Home().environment,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.stdout.destroy();
    await once(child.stdout, 'close');
    child.stdin.end('\n');

    const [code] = await once(child, 'close');

    expect({ code, said }).toEqual({ code: 0, said: '' });
  });
});

describe('xpush --version -v', () => {
  const { version: ssh2 }: { version: string } = JSON.parse(
    readFileSync(join(root, 'node_modules/ssh2/package.json'), 'utf8'),
  );

  test('says what xpush runs on, and whether ssh2 found its native ciphers', () => {
    const require = createRequire(import.meta.url);
    const { bindingAvailable } = require('ssh2/lib/protocol/crypto.js');
    const ciphers = bindingAvailable ? 'native' : 'no native ciphers (not built here): slower';

    const lines = new Home().xpush('--version -v').stdout.split('\n');

    expect(lines[0]).toMatch(/^xpush \d/);
    expect(lines[1]).toBe(`node ${process.version} (${process.platform} ${process.arch})`);
    expect(lines[2]).toContain(`ssh2 ${ssh2}, ${ciphers}`);
    expect(lines.slice(4)).toEqual(['']);
  });

  test('the program runs from one folder, and says that native ciphers are not there', () => {
    const program = copyOfProgram();
    const home = new Home();

    expect(home.xpush('-v --version', { program }).stdout).toContain(
      `ssh2 ${ssh2}, no native ciphers (not built here): slower\n`,
    );
    expect(home.xpush(inventoryLine, { program }).stdout).toContain('webserv (domU)');
  });

  test('nothing that was built for this machine is in what is published', () => {
    const files = readdirSync(join(root, 'dist'), { recursive: true }).map(String);

    expect(files).toContain('bundle/program.cjs');
    expect(files.filter((name) => name.endsWith('.node'))).toEqual([]);
  });
});

describe('the code cache', () => {
  test('the second run goes by the code of the first', () => {
    const home = new Home();

    expect(home.codeUse()).toBe('not used (not there yet)');
    expect(home.codeUse()).toBe('used');
  });

  test('is whole again after damage, which changes nothing of what is said', () => {
    const home = new Home();
    const { stdout } = home.xpush(inventoryLine);
    const kept = home.keptFor('inventory');
    const bytes = readFileSync(kept);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 4, bytes.length >> 1);
    writeFileSync(kept, bytes);

    expect(home.xpush(inventoryLine).stdout).toBe(stdout);
    expect(readFileSync(kept).equals(bytes)).toBe(false);

    home.codeUse();
    truncateSync(home.keptFor('xpush'), 1000);

    expect(home.codeUse()).toBe('not used (damaged)');
    expect(home.codeUse()).toBe('used');
  });

  test('is another one for another program', () => {
    const home = new Home();
    home.codeUse();
    const program = copyOfProgram();
    const file = join(program, 'dist/bundle/program.cjs');
    // of the same length, which is all that V8 looks at
    const text = readFileSync(file, 'latin1').replaceAll('native ciphers', 'NATIVE CIPHERS');
    writeFileSync(file, text.replace(/^\/\/ \w{16}/, '// 0123456789abcdef'));

    expect(home.xpush('--version -v', { program }).stdout).toContain('NATIVE CIPHERS');
  });

  test('is not for flags of V8 that make other code', () => {
    const home = new Home();
    home.codeUse();
    const other = new Home({ ...home.environment, NODE_OPTIONS: '--jitless' });

    expect(other.codeUse()).toBe('not used (of another V8)');
  });

  test.each([
    ['cannot be made', { XDG_CACHE_HOME: '/proc/none' }, 'not used (not there yet)'],
    ['is no directory', { XDG_CACHE_HOME: '/dev/null' }, 'not used (ENOTDIR)'],
    ['is not wanted', { NODE_DISABLE_COMPILE_CACHE: '1' }, 'not used (switched off)'],
  ])('a place that %s is done without', (_, environment, said) => {
    const home = new Home(environment);

    expect(home.codeUse()).toBe(said);
    expect(home.codeUse()).toBe(said);
    expect(home.kept()).toEqual([]);
  });

  test('a mistake keeps no code: it did not come far', () => {
    const home = new Home();

    expect(home.xpush('inventory /nowhere.yaml').status).toBe(2);
    expect(home.kept()).toEqual([]);
  });

  test('is written again by a run that went further, and then no more', () => {
    const home = new Home();
    const apply = (kind: string) => {
      const input = `${kind}: { one: { address: 127.0.0.1, ssh: { port: 1 } } }`;
      const { status } = home.xpush('apply - -C -F /dev/null', { input });
      return { status, code: readFileSync(home.keptFor('apply')) };
    };

    const idle = apply('hosts');
    const first = apply('dom0');
    const second = apply('dom0');

    expect([idle.status, first.status, second.status]).toEqual([0, 3, 3]);
    expect(first.code.length).toBeGreaterThan(idle.code.length);
    expect(second.code.equals(first.code)).toBe(true);
  });

  test('of a run that sends large files is good for the next', () => {
    const home = new Home();
    writeFileSync(join(room, 'large'), Buffer.alloc(300_000));
    const book = join(room, 'large.yaml');
    writeFileSync(book, '- hosts: all\n  tasks:\n    - copy: { src: large, dest: /root/ }\n');
    const input = 'hosts: { one: { address: 127.0.0.1, ssh: { port: 1 } } }';
    const apply = () => {
      const { status } = home.xpush(`apply - ${book} -F /dev/null`, { input });
      return { status, kept: statSync(home.keptFor('apply'), { bigint: true }) };
    };

    const [first, second] = [apply(), apply()];

    expect([first.status, second.status]).toEqual([3, 3]);
    expect(second.kept).toMatchObject({ ino: first.kept.ino, mtimeNs: first.kept.mtimeNs });
  });

  test('many runs at once get what one alone gets', async () => {
    const home = new Home();
    const alone = new Home().xpush(inventoryLine).stdout;
    const run = async () => {
      const child = spawn(join(root, 'bin/xpush'), inventoryLine.split(' '), {
        cwd: root,
        env: home.environment,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      const [code] = await once(child, 'close');
      return { code, said };
    };

    const runs = await Promise.all(Array.from({ length: 6 }, run));

    expect(runs).toEqual(Array.from({ length: 6 }, () => ({ code: 0, said: alone })));
    expect(home.kept()).toHaveLength(1);
    expect(home.xpush(inventoryLine).stdout).toBe(alone);
  });
});
