import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import ssh2, { type Client } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSsh2Transport } from '../../src/connection/index.ts';
import { isSsh2Known } from '../../src/connection/ssh2-check.ts';
import { Ssh2Internals } from '../../src/connection/ssh2-internals.ts';
import { endpointOf, makeKey, never, run, startSshd, TempDir, type TestServer } from './sshd.ts';

const dir = new TempDir();
let server: TestServer;

beforeAll(async () => {
  server = await startSshd(dir, { authorized: [makeKey(dir, 'id')] });
});

afterAll(() => dir[Symbol.asyncDispose]());

/** A client whose first key exchange is complete. */
async function exchanged(use: (client: Client) => void): Promise<void> {
  const client = new ssh2.Client();
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject).on('handshake', () => {
      try {
        use(client);
        resolve();
      } catch (error) {
        reject(error);
      }
    });
    client.connect({
      sock: connect(server.port, '127.0.0.1'),
      username: 'root',
      hostVerifier: () => true,
      authHandler: () => {},
    });
  }).finally(() =>
    client
      .removeAllListeners()
      .on('error', () => {})
      .destroy(),
  );
}

/** What must be there, as paths below ssh2's `Protocol`. */
const used = [
  ...['_handlers', '_kex', '_kex.sessionID', '_packetRW', '_packetRW.write'],
  ...['_packetRW.write.allocStart', '_packetRW.write.alloc', '_packetRW.write.finalize'],
  ...['_cipher', '_cipher.encrypt', '_authsQueue', 'authPK', 'exec', 'channelData'],
  ...['EXT_INFO', 'USERAUTH_SUCCESS', 'USERAUTH_FAILURE', 'GLOBAL_REQUEST'].map(handler),
  ...['CHANNEL_OPEN_CONFIRMATION', 'CHANNEL_OPEN_FAILURE', 'CHANNEL_WINDOW_ADJUST'].map(handler),
];

function handler(name: string): string {
  return `_handlers.${name}`;
}

describe('Ssh2Internals', () => {
  test('keeps the server from signing with all its host keys', async () => {
    const key = makeKey(dir, 'of-user');
    const config = ['LogLevel DEBUG1'];
    await using sshd = await startSshd(dir, { name: 'talker', authorized: [key], config });
    const hostKey = sshd.hostKeys[0]?.publicKey ?? '';
    const transport = createSsh2Transport({ config: 'none', agentSocket: null });

    const connection = await transport.connect(
      endpointOf(sshd, { identity: key.file, hostKey }),
      never,
    );
    await run(connection, 'true');
    await connection.close();

    expect(sshd.log()).toContain('server_input_channel_open');
    expect(sshd.log()).not.toContain('hostkeys-prove');
  });

  // Another version: read what changed in lib/client.js, lib/utils.js and lib/protocol/, and run all of test/connection.
  test('knows the version of ssh2 that is installed', () => {
    const url = new URL('../../node_modules/ssh2/package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(url, 'utf8'));

    expect(version).toBe('1.17.0');
  });

  test('finds what it uses', async () => {
    await exchanged((client) => {
      const internals = Ssh2Internals.of(client);

      expect(internals?.sessionId).toHaveLength(32);
      expect(internals?.isExchanging).toBe(false);
    });
  });

  test('is not to be had before the first key exchange', () => {
    expect(Ssh2Internals.of(new ssh2.Client())).toBeNull();
  });

  test.each(used)('is not to be had without %s', async (path) => {
    await exchanged((client) => {
      const names = path.split('.');
      const last = names.pop() ?? '';
      // biome-ignore lint/suspicious/noExplicitAny: what ssh2 keeps to itself
      const protocol: object = (client as any)._protocol;
      const owner = names.reduce<object>((object, name) => Reflect.get(object, name), protocol);
      expect(Reflect.get(owner, last)).toBeDefined();

      const own = Object.getOwnPropertyDescriptor(owner, last);
      Object.defineProperty(owner, last, { value: undefined, configurable: true });
      const found = Ssh2Internals.of(client);
      // ssh2 needs it to clean up
      if (own === undefined) Reflect.deleteProperty(owner, last);
      else Object.defineProperty(owner, last, own);

      expect(found).toBeNull();
    });
  });
});

describe('isSsh2Known', () => {
  test('says without a server whether this ssh2 is the one that is known', () => {
    expect(isSsh2Known()).toBe(true);

    const spy = vi.spyOn(ssh2.Client.prototype, 'connect').mockImplementation(function connect(
      this: Client,
    ) {
      Object.assign(this, { _protocol: { _handlers: {} } });
      return this;
    });
    expect(isSsh2Known()).toBe(false);
    spy.mockRestore();
  });
});
