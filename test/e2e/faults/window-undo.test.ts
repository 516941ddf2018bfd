import { afterAll, beforeAll, expect, test } from 'vitest';
import { statuses } from '../fleet.ts';
import { badChange, changing, everything, goodChange, lockOut } from './changes.ts';
import {
  ample,
  errorOf,
  FaultFleet,
  type FaultKind,
  faultDescribe,
  soon,
  tasksOf,
} from './fault-fleet.ts';

const kinds = ['full', 'mini', 'systemd'] as const satisfies readonly FaultKind[];
const describe = await faultDescribe(kinds);

let fleet: FaultFleet;
beforeAll(async () => {
  fleet = await FaultFleet.start({ hosts: { full: 17, mini: 11, systemd: 5 } });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

describe('a confirm window', () => {
  test.concurrent.each(['full', 'mini'] as const)(
    '%s: a step that hangs is ended when its time is over, with all that it started, and undone',
    async (kind) => {
      const host = await fleet.take(kind);

      const hanging = changing(...everything, '(sleep 987 &)', 'sleep 985');

      const run = await host.apply(hanging, soon, { applySeconds: 10 });

      expect(run.code, run.stderr).toBe(4);
      expect(errorOf(run)).toMatch(/longer than 10 s|exceeded 10 s/);
      await host.expectOld();
      expect(
        await host.sh(
          'ps | grep "[s]leep 98[57]" || true; ps -A 2>/dev/null | grep "[s]leep 985" || true',
        ),
      ).toBe('');
    },
    120_000,
  );

  test.concurrent.each(kinds)('%s: a change that leaves the way in open stays', async (kind) => {
    const host = await fleet.take(kind);

    const run = await host.apply(goodChange, ample);

    expect(run.code, run.stderr).toBe(0);
    expect(tasksOf(run)).toEqual(['changed', 'changed', 'changed']);
    await host.expectNew(await fleet.newState(kind));
    const again = await host.apply(goodChange, ['--check', '--exit-code']);
    expect(again.code).toBe(0);
  });

  test.concurrent.each(kinds)(
    '%s: a new firewall that drops port 22 is undone at the deadline, with all else',
    async (kind) => {
      const host = await fleet.take(kind);

      const run = await host.apply(badChange, soon);

      expect(run.code, run.stderr).toBe(4);
      expect(run.document?.exit).toBe(4);
      expect(Object.values(run.document ? statuses(run.document) : {})).toEqual(['rolled_back']);
      expect(errorOf(run)).toContain('not confirmed: rolled back');
      expect(tasksOf(run)).toEqual(['skipped', expect.stringMatching(/failed|skipped/), 'skipped']);
      await host.expectOld();
    },
  );

  test.concurrent.each(kinds)('%s: what was undone can be done right at once', async (kind) => {
    const host = await fleet.take(kind);
    await host.apply(badChange, soon);

    const run = await host.apply(goodChange, ample);

    expect(run.code, run.stderr).toBe(0);
    await host.expectNew(await fleet.newState(kind));
  });

  test.concurrent.each([
    ['full', 'the address of the host is gone', 'ip addr flush dev eth0'],
    ['mini', 'the address of the host is gone', 'ip addr flush dev eth0'],
    ['full', 'its link is down', 'ip link set eth0 down'],
    ['mini', 'its link is down', 'ip link set eth0 down'],
    [
      'full',
      'its policy is DROP, in both back ends',
      'iptables-legacy -P INPUT DROP; iptables-nft -P INPUT DROP',
    ],
    [
      'full',
      'a native table drops all',
      'nft "add table ip fault; add chain ip fault in { type filter hook input priority 0; policy drop; }"',
    ],
    [
      'full',
      'port 22 is redirected by a table that was not there',
      'iptables -t nat -A PREROUTING -p tcp --dport 22 -j REDIRECT --to-ports 9',
    ],
    [
      'mini',
      'port 22 is redirected by a table that was not there',
      'iptables -t nat -A PREROUTING -p tcp --dport 22 -j REDIRECT --to-ports 9',
    ],
    ['full', 'a rule sends all answers nowhere', 'ip rule add pref 1 to 10.0.0.0/21 blackhole'],
    ['full', 'all routes are gone', 'ip route flush table main; ip rule del pref 32766'],
  ] as const)('%s: %s', async (kind, _, command) => {
    const host = await fleet.take(kind);

    const run = await host.apply(changing(...everything, command), soon);

    expect(run.code, run.stderr).toBe(4);
    await host.expectOld();
  });

  test.concurrent.each(kinds)(
    '%s: a step that fails is undone at once, and its words are told',
    async (kind) => {
      const host = await fleet.take(kind);
      const start = performance.now();

      const run = await host.apply(
        changing(...everything, 'echo the disk is on fire >&2', 'exit 7'),
        ['--confirm-timeout', '60'],
      );

      expect(run.code, run.stderr).toBe(4);
      expect(performance.now() - start).toBeLessThan(45_000);
      expect(run.stderr + JSON.stringify(run.document)).toContain('the disk is on fire');
      expect(tasksOf(run)).toEqual(['skipped', 'failed', 'skipped']);
      await host.expectOld();
    },
  );

  test.concurrent('full: sshd is stopped: no undo brings it back; a human is asked for, and all that xpush changed is as before', async () => {
    const host = await fleet.take('full');

    const run = await host.apply(changing(...everything, 'kill $(cat /run/sshd.pid)'), soon);
    await host.sh('/usr/sbin/sshd -E /var/log/sshd.log');

    expect(run.code, run.stderr).toBe(5);
    expect(errorOf(run)).toContain('nothing was heard from it');
    await host.expectOld();
  });

  test.concurrent('the controller is told in time: not reachable, then reachable again within 2 s of the deadline', async () => {
    const host = await fleet.take('full');
    const run = await host.begin(changing(lockOut), soon);
    await host.reaches('applied');
    const appliedAt = performance.now();
    expect(await host.isReachable()).toBe(false);

    while (!(await host.isReachable())) expect(performance.now() - appliedAt).toBeLessThan(10_000);
    const backMs = performance.now() - appliedAt;

    expect(backMs).toBeGreaterThan(2500);
    expect(backMs).toBeLessThan(4000 + 2000);
    expect((await run.ended).code).toBe(4);
    await host.expectOld();
  });
});
