import { spawnSync } from 'node:child_process';
import { createConnection, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTransport, type Endpoint } from '../../src/connection/index.ts';
import { formatPublicKey } from '../../src/connection/public-key.ts';
import {
  endpointOf,
  freePort,
  type KeyPair,
  knownHostsLines,
  listening,
  makeKey,
  never,
  startDropbear,
  startSshd,
  TempDir,
  type TestServer,
} from './sshd.ts';

const dir = new TempDir();
let key: KeyPair;
let server: TestServer;
let bastion: TestServer;
let known: string;

beforeAll(async () => {
  key = makeKey(dir, 'id');
  const hostKeys = ['ed25519', 'ecdsa', 'rsa'].map((type) => makeKey(dir, `h_${type}`, { type }));
  const config = ['LogLevel DEBUG1'];
  server = await startSshd(dir, { name: 'server', authorized: [key], hostKeys, config });
  bastion = await startSshd(dir, { name: 'bastion', authorized: [key], config });
  known = dir.write('known_hosts', knownHostsLines(bastion));
});

afterAll(() => dir[Symbol.asyncDispose]());

async function scan(endpoint: Endpoint) {
  const transport = createTransport({ config: 'none', agentSocket: null });
  try {
    return await transport.scanHostKeys(endpoint, never);
  } finally {
    await transport.close();
  }
}

const at = (one: { readonly port: number }, rest: Partial<Endpoint> = {}) =>
  endpointOf(one, { knownHosts: known, identity: key.file, ...rest });

describe('scanHostKeys', () => {
  test('gives a key of each type that a host has, those that ssh-keyscan gives, and logs in nowhere', async () => {
    const { keys, label, policy } = await scan(at(server));

    const found = keys.map(({ key: one }) => formatPublicKey(one));
    expect(found).toEqual(server.hostKeys.map(({ publicKey }) => publicKey));
    const line = ['-p', String(server.port), '-t', 'ed25519,ecdsa,rsa', '127.0.0.1'];
    const { stdout } = spawnSync('ssh-keyscan', line, { encoding: 'utf8' });
    const peers = stdout.split('\n').flatMap((text) => text.split(' ').slice(1).join(' ') || []);
    expect(found.toSorted()).toEqual(peers.toSorted());
    expect(keys.map(({ standing }) => standing)).toEqual(['new', 'new', 'new']);
    expect([label, policy.recordFile]).toEqual([`127.0.0.1:${server.port}`, known]);
    expect(server.log()).not.toMatch(/userauth-request|Accepted|Failed/);
  });

  test('knows what is known, what has changed, and what is revoked', async () => {
    const [ed, ecdsa, rsa] = server.hostKeys;
    const other = makeKey(dir, 'other_ecdsa', { type: 'ecdsa' });
    const name = `[127.0.0.1]:${server.port}`;
    const knownHosts = dir.write(
      'some',
      `# ours\n${name} ${ed!.publicKey}\n${name} ${other.publicKey}\n@revoked * ${rsa!.publicKey}\n`,
    );

    const { keys } = await scan(at(server, { knownHosts }));
    const pinned = await scan(at(server, { hostKey: ecdsa!.publicKey }));
    const strange = dir.write('strange', `${name} ${makeKey(dir, 'former').publicKey}\n`);
    const changed = await scan(at(server, { knownHosts: strange }));

    expect(keys.map(({ standing, at: place }) => [standing, place])).toEqual([
      ['known', `${knownHosts}:2`],
      ['changed', `${knownHosts}:3`],
      ['revoked', `${knownHosts}:4`],
    ]);
    expect(pinned.keys.map(({ standing }) => standing)).toEqual(['new', 'pinned', 'new']);
    // no key that vouches for the others
    expect(changed.keys.map(({ standing }) => standing)).toEqual(['changed', 'changed', 'changed']);
  });

  test('reaches hosts through jump hosts, whose keys must be known', async () => {
    const { keys, label } = await scan(at(server, { jump: [at(bastion)] }));
    const nobody = dir.write('nobody', '');
    const refused = scan(at(server, { jump: [at(bastion, { knownHosts: nobody })] }));

    expect(keys).toHaveLength(3);
    expect(label).toContain('through xen1');
    await expect(refused).rejects.toThrow(/jump host xen1: the host key .* is not known/);
  });

  test('takes dropbear, and hosts that show one type only', async () => {
    await using dropbear = await startDropbear(dir, { authorized: [key] });

    const { keys } = await scan(at(dropbear));

    expect(keys.map(({ key: one }) => formatPublicKey(one))).toEqual([
      dropbear.hostKeys[0]!.publicKey,
    ]);
  });

  test('hears at once of who hangs up behind a jump host', async () => {
    using own = new TempDir();
    await using dropbear = await startDropbear(own, { authorized: [key] });
    const knownHosts = dir.write('both', knownHostsLines(bastion));
    const before = performance.now();

    // it has one type, and hangs up when it is asked for another
    const { keys } = await scan(at(dropbear, { knownHosts, jump: [at(bastion)] }));

    expect(keys).toHaveLength(1);
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  test('does not believe who shows a key and cannot sign with it', async () => {
    // one byte of the signature is another one on the way
    const relay = createServer((socket) => {
      const onward = createConnection(server.port, '127.0.0.1');
      socket.on('error', () => onward.destroy());
      onward.on('error', () => socket.destroy());
      socket.pipe(onward);
      onward.on('data', (data) => {
        const found = data.indexOf(
          Buffer.from('\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x40', 'latin1'),
        );
        if (found >= 0) data[found + 30] = (data[found + 30] ?? 0) ^ 1;
        socket.write(data);
      });
      onward.on('end', () => socket.end());
    });
    await using spoilt = await listening(relay);

    await expect(scan(at(spoilt))).rejects.toThrow(/during the key exchange/);
  });

  test('says why a host cannot be asked', async () => {
    const port = await freePort();

    await expect(scan(at({ port }))).rejects.toThrow(/connection refused/);
    await expect(scan(at(server, { transport: 'local' }))).rejects.toThrow(/this machine itself/);
  });

  test('of many hosts at once stays below what a server allows', async () => {
    await using busy = await startSshd(dir, {
      ...{ name: 'busy', authorized: [key] },
      config: ['MaxStartups 2:100:2'],
    });

    const all = await Promise.all(Array.from({ length: 6 }, () => scan(at(busy))));

    expect(all.map(({ keys }) => keys.length)).toEqual(Array.from({ length: 6 }, () => 1));
  });
});
