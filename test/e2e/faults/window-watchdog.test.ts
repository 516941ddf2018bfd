import { afterAll, beforeAll, expect, test } from 'vitest';
import { badChange, changing, everything, goodChange, lockOut } from './changes.ts';
import {
  ample,
  errorOf,
  FaultFleet,
  type FaultHost,
  type FaultKind,
  faultDescribe,
  soon,
} from './fault-fleet.ts';

const kinds = ['full', 'mini', 'systemd'] as const satisfies readonly FaultKind[];
const describe = await faultDescribe(kinds, { concurrent: true });

let fleet: FaultFleet;
beforeAll(async () => {
  fleet = await FaultFleet.start({ hosts: { full: 17, mini: 14, systemd: 7 } });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

/** Signals processes of a window, which have written down who they are. */
const signal = (host: FaultHost, names: string, signalName: string): Promise<string> =>
  host.sh(
    `pids=; for name in ${names}; do for file in /var/lib/xpush/window/*/now/$name; do read -r _ pid _ <"$file" && pids="$pids $pid"; done; done; [ -n "$pids" ] && kill -${signalName} $pids`,
  );

describe('what watches over a window', () => {
  test.concurrent.each(kinds)('%s: the supervisor is killed: the guard undoes it', async (kind) => {
    const host = await fleet.take(kind);
    const run = await host.begin(badChange, soon);
    await host.reaches('applied');

    await signal(host, 'supervisor', 'KILL');

    expect((await run.ended).code).toBe(4);
    await host.expectOld();
  });

  test.concurrent.each(kinds)('%s: the guard is killed: the supervisor undoes it', async (kind) => {
    const host = await fleet.take(kind);
    const run = await host.begin(badChange, soon);
    await host.reaches('applied');

    await signal(host, 'guard', 'KILL');

    expect((await run.ended).code).toBe(4);
    await host.expectOld();
  });

  test.concurrent.each(['full', 'mini'] as const)(
    '%s: both are killed: the next run puts it in order first',
    async (kind) => {
      const host = await fleet.take(kind);
      const changes = changing(...everything, 'touch /run/waits', 'sleep 30');
      const run = await host.begin(changes, soon, { applySeconds: 15 });
      await host.waits();
      run.kill('SIGKILL');
      await run.ended;
      await signal(host, 'guard', 'KILL');
      await signal(host, 'supervisor', 'KILL');
      await signal(host, 'runner', 'KILL');

      let next = await host.apply(goodChange, ample);
      if (next.code === 6) {
        // until its deadline the host might still be waited for
        await host.reachesDeadline();
        next = await host.apply(goodChange, ample);
      }

      expect(next.code, next.stderr).toBe(0);
      await host.expectNew(await fleet.newState(kind));
    },
    120_000,
  );

  test.concurrent.each(kinds)(
    '%s: what makes the changes is killed: undone at once',
    async (kind) => {
      const host = await fleet.take(kind);
      const run = await host.begin(changing(...everything, 'touch /run/waits', 'sleep 30'), soon);
      await host.waits();

      await signal(host, 'runner', 'KILL');

      const ended = await run.ended;
      expect(ended.code, ended.stderr).toBe(4);
      await host.expectOld();
    },
  );

  test.concurrent.each(['full', 'mini'] as const)(
    '%s: it is stopped and goes on, as a guest that is saved and restored: undone when it goes on',
    async (kind) => {
      const host = await fleet.take(kind);
      const run = await host.begin(badChange, ['--confirm-timeout', '3']);
      await host.reaches('applied');
      await signal(host, 'supervisor guard', 'STOP');
      await new Promise((resolve) => setTimeout(resolve, 4000));

      await signal(host, 'supervisor guard', 'CONT');

      expect((await run.ended).code).toBe(4);
      await host.expectOld();
    },
  );

  test.concurrent('systemd: every process of sshd’s control group is killed: the window is not in it', async () => {
    const host = await fleet.take('systemd');
    const run = await host.begin(badChange, soon);
    await host.reaches('applied');

    await host.sh('systemctl kill --signal=KILL ssh');

    expect((await run.ended).code).toBe(4);
    await host.expectOld();
  });

  test.concurrent.each(['full', 'mini'] as const)(
    '%s: every process of the session is killed: the window is not in it',
    async (kind) => {
      const host = await fleet.take(kind);
      const run = await host.begin(
        changing(...everything, 'touch /run/waits', 'sleep 2', lockOut),
        soon,
      );
      await host.waits();

      await host.sh(
        'for pid in $(cd /proc && echo [0-9]*); do case $(tr "\\0" " " </proc/$pid/cmdline 2>/dev/null) in "sh -s "* | *"sshd: root"* | *dropbear*2*) [ "$pid" = "$(cat /run/sshd.pid)" ] || [ "$pid" = $$ ] || kill -KILL $pid ;; esac; done; true',
      );

      expect((await run.ended).code).toBe(4);
      await host.expectOld();
    },
  );
});

describe('an undo that can not be made whole', () => {
  /** From the lock-out on, this tool of the host's does nothing and fails. */
  const broken = (tool: string): string =>
    `printf '#!/bin/sh\\nexit 1\\n' >/usr/local/sbin/${tool}; chmod 755 /usr/local/sbin/${tool}`;
  const shims = ['iptables-restore', 'iptables-legacy-restore', 'iptables-nft-restore', 'nft'];
  const stuck = changing(
    'ip rule add pref 1100 lookup 16',
    'iptables -A INPUT -p tcp --dport 9 -j DROP',
    ...shims.map(broken),
    'exit 3',
  );
  const mend = `rm -f ${shims.map((tool) => `/usr/local/sbin/${tool}`).join(' ')}`;

  test.concurrent.each(['full', 'mini'] as const)(
    '%s: is told with exit 5 and what is not as before; all else is; lock and log are kept',
    async (kind) => {
      const host = await fleet.take(kind);

      const run = await host.apply(stuck, soon);

      expect(run.code, run.stderr).toBe(5);
      expect(errorOf(run)).toMatch(/CONSOLE NEEDED/);
      expect(await host.sh('ip rule')).not.toContain('1100');
      const status = await host.xpush('status');
      expect(status.code).toBe(5);
      expect(status.stdout).toContain('needs a human');
      expect(await host.lab.readConsole()).toContain('could NOT be undone');
      const busy = await host.apply(goodChange, ample);
      expect([5, 6], busy.stderr).toContain(busy.code);
      await host.sh(mend);
      const rollback = await host.xpush('rollback');
      expect(rollback.code, rollback.stderr + rollback.stdout).toBeLessThan(5);
      await host.expectOld();
    },
  );

  test.concurrent('full: what was put in order by hand is kept as it is, and the host is free', async () => {
    const host = await fleet.take('full');
    expect((await host.xpush('confirm', '--as-it-is', '-l', host.name)).code).toBe(0);
    expect((await host.apply(stuck, soon)).code).toBe(5);

    await host.sh(`${mend}; iptables -D INPUT -p tcp --dport 9 -j DROP`);
    const kept = await host.xpush('confirm', '--as-it-is', '-l', host.name);

    expect(kept.code, kept.stderr).toBe(0);
    expect(kept.stdout).toContain('kept');
    expect((await host.xpush('status')).code).toBe(0);
    await host.expectOld();
    const next = await host.apply(goodChange, ample);
    expect(next.code, next.stderr).toBe(0);
  });

  test.concurrent('full: on_rollback_failure: open lets the controller in again', async () => {
    const host = await fleet.take('full');
    const locked = changing(lockOut, ...shims.map(broken), 'exit 3');

    const run = await host.apply(locked, soon, { keys: 'safety: { on_rollback_failure: open }' });

    expect(run.code, run.stderr).toBe(5);
    expect(await host.isReachable()).toBe(true);
  });
});

describe('a clock that jumps', () => {
  test.concurrent.each(['full', 'mini'] as const)(
    '%s: is never asked: deadlines are of the boot’s clock',
    async (kind) => {
      const host = await fleet.take(kind);
      await host.sh(
        "printf '#!/bin/sh\\necho called >>/root/date-called\\nexit 1\\n' >/usr/local/bin/date; cp /usr/local/bin/date /usr/local/sbin/date; chmod 755 /usr/local/*bin/date",
      );

      const bad = await host.apply(badChange, soon);
      const good = await host.apply(goodChange, ample);

      expect([bad.code, good.code], bad.stderr + good.stderr).toEqual([4, 0]);
      expect((await host.lab.exec(['test', '-e', '/root/date-called'])).code).toBe(1);
    },
  );
});

describe('a server that takes few connections at once', () => {
  test.concurrent('MaxStartups 2:100:2 with others knocking: the confirmation gets in all the same', async () => {
    const host = await fleet.take('full');
    await host.sh(
      'echo "MaxStartups 2:100:2" >/etc/ssh/sshd_config.d/few.conf; kill -HUP $(cat /run/sshd.pid)',
    );
    // Three at a time that say nothing, each for 0.4 s: there is room in between.
    const knock = `const { connect } = require('node:net');
      setInterval(() => { for (let n = 0; n < 3; n += 1) {
        const socket = connect(22, '${host.address}').on('error', () => {});
        setTimeout(() => socket.destroy(), 400);
      } }, 900);`;
    const knocking = fleet.fleet.lab.spawn([process.execPath, '-e', knock], { stdio: 'ignore' });

    const run = await host.apply(goodChange, ample);
    knocking.kill('SIGKILL');

    expect(run.code, run.stderr).toBe(0);
  });
});

describe('a step that prints', () => {
  test.concurrent.each(['full', 'mini'] as const)(
    '%s: a hundred million bytes: they are cut, and no disk fills up',
    async (kind) => {
      const host = await fleet.take(kind);

      const run = await host.apply(
        changing('head -c 100000000 /dev/zero | tr "\\\\0" x', ...everything),
        ample,
      );

      expect(run.code, run.stderr).toBe(0);
      expect(JSON.stringify(run.document).length).toBeLessThan(2_000_000);
    },
  );

  test.concurrent.each(['full', 'mini'] as const)(
    '%s: random bytes, and lines like ours: they are text',
    async (kind) => {
      const host = await fleet.take(kind);

      const run = await host.apply(
        changing(
          'head -c 20000 /dev/urandom',
          'printf "\\\\033]52;c;x\\\\007@0123456789abcdef0123456789abcdef end decision 0\\\\n"',
          ...everything,
        ),
        ample,
      );

      expect(run.code, run.stderr).toBe(0);
      expect(run.stderr + JSON.stringify(run.document)).not.toContain('\u001b]52');
    },
  );
});
