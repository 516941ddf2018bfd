import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, describe, expect, test } from 'vitest';
import { type Connection, ConnectionError, type Outcome } from '../../src/connection/transport.ts';
import { FirstLook } from '../../src/engine/first-look.ts';
import { HostShell } from '../../src/engine/host-shell.ts';
import { LostError } from '../../src/engine/lost-error.ts';
import { query } from '../../src/host/query.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A login shell: a script of ours that gets the command to run as $1. */
function loginShell(script: string, isLostAtEnd = false): Connection {
  return {
    exec: async (command) => {
      const child = spawn('/bin/sh', ['-c', script, 'login', command], { stdio: 'pipe' });
      children.push(child);
      const outcome = new Promise<Outcome>((resolve) => {
        child.on('close', (code, signal) => {
          if (isLostAtEnd) resolve({ kind: 'lost', reason: 'reset by peer' });
          else if (signal !== null) resolve({ kind: 'signal', signal });
          else resolve({ kind: 'exit', code: code ?? 0 });
        });
      });
      return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, outcome };
    },
    close: async () => {},
  };
}

async function look(script: string, isLostAtEnd = false, firstWordMs: number | null = null) {
  const shell = await HostShell.open(loginShell(script, isLostAtEnd), firstWordMs);
  try {
    return Object.fromEntries(await shell.look([query.tool('sh'), query.file('/nowhere')]));
  } finally {
    shell.end();
  }
}

const answers = { 'tool:sh': { answer: true }, 'file:/nowhere': { answer: { type: 'absent' } } };

describe('HostShell.look', () => {
  test.each([
    ['says nothing else', 'eval "$1"'],
    ['greets without an end of line', 'printf "Welcome to xen1"; eval "$1"'],
    ['says goodbye on standard error', 'eval "$1"; echo bye >&2'],
    ['sends binary noise', 'head -c 3000 /dev/urandom; eval "$1"'],
    ['sends 2000 lines first', 'yes "a very long message of the day" | head -n 2000; eval "$1"'],
    ['forges lines of the protocol', 'printf "@%032d begin files\\n@x done 0\\n" 0; eval "$1"'],
    ['has a hostile environment', 'IFS=x; set -ux; export IFS CDPATH=/ ENV=/etc/passwd; eval "$1"'],
  ])('is answered by a login shell that %s', async (_what, script) => {
    expect(await look(script)).toEqual(answers);
  });

  test.each([
    ['false', 'the login shell gives no sh (status 1)'],
    ['echo "This account is closed."; exit 1', 'it said: This account is closed.'],
    ['echo "no way" >&2; exit 5', '(status 5); it said: no way'],
    ['cat', 'the login shell gives no sh (status 0)'],
    ['kill -KILL $$', 'the login shell gives no sh (signal SIGKILL)'],
    ['printf "\\033]52;c;aGk=\\a"; exit 1', '\\x1b]52;c;aGk=\\x07'],
  ])('of a login shell "%s" fails in words', async (script, message) => {
    const failure = look(script === 'cat' ? 'cat & sleep 0.2; kill $!; exit 0' : script);

    await expect(failure).rejects.toBeInstanceOf(ConnectionError);
    await expect(failure).rejects.toThrow(message);
  });

  test('of a host that floods is given up', async () => {
    await expect(look('cat /dev/zero')).rejects.toThrow('it sent more than 16 MiB');
  });

  test('of a host that floods with errors is given up too', async () => {
    await expect(look('cat /dev/zero >&2')).rejects.toThrow('it sent more than 32 MiB');
  });

  test.each([
    ['reads all of the program', 'cat >/dev/null; eval "$1"'],
    ['sleeps', 'exec sleep 60'],
    ['talks, but starts no sh', 'while sleep 0.02; do echo hello; done'],
  ])('of a login shell that %s is given up soon', async (_what, script) => {
    const started = performance.now();

    await expect(look(script, false, 300)).rejects.toMatchObject({
      name: 'ConnectionError',
      reason: 'timeout',
      message: expect.stringContaining('no answer to the look program'),
      hint: expect.stringContaining('connect_timeout'),
    });

    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('of a host whose shell has begun to answer is waited for longer', async () => {
    const started = performance.now();
    const slow = 'eval "$1" | while read -r line; do echo "$line"; sleep 0.3; done';

    await expect(look(slow, false, 1_500)).resolves.toEqual(answers);

    expect(performance.now() - started).toBeGreaterThan(1_500);
  });

  test('tells a lost connection from a shell that ended', async () => {
    await expect(look('exit 0', true)).rejects.toBeInstanceOf(LostError);
  });
});

describe('a first look', () => {
  const queries = [query.tool('sh'), query.file('/nowhere')];

  /** A connection that was made with its first command, if it can do that. */
  function madeWith(first: FirstLook, isAhead: boolean) {
    const inputs: string[] = [];
    const login = loginShell('eval "$1"');
    const connection: Connection = {
      ...login,
      exec: async (command) => {
        const exec = await login.exec(command);
        const write = exec.stdin.write.bind(exec.stdin);
        if (isAhead) write(first.exec.input);
        exec.stdin.write = (text: string) => {
          inputs.push(text);
          return write(text);
        };
        return isAhead ? { ...exec, given: first.exec.input } : exec;
      },
    };
    return { connection, inputs };
  }

  test.each([
    ['is not sent again over a connection that has taken it along', true, []],
    ['is sent over a connection that has not', false, ['program']],
  ])('%s', async (_what, isAhead, sent) => {
    const first = new FirstLook(queries);
    const { connection, inputs } = madeWith(first, isAhead);

    const shell = await HostShell.open(connection, null, first);
    const found = Object.fromEntries(await shell.look([...queries]));

    expect(found).toEqual(answers);
    expect(inputs.map((text) => (text === first.exec.input ? 'program' : text))).toEqual(sent);
    const again = Object.fromEntries(await shell.look(queries));
    expect(again).toEqual(answers);
    expect(inputs).toHaveLength(sent.length + 1);
    shell.end();
  });

  test('must be taken before anything else is asked, or answers would be mixed up', async () => {
    const first = new FirstLook(queries);
    const { connection } = madeWith(first, true);

    const shell = await HostShell.open(connection, null, first);

    await expect(shell.look([query.tool('ls')])).rejects.toThrow('the first look was not taken');
    shell.end();
  });
});
