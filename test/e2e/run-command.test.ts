import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Terminal } from '../report/terminal.ts';
import { documentOf, Fleet, shippedInventory, statuses } from './fleet.ts';

const describe = await labDescribe();

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start(await shippedInventory('two-guests'));
  await fleet.mustApply(); // guests are reached by way of what xpush makes
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

describe('xpush run', () => {
  test('shows what hosts print, alike ones together, and asks none that is not meant', async () => {
    const { code, stdout, stderr } = await fleet.xpush(
      ...['run', fleet.file, 'all:!xen1', '--', 'sh', '-c', 'echo "$0 $1"; echo  "  b" >&2'],
      ...['-l', 'a  b'],
    );

    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe('on 2 hosts: mail, webserv:\n  -l a  b\n    b\n');
  });

  describe('on a terminal', () => {
    /** What a terminal of 80 columns is sent. */
    async function sent(term: string): Promise<string> {
      const { argv, env } = fleet.command('run', fleet.file, 'all', '--', 'sleep 1; echo done');
      const line = argv.map((word) => `'${word}'`).join(' ');
      const run = await fleet.lab.run(
        ['script', '-qec', `stty rows 24 cols 80; exec ${line}`, '/dev/null'],
        { env: { ...env, CI: undefined, TERM: term, LANG: 'C.UTF-8', SHELL: '/bin/sh' } },
      );
      expect(run.code).toBe(0);
      return run.stdout;
    }

    test('shows how far it is, and then nothing but what hosts printed', async () => {
      const text = await sent('xterm-256color');
      const terminal = new Terminal(80, 24);
      terminal.write(text);

      expect(text).toMatch(/of 3.*running \d.*changing/s);
      expect(terminal.history).toEqual(['on 3 hosts: mail, webserv, xen1:', '  done']);
      expect([terminal.isCursorShown, terminal.isWrapping]).toEqual([true, true]);
    });

    test('draws nothing where the terminal can do nothing', async () => {
      expect(await sent('dumb')).toBe('on 3 hosts: mail, webserv, xen1:\r\n  done\r\n');
    });
  });

  test('one word is a line for sh, and a failure is exit code 1', async () => {
    const line = 'test "$(hostname)" = mail && exit 7; hostname | tr a-z A-Z';
    const { code, stdout } = await fleet.xpush('run', fleet.file, 'all', '-o', 'json', '--', line);

    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      exit: 1,
      hosts: {
        xen1: { status: 'changed', exit: 0, output: 'XEN1' },
        mail: { status: 'failed', exit: 7, output: '' },
        webserv: { exit: 0, output: 'WEBSERV' },
      },
    });
  });

  test('what takes too long is stopped, and is a failure', async () => {
    const args = ['run', fleet.file, 'xen1', '--timeout', '1', '--', 'sleep', '600'];
    const { code, stdout, stderr } = await fleet.xpush(...args);

    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe('on xen1: failed: command: sleep 600: took longer than 1 s: stopped\n');
  });

  test('is wrong without a command or with a pattern that names nothing', async () => {
    const none = await fleet.xpush('run', fleet.file, 'all', 'uname');
    const nobody = await fleet.xpush('run', fleet.file, 'webserf', '--', 'uname');

    expect([none.code, none.stderr]).toEqual([
      2,
      'xpush: unknown option or argument "uname"\n  hint: see xpush run --help\n',
    ]);
    expect([nobody.code, nobody.stderr]).toEqual([
      2,
      'xpush: no host or group is called "webserf"\n  hint: did you mean "webserv"?\n',
    ]);
  });
});

describe('xpush exec', () => {
  const copy = ['copy', 'dest=/etc/motd', 'mode=0600', 'content=hello {{ inventory_hostname }}\n'];

  test('does a step, which a check foresees and a second time has nothing to do', async () => {
    const run = async (...more: readonly string[]) => {
      const args = ['exec', fleet.file, 'domU', ...copy, '-o', 'json', ...more];
      return statuses(documentOf(await fleet.xpush(...args)));
    };

    expect(await run('-C')).toEqual({ mail: 'changed', webserv: 'changed' });
    expect(await run()).toEqual({ mail: 'changed', webserv: 'changed' });
    expect(await run()).toEqual({ mail: 'ok', webserv: 'ok' });
    const motd = await fleet.lab.host('mail').exec(['stat', '-c', '%a %s', '/etc/motd']);
    expect(motd.stdout).toBe('600 11\n');
  });

  test('says what is wrong with parameters before it contacts anybody', async () => {
    const { code, stderr } = await fleet.xpush(
      ...['exec', fleet.file, 'domU', 'copy', 'dest=etc', 'contents=x', 'mode'],
    );

    expect(code).toBe(2);
    expect(stderr).toBe(`copy:1:1: a parameter is name=value
  mode
  ^~~~
`);
    const unknown = await fleet.xpush('exec', fleet.file, 'domU', 'cpy');
    expect(unknown.stderr).toBe('xpush: there is no step "cpy"\n  hint: did you mean "copy"?\n');
  });
});
