import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { becomeRoom, type Room, roomPassword } from '../connection/become-room.ts';
import {
  type KeyPair,
  knownHostsLines,
  makeKey,
  startSshd,
  TempDir,
  type TestServer,
} from '../connection/sshd.ts';
import { Pty } from '../report/pty.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'xpush');

let dir: TempDir;
let key: KeyPair;
let room: Room;
let server: TestServer;
let playbook: string;

const isRoot = userInfo().uid === 0;

/** Two names of one server; `become` is what the inventory says of all hosts. */
function fleet(name: string, become = ''): string {
  const known = dir.write('known_hosts', knownHostsLines(server));
  return dir.write(
    name,
    `ssh: { user: ops, port: ${server.port}, known_hosts: ${known}, identity: ${key.file}, host_key_checking: accept-new }
${become}
hosts: { a: { address: 127.0.0.1 }, b: { address: localhost } }
`,
  );
}

function open(...args: readonly string[]) {
  return new Pty([process.execPath, program, ...args, '-F', 'none'], {
    ...{ columns: 120, rows: 20, env: { XDG_STATE_HOME: dir.path } },
  });
}

function blindly(...args: readonly string[]) {
  return spawnSync(process.execPath, [program, ...args, '-F', 'none'], {
    ...{ encoding: 'utf8', input: '' },
  });
}

describe.skipIf(!isRoot)('--ask-become-pass', () => {
  beforeAll(async () => {
    dir = new TempDir();
    key = makeKey(dir, 'key');
    room = becomeRoom(dir, 'room', { keys: [key] });
    server = await startSshd(dir, { authorized: [key], config: room.config, within: room.argv });
    playbook = dir.write(
      'play.yaml',
      '- hosts: all\n  tasks: [{ command: { changes: always, shell: "echo I am $(id -un)" } }]\n',
    );
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    dir[Symbol.dispose]();
  });

  test('asks once for all hosts, shows nothing of it, and programs run as root', async () => {
    const before = room.tried().length;
    await using pty = open('apply', fleet('one.yaml'), playbook, '-b', '-K', '--no-confirm', '-vv');
    await pty.until(() => pty.text.includes('Become password: '));
    pty.type(`${roomPassword}\r`);

    expect(await pty.ended(), pty.text).toBe(0);
    expect(pty.text.match(/Become password/g)).toHaveLength(1);
    expect(pty.text).not.toContain(roomPassword);
    expect(new Set(room.tried().slice(before))).toEqual(new Set([roomPassword]));
    const records = readdirSync(join(dir.path, 'xpush'), { recursive: true, withFileTypes: true });
    for (const entry of records.filter((each) => each.isFile())) {
      const text = readFileSync(join(entry.parentPath, entry.name), 'latin1');
      expect(text).not.toContain(roomPassword);
    }
  });

  test('is for hosts that the inventory says it of, and a wrong one is told', async () => {
    await using pty = open('facts', fleet('two.yaml', 'become: true'), '-K', '--limit', 'a');
    await pty.until(() => pty.text.includes('Become password: '));
    pty.type('Canary9 wrong\r');

    expect(await pty.ended(), pty.text).toBe(3);
    expect(pty.text).toContain('sudo refused the password');
    expect(pty.text).not.toContain('Canary9');
  });

  test('is a mistake where nobody becomes anybody, by doas, and without a terminal', () => {
    const file = fleet('three.yaml');
    const [vain, doas, blind, method] = [
      blindly('facts', file, '-K'),
      blindly('facts', file, '-b', '-K', '--become-method', 'doas'),
      blindly('facts', file, '-b', '-K'),
      blindly('facts', file, '--become-user', 'admin'),
    ];

    expect(vain).toMatchObject({ status: 2, stderr: expect.stringContaining('no host becomes') });
    expect(doas).toMatchObject({ status: 2, stderr: expect.stringContaining('of no use') });
    expect(blind).toMatchObject({ status: 2, stderr: expect.stringContaining('no terminal') });
    expect(method).toMatchObject({ status: 2, stderr: expect.stringContaining('--become-user') });
  });
});
