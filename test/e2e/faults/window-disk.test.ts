import { afterAll, beforeAll, expect, test } from 'vitest';
import { changing, everything, goodChange } from './changes.ts';
import { ample, errorOf, FaultFleet, type FaultKind, faultDescribe, soon } from './fault-fleet.ts';

const kinds = ['full', 'mini'] as const satisfies readonly FaultKind[];
const describe = await faultDescribe(kinds);

let fleet: FaultFleet;
beforeAll(async () => {
  fleet = await FaultFleet.start({
    hosts: { full: 12, mini: 12 },
    adapt: (plan) => ({
      ...plan,
      hosts: plan.hosts.map((host) => ({ ...host, diskMiB: 4 })),
    }),
  });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

/** To the last byte. */
const fill =
  'dd if=/dev/zero of=/var/fill bs=64k 2>/dev/null; dd if=/dev/zero of=/var/rest bs=1 2>/dev/null';
const empty = 'rm -f /var/fill /var/rest';

describe('a disk', () => {
  test.concurrent.each(kinds)(
    '%s: that is full before: nothing is changed, and the message says so',
    async (kind) => {
      const host = await fleet.take(kind);
      await host.sh(`${fill}; true`);

      const run = await host.apply(goodChange, ample);
      await host.sh(empty);

      expect(run.code, run.stderr).toBe(1);
      expect(errorOf(run)).toMatch(/nothing was changed/);
      expect(errorOf(run)).toMatch(/space|full/i);
      await host.expectOld();
    },
  );

  test.concurrent.each(kinds)('%s: that the changes fill up: all comes back', async (kind) => {
    const host = await fleet.take(kind);

    const run = await host.apply(
      changing(...everything, `{ ${fill}; }`, 'echo more >>/etc/fault.old'),
      soon,
    );
    await host.sh(empty);

    expect(run.code, run.stderr).toBe(4);
    await host.expectOld();
  });

  test.concurrent.each(kinds)(
    '%s: that is full while all is well: a late undo still finds room',
    async (kind) => {
      const host = await fleet.take(kind);

      const run = await host.apply(
        changing(
          ...everything,
          `{ ${fill}; } || true`,
          'iptables -I INPUT -p tcp --dport 22 -j DROP',
        ),
        soon,
      );
      await host.sh(empty);

      expect(run.code, run.stderr).toBe(4);
      await host.expectOld();
    },
  );

  test.concurrent.each(kinds)(
    '%s: that becomes read-only: the live state comes back, and the host says what did not',
    async (kind) => {
      const host = await fleet.take(kind);

      const run = await host.apply(
        changing(
          'ip rule add pref 1100 lookup 16',
          'echo new >/etc/fault.old',
          'mount -o remount,ro /',
          'iptables -I INPUT -p tcp --dport 22 -j DROP',
        ),
        soon,
      );

      expect([4, 5], run.stderr).toContain(run.code);
      expect(await host.sh('ip rule')).not.toContain('1100');
      expect(await host.isReachable()).toBe(true);
      await host.sh('mount -o remount,rw /');
      if (run.code === 4) await host.expectOld();
      else expect(errorOf(run)).toMatch(/CONSOLE NEEDED/);
    },
  );

  test.concurrent.each(kinds)(
    '%s: of which a file is mounted by itself: it is written in place',
    async (kind) => {
      const host = await fleet.take(kind);
      await host.sh('cp /etc/fault.old /root/mounted; mount --bind /root/mounted /etc/fault.old');
      const fresh = { ...host, old: host.old };

      const run = await host.apply(
        changing(...everything, 'iptables -I INPUT -p tcp --dport 22 -j DROP'),
        soon,
      );

      expect(run.code, run.stderr).toBe(4);
      expect(await host.sh('cat /etc/fault.old')).toBe('old\n');
      expect(await host.sh('grep -c fault.old /proc/mounts')).toBe('1\n');
      await host.sh('umount /etc/fault.old; rm /root/mounted');
      expect(fresh.old).toBe(host.old);
      await host.expectOld();
    },
  );
});

describe('a host’s /tmp', () => {
  test.concurrent.each(kinds)(
    '%s: full, not executable, or somebody else’s, is of no concern',
    async (kind) => {
      const host = await fleet.take(kind);
      await host.sh(
        'umount /tmp; mount -t tmpfs -o size=4k,noexec tmpfs /tmp; dd if=/dev/zero of=/tmp/fill 2>/dev/null; ln -s /etc/passwd /tmp/xpush; true',
      );

      const good = await host.apply(goodChange, ample);

      expect(good.code, good.stderr).toBe(0);
      await host.expectNew(await fleet.newState(kind));
    },
  );

  test.concurrent.each(kinds)(
    '%s: a state directory that a user planted is not followed',
    async (kind) => {
      const host = await fleet.take(kind);
      await host.sh(
        'mkdir -p /home/ops/trap; chown 1000:1000 /home/ops/trap; for name in run/xpush-x tmp/xpush var/tmp/xpush; do ln -s /home/ops/trap /$name; done',
      );

      const run = await host.apply(goodChange, ample);

      expect(run.code, run.stderr).toBe(0);
      expect(await host.sh('ls -A /home/ops/trap')).toBe('');
    },
  );
});

describe('a umask', () => {
  test.concurrent.each(['000', '077'] as const)(
    'of %s changes no mode of what is written',
    async (umask) => {
      const host = await fleet.take('full');
      await host.sh(
        `printf 'umask ${umask}\\n' >/root/.profile; printf 'umask ${umask}\\n' >/root/.bashrc; mkdir -p /root/.ssh; echo 'umask ${umask}' >/root/.ssh/rc`,
      );

      const run = await host.apply(changing('true'), soon);

      expect(run.code, run.stderr).toBe(0);
      expect(await host.sh('stat -c %a /etc/sysctl.d/60-xpush*')).toMatch(/^(644\n)+$/);
      expect(await host.sh('stat -c %a /var/lib/xpush')).toBe('700\n');
      expect(await host.sh('find /var/lib/xpush -type d -perm /077 | head')).toBe('');
    },
  );
});
