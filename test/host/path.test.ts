import { describe, expect, test } from 'vitest';
import { compileLook } from '../../src/host/look-program.ts';
import { parsePath } from '../../src/host/path-text.ts';
import { nothingKnown } from '../../src/host/program.ts';
import { query } from '../../src/host/query.ts';
import { inNetwork, links6 } from './networks.ts';
import { describeShells, fullPath, isRoot, RunningShell } from './shells.ts';

if (!isRoot) process.stderr.write('skipped: paths need root\n');

const script = `${links6}
  ip route add default via 10.0.0.254
  ip route add default via 10.0.1.254 dev eth1 table 17
  ip rule add from 10.0.1.1 priority 1000 table 17
  ip route add blackhole 10.9.0.0/16
  ip -6 route add default via 2001:db8::fe
  ip -6 route add default via 2001:db8:1::fe dev eth1 table 17
  ip -6 rule add from 2001:db8:1::1 priority 1000 table 17
  ip -6 route add unreachable 2001:db8:9::/48
  echo 1 >/proc/sys/net/ipv4/ip_forward
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding`;

const no = { dev: null, via: null, src: null, table: null };

describeShells('query.path', (shell) => {
  const told = (table: number) => (shell.isBusybox ? null : table); // busybox hides it of IPv4

  test.runIf(isRoot)('tells where a packet goes', async () => {
    await using running = inNetwork(shell, script);
    const path = (asked: Parameters<typeof query.path>[0]) => running.look(query.path(asked));

    expect(await path({ to: '192.0.2.1' })).toEqual({
      ...{ dev: 'eth0', via: '10.0.0.254', src: '10.0.0.1', table: null, error: null },
    });
    expect(await path({ to: '192.0.2.1', from: '10.0.1.1' })).toEqual({
      ...{ dev: 'eth1', via: '10.0.1.254', src: null, table: told(17), error: null },
    });
    expect(await path({ to: '10.0.1.7', from: '10.0.0.9', iif: 'eth0' })).toMatchObject({
      ...{ dev: 'eth1', via: null, error: null },
    });
    expect(await path({ to: '10.0.0.1' })).toMatchObject({ dev: 'lo', error: null });
    expect(await path({ to: '2001:db8:5::1' })).toMatchObject({
      ...{ dev: 'eth0', via: '2001:db8::fe', src: '2001:db8::1', error: null },
    });
    expect(await path({ to: '2001:db8:5::1', from: '2001:db8:1::1' })).toEqual({
      ...{ dev: 'eth1', via: '2001:db8:1::fe', src: '2001:db8:1::1', table: 17, error: null },
    });
  });

  test.runIf(isRoot)('tells why it goes nowhere', async () => {
    await using running = inNetwork(shell, script);
    const error = async (asked: Parameters<typeof query.path>[0]) => {
      const { error, ...rest } = await running.look(query.path(asked));
      expect(rest).toEqual(no);
      return error;
    };

    expect(await error({ to: '192.0.2.1', from: '10.77.0.1' })).toBe('Network is unreachable');
    expect(await error({ to: '10.9.0.1' })).toBe('Invalid argument');
    expect(await error({ to: '2001:db8:9::1' })).toBe('No route to host');
    expect(await error({ to: '192.0.2.1', from: '10.0.0.9', iif: 'gone0' })).toMatch(
      /^can't find device 'gone0'$|^Cannot find device "gone0"$/i,
    );
  });

  test('of which no ip can be asked is a failure', async () => {
    await using running = new RunningShell(shell);
    await running.observe([]);
    running.send('PATH=/nowhere\n');
    if (shell.isBusybox) running.send('ip() { return 127; }\n'); // it runs its own otherwise

    await expect(running.look(query.path({ to: '192.0.2.1' }))).rejects.toThrow(
      shell.isBusybox ? "'ip' could not be asked" : 'install iproute2',
    );
  });

  test.runIf(isRoot)('many are asked at once, beside other things', async () => {
    await using running = inNetwork({ ...shell, path: shell.path || fullPath }, script);
    const asked = ['10.0.0.7', '10.0.1.7', '2001:db8::7', '2001:db8:1::7'].map((to) =>
      query.path({ to }),
    );

    const answers = [...(await running.observe([...asked, query.rules(4)])).values()];

    expect(
      answers.map((one) => ('answer' in one ? (one.answer as { dev?: string }).dev : one)),
    ).toEqual([undefined, 'eth0', 'eth1', 'eth0', 'eth1']);
  });
});

describe('query.path', () => {
  test.each([
    ['a name', { to: 'example.org' }],
    ['an option', { to: '-6' }],
    ['words', { to: '10.0.0.1 dev eth0' }],
    ['a network', { to: '10.0.0.0/8' }],
    ['a zone', { to: 'fe80::1%eth0' }],
    ['a bad source', { from: '$(reboot)', to: '10.0.0.1' }],
    ['a bad interface', { iif: 'eth0;reboot', to: '10.0.0.1' }],
    ['an interface like an option', { iif: '-x', to: '10.0.0.1' }],
  ])('refuses %s', (_what, asked) => {
    expect(() => compileLook([query.path(asked)], 'x', nothingKnown)).toThrow(/^not an /);
  });
});

describe('parsePath', () => {
  test.each([
    ['', 'Address family not supported by protocol'],
    [
      'unreachable 2001:db8::1 from :: dev lo  table unspec  proto kernel  error -113',
      'unreachable',
    ],
    ['prohibit 10.0.0.1 dev lo src 10.0.0.2', 'prohibit'],
    ['Usage: ip [ OPTIONS ]', 'Usage: ip [ OPTIONS ]'],
    ['dev dev dev', 'dev dev dev'],
    ['10.0.0.1', '10.0.0.1'],
  ])('takes %j for no route', (text, error) => {
    expect(parsePath(text)).toEqual({ ...no, error });
  });

  test('knows names of tables', () => {
    const text =
      '#16 eth0-1\n\n10.0.0.1 via 10.0.0.2 dev eth0 table eth0-1 src 10.0.0.3\n    cache\n';

    expect(parsePath(text)).toEqual({
      ...{ dev: 'eth0', via: '10.0.0.2', src: '10.0.0.3', table: 16, error: null },
    });
  });
});
