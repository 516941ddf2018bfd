import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Pty } from '../report/pty.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'xpush');
const inventoryText = 'hosts: { a: { address: 127.0.0.1 } }\nssh: { port: 1 }\n';
/** Of no vault that anybody has the password of. */
const playbookText = `
- hosts: all
  tasks:
    - command:
        changes: always
        argv: [cat]
        stdin: !vault |
          $ANSIBLE_VAULT;1.1;AES256
          3030
`;

describe('a prompt for a password', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'xpush-prompt-'));
    await writeFile(join(directory, 'fleet.yaml'), inventoryText);
    await writeFile(join(directory, 'vault.yaml'), playbookText);
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  const open = (...before: readonly string[]) =>
    new Pty(
      [
        ...before,
        ...[process.execPath, program, 'apply'],
        ...['fleet.yaml', 'vault.yaml'].map((file) => join(directory, file)),
      ],
      { columns: 100, rows: 20, env: { XDG_STATE_HOME: directory } },
    );

  test.each([
    ['Ctrl-C', '\x03', 130, /^Vault password: \s*$/],
    ['Ctrl-D', '\x04', 130, /^Vault password: \s*$/],
    ['Enter', '\r', 2, /no vault password was given/],
    ['a wrong one, which is not shown', 'hunter22\r', 2, /this vault text cannot be read|does not/],
  ])('is answered by %s', async (_name, keys, code, said) => {
    await using pty = open();
    await pty.until(() => pty.text.includes('Vault password: '));
    pty.type(keys);

    expect(await pty.ended(), pty.text).toBe(code);
    expect(pty.text).toMatch(said);
    expect(pty.text).not.toContain('hunter22');
  });

  test.skipIf(!existsSync(strace))('comes when the terminal has stopped to echo', async () => {
    // TCSETS takes its time here: whoever sees the prompt before it types into an echo
    const slow = ['-e', 'trace=ioctl', '-e', 'inject=ioctl:delay_enter=50ms'];
    await using pty = open(strace, '-f', '-o', '/dev/null', ...slow);
    await pty.until(() => pty.text.includes('Vault password: '));
    pty.type('hunter22\r');

    expect(await pty.ended(), pty.text).toBe(2);
    expect(pty.text).not.toContain('hunter22');
  });
});

const strace = '/usr/bin/strace';
