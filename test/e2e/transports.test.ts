import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { lockOut, waitingChange } from './faults/changes.ts';
import { FaultFleet } from './faults/fault-fleet.ts';
import { Fleet, statuses } from './fleet.ts';

// The other tests go by ssh2, or by what XPUSH_TEST_TRANSPORT says: `npm run test:openssh`.
const over = ['--transport', 'openssh'];

const describe = await labDescribe({
  hosts: (['full', 'mini'] as const).map((kind) => ({ name: kind, kind, nics: [] })),
});

/** A guest that is reached through its dom0. */
const text = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
dom0:
  xen1: { address: 192.168.0.100, uplink: eth0 }
domU:
  inner:
    dom0: xen1
    ssh: { jump: dom0 }
    names: none
    network_config: ifupdown
    vifs: [{ ips: [192.168.0.210, 192.168.0.211] }]
    allow: [{ proto: tcp, ports: [22, 25] }]
`;

describe('a fleet over openssh', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start(text);
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
  });

  test('is checked, applied through its jump host and found in order, as over ssh2', async () => {
    const before = await fleet.snapshots();
    const check = await fleet.apply('--check', ...over);
    expect(await fleet.snapshots()).toEqual(before);
    expect(statuses(check.document)).toMatchObject({ xen1: 'changed' });

    const applied = await fleet.mustApply(...over);
    expect(statuses(applied.document)).toEqual({ xen1: 'changed', inner: 'changed' });

    const after = await fleet.snapshots();
    for (const args of [over, ['--transport', 'ssh2']]) {
      const again = await fleet.mustApply(...args);
      expect(statuses(again.document)).toEqual({ xen1: 'ok', inner: 'ok' });
    }
    expect(await fleet.snapshots()).toEqual(after);
  });

  test('needs one connection for what is in order, and one more for its jump host', async () => {
    const logins = async () => [await fleet.logins('xen1'), await fleet.logins('inner')];
    const [xen1 = 0, inner = 0] = await logins();

    await fleet.mustApply(...over);

    // Its own, and the one that leads to its guest.
    expect(await logins()).toEqual([xen1 + 2, inner + 1]);
  });
});

describe('a change over openssh', () => {
  let fleet: FaultFleet;
  beforeAll(async () => {
    fleet = await FaultFleet.start({ hosts: { full: 3, mini: 3 } });
  });
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]();
  });

  test.concurrent.each(['full', 'mini'] as const)(
    '%s: that locks us out is undone by the host',
    async (kind) => {
      const host = await fleet.take(kind);
      const playbook = `
- hosts: all
  tasks:
    - name: Cut
      network: true
      command: { changes: always, shell: ${JSON.stringify(lockOut)} }
`;

      const run = await host.apply(playbook, ['--confirm-timeout', '6', ...over]);

      expect(run.code, run.stderr).toBe(4);
      await host.expectOld();
    },
  );

  test.concurrent.each(['full', 'mini'] as const)(
    '%s: goes on while the line is cut, and is confirmed over a new connection',
    async (kind) => {
      const host = await fleet.take(kind);
      const run = await host.begin(waitingChange, ['--confirm-timeout', '30', ...over]);
      await host.waits();

      await fleet.fleet.lab.cut(host.name);
      await host.go();
      await host.reaches('applied');
      await fleet.fleet.lab.heal(host.name);
      const ended = await run.ended;

      expect(ended.code, ended.stderr).toBe(0);
      await host.expectNew(await fleet.newState(kind));
    },
  );
});
