import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  knownHostsLines,
  loginUser,
  startSshd,
  TempDir,
  type TestServer,
} from '../connection/sshd.ts';
import { Pty } from '../report/pty.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'xpush');
const right = 'Canary5Ty3 right';

let dir: TempDir;
let server: TestServer;
let inventory: string;

beforeAll(async () => {
  dir = new TempDir();
  server = await startSshd(dir, {
    authorized: [],
    config: ['PasswordAuthentication yes', 'PubkeyAuthentication no', 'LogLevel VERBOSE'],
    accounts: { password: right },
  });
  const known = dir.write('known_hosts', knownHostsLines(server));
  inventory = fleet('fleet.yaml', known, '');
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

/** Two names of one server. */
function fleet(name: string, known: string, more: string): string {
  return dir.write(
    name,
    `ssh: { user: ${loginUser}, port: ${server.port}, known_hosts: ${known}${more} }
hosts: { a: { address: 127.0.0.1 }, b: { address: localhost } }
`,
  );
}

function open(...args: readonly string[]) {
  return new Pty([process.execPath, program, ...args], {
    columns: 120,
    rows: 20,
    env: { XDG_STATE_HOME: dir.path },
  });
}

describe('--ask-pass', () => {
  test('asks, shows nothing of it and logs in', async () => {
    await using pty = open('facts', inventory, '-k', '-F', 'none', '--limit', 'a');
    await pty.until(() => pty.text.includes('SSH password: '));
    pty.type(`${right}\r`);

    expect(await pty.ended(), pty.text).toBe(0);
    expect(pty.text.match(/SSH password/g)).toHaveLength(1);
    expect(pty.text).not.toContain('Canary');
  });

  test.skipIf(!existsSync('/usr/bin/strace'))(
    'leaves nothing of the password in arguments, environments or records',
    async () => {
      const trace = dir.file('trace');
      const playbook = dir.write(
        'play.yaml',
        '- hosts: a\n  tasks: [{ command: { changes: always, argv: [echo, in] } }]\n',
      );
      await using pty = new Pty(
        [
          ...['/usr/bin/strace', '-f', '-v', '-s', '4096', '-e', 'trace=execve', '-o', trace],
          ...[process.execPath, program, 'apply', inventory, playbook, '-k', '-F', 'none'],
        ],
        { columns: 120, rows: 20, env: { XDG_STATE_HOME: dir.path } },
      );
      await pty.until(() => pty.text.includes('SSH password: '));
      pty.type(`${right}\r`);
      expect(await pty.ended(), pty.text).toBe(0);

      expect(pty.text).not.toContain('Canary');
      expect(readFileSync(trace, 'utf8')).toContain('execve(');
      expect(readFileSync(trace, 'utf8')).not.toContain('Canary');
      const records = readdirSync(join(dir.path, 'xpush'), {
        recursive: true,
        withFileTypes: true,
      });
      for (const entry of records.filter((each) => each.isFile())) {
        expect(readFileSync(join(entry.parentPath, entry.name), 'latin1')).not.toContain('Canary');
      }
    },
  );

  test('says that a wrong one was refused, and does not show it', async () => {
    await using pty = open('facts', inventory, '-k', '-F', 'none', '--limit', 'a');
    await pty.until(() => pty.text.includes('SSH password: '));
    pty.type('Canary5Ty3 wrong\r');

    expect(await pty.ended(), pty.text).not.toBe(0);
    expect(pty.text).toContain('the password was refused');
    expect(pty.text).not.toContain('Canary');
  });

  test('is a mistake without a terminal, without an answer, and with ssh', async () => {
    const args = [program, 'facts', inventory, '-F', 'none', '-k'];
    const blind = spawnSync(process.execPath, args, { encoding: 'utf8', input: '' });
    const bySsh = spawnSync(process.execPath, [...args, '--transport', 'openssh'], {
      encoding: 'utf8',
      input: '',
    });
    await using pty = open('facts', inventory, '-k', '-F', 'none');
    await pty.until(() => pty.text.includes('SSH password: '));
    pty.type('\r');

    expect(blind).toMatchObject({ status: 2, stderr: expect.stringContaining('no terminal') });
    expect(bySsh).toMatchObject({ status: 2, stderr: expect.stringContaining('of no use') });
    expect(await pty.ended()).toBe(2);
    expect(pty.text).toContain('nothing was typed');
  });
});

describe('ssh: { password: !secret }', () => {
  test('logs in, and is *** wherever the inventory is shown', () => {
    const file = fleet(
      'secret.yaml',
      dir.file('known_hosts'),
      ', password: !secret { env: CANARY }',
    );
    const env = { ...process.env, CANARY: right, XDG_STATE_HOME: dir.path };
    const xpush = (...args: readonly string[]) =>
      execFileSync(process.execPath, [program, ...args], { encoding: 'utf8', env });

    const facts = xpush('facts', file, '-F', 'none', '--limit', 'a');
    const shown = xpush('inventory', file, '--list');

    expect(facts).toContain('a');
    expect(shown).toContain('***');
    expect(facts + shown).not.toContain('Canary');
  });
});
