import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2, { type ServerChannel } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Exec } from '../../src/connection/index.ts';
import {
  endpointOf,
  freePort,
  type KeyPair,
  makeKey,
  never,
  newTransport,
  TempDir,
} from './sshd.ts';

let dir: TempDir;
let key: KeyPair;
let hostKey: KeyPair;

beforeAll(() => {
  dir = new TempDir();
  key = makeKey(dir, 'id');
  hostKey = makeKey(dir, 'host');
});

afterAll(() => dir[Symbol.dispose]());

/** Runs a command on a server of odd habits, which real ones show too rarely to be tested. */
async function withOddServer<T>(
  answer: (channel: ServerChannel) => void,
  work: (exec: Exec) => Promise<T>,
): Promise<T> {
  const server = new ssh2.Server({ hostKeys: [readFileSync(hostKey.file)] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (attempt) => attempt.accept());
    client.on('session', (accept) => accept().on('exec', (acceptExec) => answer(acceptExec())));
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  const transport = newTransport();
  const endpoint = endpointOf({ port }, { identity: key.file, hostKey: hostKey.publicKey });
  const connection = await transport.connect(endpoint, never);
  try {
    return await work(await connection.exec('odd'));
  } finally {
    await connection.close();
    server.close();
  }
}

async function read(exec: Exec): Promise<string> {
  let text = '';
  for await (const chunk of exec.stdout) text += chunk;
  return text;
}

describe('ChannelExec', () => {
  test('waits for output that comes after the exit status, as long as it comes', async () => {
    const result = await withOddServer(
      (channel) => {
        channel.exit(3);
        let count = 0;
        const timer = setInterval(() => {
          channel.write(`${count}`);
          if (++count < 6) return;
          clearInterval(timer);
          channel.end();
        }, 300);
      },
      async (exec) => {
        exec.stderr.resume();
        return [await read(exec), await exec.outcome];
      },
    );

    expect(result).toEqual(['012345', { kind: 'exit', code: 3 }]);
  });

  test('waits for output that is held up on its way', async () => {
    const result = await withOddServer(
      (channel) => {
        channel.write('early ');
        channel.exit(0);
        setTimeout(() => channel.end('late'), 1_300);
      },
      async (exec) => {
        exec.stderr.resume();
        return [await read(exec), await exec.outcome];
      },
    );

    expect(result).toEqual(['early late', { kind: 'exit', code: 0 }]);
  });

  test('waits for a reader that has not read', async () => {
    const result = await withOddServer(
      (channel) => {
        channel.write('early ');
        channel.exit(0);
        setTimeout(() => channel.end('late'), 1_800);
      },
      async (exec) => {
        exec.stderr.resume();
        await sleep(2_000);
        return [await read(exec), await exec.outcome];
      },
    );

    expect(result).toEqual(['early late', { kind: 'exit', code: 0 }]);
  });

  test('is lost when the channel is closed without an exit status', async () => {
    const outcome = await withOddServer(
      (channel) => channel.close(),
      (exec) => {
        exec.stdout.resume();
        exec.stderr.resume();
        return exec.outcome;
      },
    );

    expect(outcome).toEqual({
      kind: 'lost',
      reason: 'the server closed the channel without an exit status',
    });
  });

  test('takes the first exit status and ignores the others', async () => {
    const outcome = await withOddServer(
      (channel) => {
        channel.exit(1);
        channel.exit(0);
        channel.end();
      },
      (exec) => {
        exec.stdout.resume();
        exec.stderr.resume();
        return exec.outcome;
      },
    );

    expect(outcome).toEqual({ kind: 'exit', code: 1 });
  });
});
