import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { FaultFleet } from './faults/fault-fleet.ts';
import { Fleet, hostIn, type JsonRun } from './fleet.ts';

const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
dom0:
  xen1: { address: 192.168.0.100, uplink: eth0 }
domU:
  web: { dom0: xen1, names: none, network_config: ifupdown, vifs: [{ ip: 192.168.0.200 }] }
`;
const describe = await labDescribe();
const soon = ['--confirm-timeout', '5'];

const cut = (shell: string) => `
- hosts: dom0
  tasks:
    - name: Cut
      network: true
      command: { changes: always, shell: ${JSON.stringify(shell)} }
`;

describe('a dom0 that can be reached, but does not do its work any more', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start(inventoryText);
    await fleet.mustApply();
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  const applyCut = async (shell: string): Promise<JsonRun> =>
    await fleet.apply(await fleet.write('cut.yaml', cut(shell)), ...soon);

  test('undoes what cuts off a guest, and says which', async () => {
    const before = await fleet.snapshot('xen1');

    const { code, document, stderr } = await applyCut('iptables -I FORWARD -j DROP');

    expect(code, stderr).toBe(4);
    expect(hostIn(document, 'xen1').error?.message).toContain(
      'its guest web (192.168.0.200) does not answer on port 22 any more',
    );
    expect((await fleet.snapshot('xen1')).live).toBe(before.live);
  });

  test('undoes what cuts it off from its gateway', async () => {
    const ping = '#!/bin/sh\nexec busybox ping "$@"\n';
    await fleet.lab.host('xen1').writeFile('/usr/local/bin/ping', ping, 0o755);
    const asked = await fleet.lab.host('xen1').exec(['ping', '-c', '1', '192.168.0.1']);
    expect(asked.code, asked.stderr).toBe(0);

    const { code, document, stderr } = await applyCut('ip route add blackhole 192.168.0.1/32');

    expect(code, stderr).toBe(4);
    expect(hostIn(document, 'xen1').error?.message).toContain(
      'it does not reach its gateway 192.168.0.1 any more',
    );
  });

  test('a guest that was out of reach before does not count', async () => {
    await fleet.lab.host('web').exec(['ip', 'link', 'set', 'eth0', 'down']);

    const { code, stderr } = await applyCut('iptables -I FORWARD -p tcp --dport 9 -j DROP');

    expect(code, stderr).toBe(0);
  });
});

/** Guests that are filtered: one is reached directly, one through its dom0. */
const filteredText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
dom0:
  xen1: { address: 192.168.0.100, uplink: eth0 }
domU:
  web:
    dom0: xen1
    names: none
    network_config: ifupdown
    vifs: [{ ips: [192.168.0.200, 192.168.0.201] }]
    allow: [{ proto: tcp, ports: [22, 80, 443, 8080] }]
  inner:
    dom0: xen1
    ssh: { jump: dom0 }
    names: none
    network_config: ifupdown
    vifs: [{ ip: 192.168.0.210 }]
    allow: [{ proto: tcp, ports: [22, 25] }]
`;

describe('a dom0 whose guests serve something', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start(filteredText);
    await fleet.mustApply();
    await fleet.lab
      .host('web')
      .listen([
        ...[80, 8080].map((port) => ({ address: '192.168.0.200', port })),
        { address: '192.168.0.201', port: 80 },
      ]);
    await fleet.lab.host('inner').listen([{ address: '192.168.0.210', port: 25 }]);
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  const applyCut = async (shell: string): Promise<JsonRun> =>
    await fleet.apply(await fleet.write('cut.yaml', cut(shell)), ...soon);
  const drop = (address: string, port: number): string =>
    `iptables -I FORWARD -p tcp -d ${address} --dport ${port} -j DROP`;

  test.each([
    ['a port of one', 'web', '192.168.0.200', 80],
    ['a port of another address', 'web', '192.168.0.201', 80],
    ['a port where nothing listens, which refused before', 'web', '192.168.0.200', 443],
    ['a port of one behind a jump host', 'inner', '192.168.0.210', 25],
  ])('undoes what closes %s, and says which', async (_, guest, address, port) => {
    const before = await fleet.snapshot('xen1');

    const { code, document, stderr } = await applyCut(drop(address, port));

    expect(code, stderr).toBe(4);
    expect(hostIn(document, 'xen1').error?.message).toContain(
      `its guest ${guest} (${address}) does not answer on port ${port} any more`,
    );
    expect((await fleet.snapshot('xen1')).live).toBe(before.live);
  });

  test('a port that is refused in place of served is closed too', async () => {
    const reject =
      'iptables -I FORWARD -p tcp -d 192.168.0.200 --dport 8080 -j REJECT --reject-with tcp-reset';

    const { code, document, stderr } = await applyCut(reject);

    expect(code, stderr).toBe(4);
    expect(hostIn(document, 'xen1').error?.message).toContain('does not answer on port 8080');
  });

  test('what no entry allows may be closed, and what was closed before does not count', async () => {
    await fleet.lab.host('xen1').exec(['sh', '-c', drop('192.168.0.201', 8080)]);

    const { code, stderr } = await applyCut(
      `${drop('192.168.0.201', 8080)}; ${drop('192.168.0.200', 9999)}`,
    );

    expect(code, stderr).toBe(0);
  });

  test('a guest that closes its own port undoes it', async () => {
    const file = await fleet.write(
      'own.yaml',
      cut('iptables -I INPUT -p tcp --dport 80 -j DROP').replace('dom0', 'web'),
    );

    const { code, document, stderr } = await fleet.apply(file, ...soon);

    expect(code, stderr).toBe(4);
    expect(hostIn(document, 'web').error?.message).toContain(
      'its address 192.168.0.200 does not answer on port 80 any more',
    );
  });
});

describe('a window whose run and watchdog are gone', () => {
  test('is undone by the next run, which then does its own work', async () => {
    await using fleet = await FaultFleet.start({ hosts: { full: 1 } });
    const host = await fleet.take('full');
    const other = cut('true').replace('dom0', 'all');
    const playbook = cut('sleep 2; ip rule add pref 1200 lookup 17').replace('dom0', 'all');
    const left = await host.begin(playbook, ['--confirm-timeout', '6']);
    await host.reaches('armed');
    left.kill('SIGKILL');
    await left.ended;
    await host.reaches('applied');
    await host.sh(
      'for who in supervisor guard; do set -- $(cat /run/xpush-*/$who); kill -9 $2; done',
    );

    let next = await host.apply(other);
    await until(async () => {
      if (next.code === 6) next = await host.apply(other);
      return next.code !== 6;
    });

    expect(next.code, next.stderr).toBe(0);
    expect(next.stderr).toMatch(/undoing what run \S+ by \S+ left in its confirm window/);
    expect(await host.sh('ip rule')).not.toContain('1200:');
    await host.isQuiet();
  });
});
