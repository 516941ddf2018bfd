import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Connection, Endpoint } from '../../src/connection/index.ts';
import { LocalTransport } from '../../src/connection/local-transport.ts';
import { until } from '../until.ts';
import { loginUser, never, run, TempDir } from './sshd.ts';

const endpoint: Endpoint = { name: 'me', address: 'me', transport: 'local' };

let dir: TempDir;
let connection: Connection;

beforeAll(async () => {
  dir = new TempDir();
  connection = await new LocalTransport().connect(endpoint, never);
});

afterAll(async () => {
  await connection.close();
  dir[Symbol.dispose]();
});

describe('a command on this machine', () => {
  test('gives its output, its errors and its exit code', async () => {
    expect(await run(connection, 'echo out; echo err >&2; exit 7')).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      outcome: { kind: 'exit', code: 7 },
    });
  });

  test('that dies of a signal says which', async () => {
    expect((await run(connection, 'kill -KILL $$')).outcome).toEqual({
      kind: 'signal',
      signal: 'SIGKILL',
    });
  });

  test('has the environment of a login, a session of its own, and nothing of ours', async () => {
    vi.stubEnv('XPUSH_OF_OURS', 'x');
    const { stdout } = await run(
      connection,
      'exec /bin/sh -s <<"E"\nenv; pwd; umask; echo $$; ps -o sid= -p $$\nE',
    );
    vi.unstubAllEnvs();

    const lines = stdout.trim().split('\n');
    const names = lines.flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []).sort();
    expect(names.filter((name) => !['PWD', 'OLDPWD', '_', 'SHLVL'].includes(name))).toEqual([
      'HOME',
      'LOGNAME',
      'PATH',
      'SHELL',
      'USER',
    ]);
    const [home, mask, pid, session] = lines.slice(-4);
    expect(lines).toContain(`HOME=${home}`);
    expect(lines).toContain(`USER=${loginUser}`);
    expect(mask).toBe('0022');
    expect(session?.trim()).toBe(pid);
  });

  test('keeps its input open for a second write', async () => {
    const exec = await connection.exec('exec sh -s');
    const lines = exec.stdout[Symbol.asyncIterator]();
    exec.stderr.resume();
    exec.stdin.write('echo first\n');
    expect(String((await lines.next()).value)).toBe('first\n');
    exec.stdin.end('echo second; exit 4\n');
    expect(String((await lines.next()).value)).toBe('second\n');
    expect((await lines.next()).done).toBe(true);
    expect(await exec.outcome).toEqual({ kind: 'exit', code: 4 });
  });

  test('loses nothing of 2 MB to a slow reader', async () => {
    const exec = await connection.exec('head -c 2097152 /dev/zero');
    exec.stderr.resume();
    let bytes = 0;
    for await (const chunk of exec.stdout) {
      if (bytes === 0) await sleep(1_500);
      bytes += chunk.length;
    }

    expect([bytes, await exec.outcome]).toEqual([2_097_152, { kind: 'exit', code: 0 }]);
  });

  test('is over although a child in the background holds its output', async () => {
    const { stdout, outcome } = await run(connection, 'sleep 20 & echo $!');

    process.kill(Number(stdout));
    expect(outcome).toEqual({ kind: 'exit', code: 0 });
  });

  test('that leaves its input unread does not hold up its writer', async () => {
    const exec = await connection.exec('exit 5');
    exec.stdout.resume();
    exec.stderr.resume();

    await new Promise<void>((resolve) => {
      exec.stdin.end(Buffer.alloc(8_000_000), () => resolve());
    });

    expect(await exec.outcome).toEqual({ kind: 'exit', code: 5 });
  });
});

describe('the end of a connection', () => {
  test('loses its commands, which go on but for the end of their input', async () => {
    const own = await new LocalTransport().connect(endpoint, never);
    const mark = dir.file('mark');
    const exec = await own.exec(`cat; sleep 0.2; echo on > ${mark}`);
    exec.stdout.resume();
    exec.stderr.resume();

    await own.close();

    expect(await exec.outcome).toEqual({
      kind: 'lost',
      reason: 'the connection was closed from here',
    });
    await until(() => existsSync(mark) && readFileSync(mark, 'utf8') === 'on\n');
    await expect(own.exec('true')).rejects.toMatchObject({
      reason: 'network',
      message: 'the connection was closed from here',
    });
  });
});

describe('connect', () => {
  test('refuses another user than the one who runs this', async () => {
    const transport = new LocalTransport();

    await expect(transport.connect({ ...endpoint, user: 'somebody' }, never)).rejects.toMatchObject(
      {
        reason: 'config',
        message: `me is this machine (transport: local): nobody logs in as somebody, xpush runs as ${loginUser}`,
      },
    );
    await (await transport.connect({ ...endpoint, user: loginUser }, never)).close();
  });

  test('is interrupted by its signal', async () => {
    await expect(new LocalTransport().connect(endpoint, AbortSignal.abort())).rejects.toMatchObject(
      { reason: 'aborted' },
    );
  });
});
