import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type CommandResult, runCommand } from '../../src/lab/process.ts';
import { labDescribe } from '../lab-tier.ts';
import { builtLab } from './built-lab.ts';

const describe = await labDescribe({ hosts: [{ name: 'h1', kind: 'mini', nics: [] }] });

describe('the lab command', () => {
  const name = `test-${process.pid}`;
  const lab = async (...args: readonly string[]): Promise<CommandResult> =>
    await runCommand([process.execPath, join(builtLab, 'main.js'), '--name', name, ...args]);

  afterAll(async () => {
    await lab('down');
  });

  test('up leaves a lab behind that run, sh, status, reboot and down find', async () => {
    const up = await lab('up', '--hosts', '2', '--kind', 'mini');
    const ssh = await lab(
      'run',
      'ssh',
      '-F',
      'none',
      '-o',
      'BatchMode=yes',
      'root@192.168.0.51',
      'true',
    );
    const config = await lab('run', 'sh', '-c', 'ssh -F "$XPUSH_SSH_CONFIG" h2 hostname');
    const verb = await lab('ssh', 'h2', 'hostname');
    const shell = await lab('sh', 'h1', 'sh', '-c', 'hostname; exit 7');
    const before = await lab('status');
    const reboot = await lab('reboot', 'h1');
    const after = await lab('status');
    const down = await lab('down');
    const gone = await lab('status');

    expect(up).toMatchObject({ code: 0, stderr: '' });
    expect(up.stdout).toContain('npm run lab -- ssh h1');
    // Without the lab's config nobody knows the host's key.
    expect(ssh.code).toBe(255);
    expect(config).toMatchObject({ code: 0, stdout: 'h2\n' });
    expect(verb).toMatchObject({ code: 0, stdout: 'h2\n' });
    expect(shell).toMatchObject({ code: 7, stdout: 'h1\n' });
    expect(before.stdout).toMatch(/^h1\tmini\t192.168.0.51\tup, pid \d+$/m);
    expect(reboot).toMatchObject({ code: 0, stderr: '' });
    expect(after.stdout).toMatch(/^h1\tmini\t192.168.0.51\tup, pid \d+$/m);
    expect(after.stdout.split('\n')[0]).not.toBe(before.stdout.split('\n')[0]);
    expect(down).toMatchObject({ code: 0, stderr: '' });
    expect(gone).toMatchObject({ code: 1 });
    expect(gone.stderr).toContain('there is no lab');
  });

  test('an inventory’s fleet comes up as an installer left it', async () => {
    const file = join(import.meta.dirname, '..', '..', 'inventory', 'webserv.yaml');
    const up = await lab('up', '--inventory', file);
    const guest = await lab('sh', 'webserv', 'ip', '-br', '-4', 'addr');
    await lab('down');
    const missing = await lab('up', '--inventory', '/nonexistent.yaml');

    expect(up).toMatchObject({ code: 0, stderr: '' });
    expect(up.stdout).toMatch(/^xen1\tdom0\t192.168.0.100\t/m);
    expect(guest.stdout).toContain('192.168.0.202/24');
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/^lab: .*nonexistent/);
  });

  test('a second up is refused while there is one; a dead one is replaced', async () => {
    await lab('up', '--hosts', '1');
    const second = await lab('up', '--hosts', '1');
    const status = await lab(
      'run',
      'sh',
      '-c',
      'cat "$(dirname "$XPUSH_SSH_CONFIG")/../../lab.json"',
    );
    const state: { hub: { pid: number } } = JSON.parse(status.stdout);
    process.kill(state.hub.pid, 'SIGKILL');
    const third = await lab('up', '--hosts', '1');
    await lab('down');

    expect(second.code).toBe(1);
    expect(second.stderr).toContain('EEXIST');
    expect(third.code).toBe(0);
  });

  test('Ctrl-C in the terminal goes to the command, not to the lab', async () => {
    await lab('up', '--hosts', '1');
    const main = join(builtLab, 'main.js');
    const script = 'trap "echo caught; exit 3" INT; echo ready; while :; do sleep 0.05; done';
    const child = spawn(process.execPath, [main, '--name', name, 'run', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      // As a terminal does: the whole foreground process group.
      if (text === 'ready\n') process.kill(-(child.pid ?? 0), 'SIGINT');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    const status = await lab('status');
    await lab('down');

    expect(text).toBe('ready\ncaught\n');
    expect(code).toBe(3);
    expect(status.stdout).toContain('h1\tfull\t192.168.0.51\tup');
  });

  test('mistakes get the usage or one line, and exit 2 or 1', async () => {
    expect(await lab('frobnicate')).toMatchObject({ code: 2 });
    expect(await lab('up', '--hots', '3')).toMatchObject({ code: 2 });
    expect((await lab('sh', 'nobody')).stderr).toBe(
      `lab: there is no lab in ${join(tmpdir(), `xpush-lab-${process.getuid?.()}-${name}`)}
`,
    );
  });
});
