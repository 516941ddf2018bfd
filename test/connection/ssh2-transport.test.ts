import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSsh2Transport } from '../../src/connection/index.ts';
import { until } from '../until.ts';
import { endpointOf, type KeyPair, makeKey, never, startSshd, TempDir } from './sshd.ts';

// What holds over every transport is in transport-contract.test.ts and jump.test.ts.

let dir: TempDir;
let key: KeyPair;

beforeAll(() => {
  dir = new TempDir();
  key = makeKey(dir, 'id');
});

afterAll(() => dir[Symbol.dispose]());

describe('connect', () => {
  test('names the algorithms that are missing', async () => {
    const transport = createSsh2Transport({ config: 'none', agentSocket: null });
    await using postQuantum = await startSshd(dir, {
      authorized: [key],
      config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'],
    });
    const endpoint = endpointOf(postQuantum, { identity: key.file });

    await expect(transport.connect(endpoint, never)).rejects.toMatchObject({
      reason: 'network',
      message: `127.0.0.1:${postQuantum.port}: no matching key exchange algorithm`,
      hint: expect.stringContaining('--transport openssh'),
    });
  });

  test('tells a host that it is another one before it hangs up', async () => {
    const transport = createSsh2Transport({ config: 'none', agentSocket: null });
    await using server = await startSshd(dir, { name: 'other', authorized: [key] });
    const endpoint = endpointOf(server, { identity: key.file, hostKey: key.publicKey });

    await expect(transport.connect(endpoint, never)).rejects.toMatchObject({ reason: 'host-key' });

    // SSH_DISCONNECT_KEY_EXCHANGE_FAILED
    await until(() => /Received disconnect from .*:3: /.test(server.log()));
  });
});
