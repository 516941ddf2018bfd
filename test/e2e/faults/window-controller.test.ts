import { afterAll, beforeAll, expect, test } from 'vitest';
import { badChange, changing, goodChange, waitingChange } from './changes.ts';
import { ample, errorOf, FaultFleet, type FaultKind, faultDescribe, soon } from './fault-fleet.ts';

const kinds = ['full', 'mini'] as const satisfies readonly FaultKind[];
const describe = await faultDescribe(kinds, { concurrent: true });

let fleet: FaultFleet;
beforeAll(async () => {
  fleet = await FaultFleet.start({ hosts: { full: 18, mini: 13, systemd: 2 } });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

describe('a controller that is killed', () => {
  test.concurrent.each([...kinds, 'systemd'] as const)(
    '%s: after arming, in the middle of the changes: they end, nobody confirms, all is undone; the next run says so and does it',
    async (kind) => {
      const host = await fleet.take(kind);
      const run = await host.begin(waitingChange, soon);
      await host.waits();

      run.kill('SIGKILL');
      await run.ended;
      await host.go();
      await host.expectOld();
      const next = await host.apply(goodChange, ample);

      expect(next.code, next.stderr).toBe(0);
      expect(next.stderr + JSON.stringify(next.events)).toMatch(/were rolled back|was undone/);
      await host.expectNew(await fleet.newState(kind));
    },
  );

  test.concurrent.each(kinds)(
    '%s: when the changes are made: the host undoes them at the deadline',
    async (kind) => {
      const host = await fleet.take(kind);
      const run = await host.begin(badChange, soon);
      await host.reaches('applied');

      run.kill('SIGKILL');
      await run.ended;

      await host.expectOld();
    },
  );

  test.concurrent.each(kinds)(
    '%s: its change is kept by xpush confirm, and shown by xpush status until then',
    async (kind) => {
      const host = await fleet.take(kind);
      const run = await host.begin(waitingChange, ['--confirm-timeout', '60']);
      await host.waits();
      run.kill('SIGKILL');
      await run.ended;
      const early = await host.xpush('confirm');
      await host.go();
      await host.reaches('applied');

      const status = await host.xpush('status');
      const document = JSON.parse((await host.xpush('status', '-o', 'json')).stdout);
      const confirm = await host.xpush('confirm');
      const after = await host.xpush('status');
      const again = await host.xpush('confirm');

      expect(early.code, early.stdout).toBe(1);
      expect(early.stdout).toContain('not confirmed');
      expect(status.code, status.stderr).toBe(0);
      expect(status.stdout).toMatch(
        new RegExp(`^${host.name} +unconfirmed +changed by run \\S+ by \\S+; undone in \\d+ s`),
      );
      expect(status.stderr).toContain('xpush confirm');
      expect(document.hosts[host.name]).toMatchObject({
        status: 'ok',
        pending: { state: 'applied', has_rebooted: false },
      });
      expect(document.hosts[host.name].pending.seconds_left).toBeGreaterThan(40);
      expect(confirm.code, confirm.stderr).toBe(0);
      expect(confirm.stdout).toMatch(/confirmed +the change of run \S+ by \S+ is kept/);
      expect(after.stdout).toBe(
        `Nothing pending on 1 host: ${host.name}; the last change was kept on 1\n`,
      );
      expect(again).toMatchObject({ code: 0, stdout: `Nothing to confirm on ${host.name}\n` });
      expect((await host.apply(goodChange, ['--check', '--exit-code'])).code).toBe(10);
      await host.apply(goodChange, ample); // the last task was not begun
      await host.expectNew(await fleet.newState(kind));
    },
  );

  test.concurrent('a confirmation that comes too late says so, and exits with 4', async () => {
    const host = await fleet.take('full');
    await host.apply(badChange, soon);
    await host.isQuiet();

    const { code, stdout } = await host.xpush('confirm');
    const status = await host.xpush('status');

    expect({ code, stdout }).toEqual({ code: 0, stdout: `Nothing to confirm on ${host.name}\n` });
    expect(status.stdout).toMatch(/undone +the change of .* was undone, \d+ s ago: /);
  });
});

describe('two runs at one host', () => {
  test.concurrent.each(kinds)(
    '%s: the second is busy, says with whom, and changes nothing',
    async (kind) => {
      const host = await fleet.take(kind);
      const first = await host.begin(waitingChange, ample);
      await host.waits();

      const second = await host.apply(changing('touch /etc/second'), soon);
      await host.go();

      expect(second.code, second.stderr).toBe(6);
      expect(errorOf(second)).toMatch(/busy with run \S+ by \S+/);
      expect((await first.ended).code).toBe(0);
      expect((await host.lab.exec(['test', '-e', '/etc/second'])).code).toBe(1);
      await host.expectNew(await fleet.newState(kind));
    },
  );

  test.concurrent.each(kinds)(
    '%s: a change outside of a window holds the host too',
    async (kind) => {
      const host = await fleet.take(kind);
      const plain = `- name: Plain
  hosts: all
  tasks:
    - command: { changes: always, shell: "touch /run/waits; until [ -e /run/go ]; do sleep 0.1; done" }
`;
      const first = await host.begin(plain, soon);
      await host.waits();

      const second = await host.apply(goodChange, ample);
      await host.go();

      expect(second.code, second.stderr).toBe(6);
      expect((await first.ended).code).toBe(0);
      await host.expectOld();
    },
  );

  test.concurrent.each(kinds)('%s: a look is never busy', async (kind) => {
    const host = await fleet.take(kind);
    const first = await host.begin(waitingChange, ample);
    await host.waits();

    const check = await host.apply(goodChange, ['--check']);
    await host.go();

    expect(check.code, check.stderr).toBe(0);
    expect((await first.ended).code).toBe(0);
  });

  test.concurrent.each(kinds)(
    '%s: a window of a dead controller keeps it busy until it is decided, then the host is free',
    async (kind) => {
      const host = await fleet.take(kind);
      const first = await host.begin(waitingChange, soon);
      await host.waits();
      first.kill('SIGKILL');
      await first.ended;

      const during = await host.apply(goodChange, ample);
      await host.go();
      await host.expectOld();
      const after = await host.apply(goodChange, ample);

      expect(during.code, during.stderr).toBe(6);
      expect(after.code, after.stderr).toBe(0);
    },
  );
});

describe('a lock that somebody left', () => {
  const dead = '#1\n20260101T000000Z-000000\nbob@old\n2026-01-01T00:00:00Z\n';
  test.concurrent.each(
    kinds.flatMap((kind) =>
      (
        [
          ['by a process that is gone', 'BOOT 999999 1'],
          ['before a boot', '00000000-0000-0000-0000-000000000000 1 1'],
          ['empty', ''],
          ['unreadable', '\\0\\377garbage'],
        ] as const
      ).map((one) => [kind, ...one] as const),
    ),
  )('%s: %s is taken over, with a line that says whose it was', async (kind, what, owner) => {
    const host = await fleet.take(kind);
    const lines = owner === '' || what === 'unreadable' ? owner : `${dead.slice(3)}${owner}\\n`;
    const text = lines.replaceAll('\n', '\\n');
    await host.sh(
      `umask 077; mkdir -p /var/lib/xpush; read boot </proc/sys/kernel/random/boot_id; printf '${text}' | sed "s/BOOT/$boot/" >/var/lib/xpush/lock`,
    );

    const run = await host.apply(goodChange, ample);

    expect(run.code, run.stderr).toBe(0);
    if (owner.includes(' ')) {
      expect(run.stderr + JSON.stringify(run.events)).toMatch(
        /left behind by run 20260101T000000Z-000000 by bob@old/,
      );
    }
    await host.expectNew(await fleet.newState(kind));
  });
});

describe('an interrupted controller', () => {
  test.concurrent.each(['SIGINT', 'SIGTERM'] as const)(
    '%s once: what is armed is finished and confirmed; exit 130',
    async (signal) => {
      const host = await fleet.take('full');
      const run = await host.begin(waitingChange, ample);
      await host.waits();

      run.kill(signal);
      await host.go();
      const { code, stderr } = await run.ended;

      expect(code, stderr).toBe(130);
      expect(await host.expectOldOrNew(await fleet.newState('full'))).toBe('new');
    },
  );

  test.concurrent('twice: it leaves and says which host undoes itself', async () => {
    const host = await fleet.take('full');
    const run = await host.begin(waitingChange, soon);
    await host.waits();

    run.kill('SIGINT');
    await run.event(({ event, text }) => event === 'message' && /again/i.test(String(text)));
    run.kill('SIGINT');
    const { code, stderr } = await run.ended;
    await host.go();

    expect(code).toBe(130);
    expect(stderr).toContain(host.name);
    expect(stderr).toMatch(/undo/);
    await host.expectOld();
  });

  test.concurrent('a terminal that goes away (SIGHUP) is no reason to stop', async () => {
    const host = await fleet.take('full');
    const run = await host.begin(waitingChange, ample);
    await host.waits();

    run.kill('SIGHUP');
    await host.go();

    expect((await run.ended).code).toBe(0);
    await host.expectNew(await fleet.newState('full'));
  });
});
