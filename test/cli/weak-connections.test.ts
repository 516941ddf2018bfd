import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tellWeakConnections } from '../../src/cli/weak-connections.ts';
import { createTransport, type Endpoint } from '../../src/connection/index.ts';
import type { Message } from '../../src/engine/events.ts';
import {
  endpointOf,
  type KeyPair,
  makeKey,
  never,
  startSshd,
  TempDir,
} from '../connection/sshd.ts';

let dir: TempDir;
let key: KeyPair;

beforeAll(() => {
  dir = new TempDir();
  key = makeKey(dir, 'id');
});

afterAll(() => dir[Symbol.dispose]());

let servers = 0;

/** What is told of two connections to a server that has this in its configuration. */
async function told(config: readonly string[], rest: Partial<Endpoint>) {
  servers += 1;
  await using server = await startSshd(dir, {
    name: `server${servers}`,
    authorized: [key],
    config,
  });
  const messages: Message[] = [];
  const transport = createTransport({
    config: 'none',
    agentSocket: null,
    observe: tellWeakConnections(new Set(['xen1']), (message) => messages.push(message)),
  });
  const hostKey = server.hostKeys[0]?.publicKey ?? '';
  const endpoint = endpointOf(server, { identity: key.file, hostKey, ...rest });
  for (let visit = 0; visit < 2; visit += 1) {
    await (await transport.connect(endpoint, never)).close();
  }
  await transport.close();
  return messages;
}

const old = ['KexAlgorithms diffie-hellman-group-exchange-sha1', 'Ciphers aes128-cbc'];
const text =
  'reached by weak algorithms: a key exchange by SHA-1 (diffie-hellman-group-exchange-sha1); the cipher aes128-cbc';

describe('tellWeakConnections', () => {
  test('tells once what was agreed on with a host that has nothing better', async () => {
    expect(await told(old, { legacyAlgorithms: true })).toEqual([
      { event: 'message', level: 'warning', host: 'xen1', text },
    ]);
  });

  test('says nothing of a host that has better, whatever is offered to it', async () => {
    expect(await told([], { legacyAlgorithms: true })).toEqual([]);
  });

  test('names a host that is not of the run', async () => {
    expect(await told(old, { legacyAlgorithms: true, name: 'gate' })).toEqual([
      { event: 'message', level: 'warning', host: null, text: `jump host gate: ${text}` },
    ]);
  });
});
