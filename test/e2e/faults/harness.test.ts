import { afterAll, beforeAll, expect, test } from 'vitest';
import { FaultFleet, type FaultKind, faultDescribe } from './fault-fleet.ts';
import { differences, hostState } from './host-state.ts';
import type { LinkFault } from './tcp-proxy.ts';

const kinds = ['full', 'mini', 'systemd'] as const satisfies readonly FaultKind[];
const describe = await faultDescribe(kinds);

let fleet: FaultFleet;

describe('hostState', () => {
  beforeAll(async () => {
    fleet = await FaultFleet.start({ hosts: { full: 3, mini: 2, systemd: 2 } });
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
  });

  test.each(kinds)('is the same of two %s hosts, and before and after a reboot', async (kind) => {
    const one = await fleet.take(kind);
    const other = await fleet.take(kind);
    await one.lab.reboot();

    expect(differences(one.old, other.old)).toEqual([]);
    expect(differences(one.old, await hostState(one.lab))).toEqual([]);

    const changes = [
      ['ip rule add pref 1100 lookup 16', 'rules -4'],
      ['ip -6 rule add pref 1100 lookup 16', 'rules -6'],
      ['ip route add default via 10.0.0.1 dev eth0 table 16', 'routes -4'],
      ['ip addr add 10.0.0.99/32 dev eth0', 'addresses'],
      ['ip link set eth0 mtu 1400', 'links'],
      ['echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter', 'sysctls'],
      ['iptables -A INPUT -p tcp --dport 9 -j DROP', 'tables'],
      ['echo x >/etc/new', 'files'],
      ['chmod 600 /etc/passwd', 'files'],
      ['mkdir /etc/empty', 'files'],
    ] as const;
    let before = await hostState(one.lab);
    for (const [command, part] of changes) {
      await one.sh(command);
      const now = await hostState(one.lab);
      expect(differences(before, now).join(), command).toContain(part);
      before = now;
    }
  });
});

describe('TcpProxy', () => {
  let host: Awaited<ReturnType<FaultFleet['take']>>;
  const ssh = async (faults: readonly LinkFault[], command: string) => {
    await using proxy = await host.proxy(faults);
    const { lab } = host.fleet.fleet;
    const result = await lab.run([
      ...(['ssh', '-F', 'none', '-i', lab.identity, '-p', String(proxy.port)] as const),
      ...['-o', `HostKeyAlias=${host.name}`, '-o', `UserKnownHostsFile=${lab.knownHosts}`],
      ...['-o', 'ServerAliveInterval=1', '-o', 'ServerAliveCountMax=2'],
      ...['root@127.0.0.1', command],
    ]);
    return { ...result, carried: proxy.carried };
  };

  beforeAll(async () => {
    fleet = await FaultFleet.start({ hosts: { full: 1 } });
    host = await fleet.take('full');
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
  });

  test('passes all when told nothing', async () => {
    expect(await ssh([], 'echo here; exit 7')).toMatchObject({ code: 7, stdout: 'here\n' });
  });

  test.each(['close', 'reset'] as const)('cuts after so many bytes by a %s', async (how) => {
    const { code, stdout, carried } = await ssh([{ afterBytes: 6000, how }], 'yes');

    expect(code).toBe(255);
    expect(stdout.length).toBeLessThan(4000);
    expect(carried.map(({ toHost, toController }) => toHost + toController)).toEqual([6000]);
  });

  test('falls silent after a time: nobody hears of it', async () => {
    const { code, stderr } = await ssh([{ afterMs: 500, how: 'silence' }], 'sleep 60');

    expect(code).toBe(255);
    // the second where a busy machine had not logged in yet
    expect(stderr).toMatch(/not responding|timed out/);
  });

  test('is slow', async () => {
    const start = performance.now();
    const { stdout } = await ssh([{ bytesPerSecond: 8000 }], 'head -c 5000 /dev/zero');

    expect(stdout).toHaveLength(5000);
    expect(performance.now() - start).toBeGreaterThan(500);
  });
});
