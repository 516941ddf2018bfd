import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSsh2Transport, type Ssh2Transport } from '../../src/connection/index.ts';
import {
  endpointOf,
  type KeyPair,
  knownHostsLines,
  makeKey,
  never,
  run,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';

let dir: TempDir;
let key: KeyPair;
let server: TestServer;
let transport: Ssh2Transport;
let knownHosts: string;

beforeAll(async () => {
  dir = new TempDir();
  key = makeKey(dir, 'id');
  server = await startSshd(dir, { authorized: [key] });
  knownHosts = dir.write('known_hosts', knownHostsLines(server));
  transport = createSsh2Transport({ agentSocket: null });
});

afterAll(async () => {
  await transport.close();
  await server[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

const target = () => endpointOf(server, { identity: key.file, knownHosts });

describe('createSsh2Transport', () => {
  test('runs a command on a host whose key is known', async () => {
    const connection = await transport.connect(target(), never);

    const result = await run(connection, 'echo out; echo err >&2; exit 7');

    await connection.close();
    expect(result).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      outcome: { kind: 'exit', code: 7 },
    });
  });
});
