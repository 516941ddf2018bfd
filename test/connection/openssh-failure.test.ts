import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { opensshFailure } from '../../src/connection/openssh-failure.ts';
import { OpensshLog } from '../../src/connection/openssh-log.ts';
import type { OpensshTarget } from '../../src/connection/openssh-target.ts';

// What the ssh of this machine says is tested in openssh-transport.test.ts; this is what others say.

const target: OpensshTarget = {
  name: 'xen1',
  host: '10.0.0.2',
  port: 22,
  user: 'root',
  args: [],
  pin: null,
  knownHostsFiles: ['/k'],
  hasProxyCommand: false,
  connectTimeoutMs: 10_000,
  keepaliveMs: 15_000,
  keepaliveCount: 3,
  via: null,
};

function failureOf(...lines: readonly string[]) {
  const log = new OpensshLog();
  log.add(Buffer.from(`${lines.join('\n')}\n`));
  const { reason, message } = opensshFailure(target, log);
  return `${reason}: ${message}`;
}

const connecting = 'debug1: Connecting to 10.0.0.2 [10.0.0.2] port 22.';
const connected = [connecting, 'debug1: Connection established.'];
const exchanging = [
  ...connected,
  'debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1',
];
const shown = 'debug1: Server host key: ssh-ed25519 SHA256:abc';
const authenticating = [...exchanging, shown, 'debug1: SSH2_MSG_NEWKEYS received'];

describe('opensshFailure', () => {
  test.each([
    [
      'a name without an address',
      ['ssh: Could not resolve hostname xen1: Name or service not known'],
      'network: no address is known for "10.0.0.2"',
    ],
    [
      'a host that is off',
      [connecting, 'ssh: connect to host 10.0.0.2 port 22: No route to host'],
      'network: no route to 10.0.0.2:22',
    ],
    [
      'a network that is not there',
      [connecting, 'ssh: connect to host 10.0.0.2 port 22: Network is unreachable'],
      'network: no route to 10.0.0.2:22',
    ],
    [
      'no answer, by its own clock',
      [connecting, 'ssh: connect to host 10.0.0.2 port 22: Connection timed out'],
      'timeout: no answer from 10.0.0.2:22 in 10 s',
    ],
    [
      'no answer, on another system',
      [connecting, 'ssh: connect to host 10.0.0.2 port 22: Operation timed out'],
      'timeout: no answer from 10.0.0.2:22 in 10 s',
    ],
    [
      'no banner, by its own clock',
      [...connected, 'Connection timed out during banner exchange'],
      'timeout: no SSH banner from 10.0.0.2:22 in 10 s',
    ],
    [
      'MaxStartups, to the ssh of Debian 9',
      [...connected, 'ssh_exchange_identification: read: Connection reset by peer'],
      'network: 10.0.0.2:22 closed the connection before the SSH banner',
    ],
    [
      'a lock-out',
      [
        ...connected,
        'debug1: kex_exchange_identification: banner line 0: Not allowed at this time',
        'kex_exchange_identification: Connection closed by remote host',
      ],
      'network: 10.0.0.2:22 closed the connection before the SSH banner; it said: Not allowed at this time',
    ],
    [
      'a key exchange that is cut',
      [...exchanging, 'Connection closed by 10.0.0.2 port 22'],
      'network: 10.0.0.2:22 closed the connection during the key exchange',
    ],
    [
      'a login that is cut',
      [...authenticating, 'Connection reset by 10.0.0.2 port 22'],
      'network: 10.0.0.2:22 cut the connection during the authentication',
    ],
    [
      'keys of an agent and of files, to the ssh of Debian 9',
      [
        ...authenticating,
        'debug1: Authentications that can continue: publickey,password',
        'debug1: Offering public key: RSA SHA256:one /root/.ssh/id_rsa',
        'debug1: Offering public key: me@here ED25519 SHA256:two agent',
        'root@10.0.0.2: Permission denied (publickey,password).',
      ],
      'authentication: authentication failed as root: tried agent (1 key), key /root/.ssh/id_rsa (SHA256:one); the server allows publickey,password',
    ],
    [
      'too many keys',
      [
        ...authenticating,
        'Received disconnect from 10.0.0.2 port 22:2: Too many authentication failures',
        'Disconnected from 10.0.0.2 port 22',
      ],
      'authentication: authentication failed as root: no key to offer; the server said: Too many authentication failures',
    ],
    [
      'a key with a passphrase',
      [
        ...authenticating,
        'Load key "/k": incorrect passphrase supplied to decrypt private key',
        'root@10.0.0.2: Permission denied (publickey).',
      ],
      'authentication: authentication failed as root: no key to offer; the server allows publickey; Load key "/k": incorrect passphrase supplied to decrypt private key',
    ],
    [
      'a configuration that others can write to',
      ['Bad owner or permissions on /root/.ssh/config'],
      'config: ssh does not start: Bad owner or permissions on /root/.ssh/config',
    ],
    ['nothing', [], 'network: 10.0.0.2:22 closed the connection during the lookup'],
  ])('knows %s', (_, lines, said) => {
    expect(failureOf(...lines)).toBe(said);
  });

  test('takes what a server says in a login for what it is', () => {
    const banner = [
      'Host key verification failed.',
      'debug1: Connection established.',
      '\x1b[2Jssh: connect to host 10.0.0.2 port 22: Connection refused',
    ];

    expect(
      failureOf(...authenticating, ...banner, 'root@10.0.0.2: Permission denied (publickey).'),
    ).toMatch(/^(authentication|network): [ -~]+$/);
  });

  test('has a message for everything, on one line that can be printed', () => {
    const lines = fc.array(
      fc.oneof(
        fc.constantFrom(
          ...authenticating,
          'Host key verification failed.',
          'Offending ED25519 key in /nowhere:1',
          'root@h: Permission denied (x).',
          'debug1: Offering public key: \x1b SHA256:x',
        ),
        fc.string({ unit: 'binary' }),
      ),
    );
    fc.assert(
      fc.property(lines, (all) => {
        expect(failureOf(...all)).toMatch(/^[ -~]+$/);
      }),
    );
  });
});

describe('OpensshLog', () => {
  test('keeps a bounded part of what is printed, and its clock runs for a bounded time', () => {
    const log = new OpensshLog();
    let steps = 0;
    for (let n = 0; n < 5_000; n += 1) {
      const line = `debug1: Offering public key: ${'k'.repeat(500)} ED25519 SHA256:${n}\n`;
      if (log.add(Buffer.from(`${'x'.repeat(9_000)}\n${line}`))) steps += 1;
    }
    log.add(Buffer.alloc(1_000_000, 'y'));

    expect(log.notes.length).toBeLessThanOrEqual(30);
    expect(log.offered.length).toBeLessThanOrEqual(20);
    expect(JSON.stringify(log.notes).length).toBeLessThan(10_000);
    expect(steps).toBeLessThanOrEqual(20);
  });
});
