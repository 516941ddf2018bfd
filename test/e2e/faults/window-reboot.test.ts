import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../until.ts';
import { badChange, changing, everything, goodChange, parameterChange } from './changes.ts';
import { ample, errorOf, FaultFleet, type FaultKind, faultDescribe } from './fault-fleet.ts';

const kinds = ['full', 'mini', 'systemd'] as const satisfies readonly FaultKind[];
const describe = await faultDescribe(kinds);

let fleet: FaultFleet;
beforeAll(async () => {
  fleet = await FaultFleet.start({ hosts: { full: 6, mini: 5, systemd: 4 } });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

describe('a reboot', () => {
  test.concurrent.each(kinds)(
    '%s: in the middle of the changes undoes them, also files that were in place',
    async (kind) => {
      const host = await fleet.take(kind);
      const run = await host.begin(changing(...everything, 'touch /run/waits', 'sleep 50'), ample);
      await host.waits();
      expect(await host.sh('cat /etc/fault.old')).toBe('new\n');

      await host.lab.reboot();
      const atBoot = await host.sh('cat /etc/fault.old');
      const ended = await run.ended;

      expect(atBoot).toBe('old\n');
      expect(ended.code, ended.stderr).toBe(4);
      expect(errorOf(ended)).toMatch(/reboot|booted/);
      await host.expectOld();
    },
  );

  test.concurrent.each(kinds)(
    '%s: in the window undoes it, with the way in closed and nobody there',
    async (kind) => {
      const host = await fleet.take(kind);
      const run = await host.begin(badChange, ['--confirm-timeout', '60']);
      await host.reaches('applied');
      run.kill('SIGKILL');
      await run.ended;

      await host.lab.reboot();

      expect(await host.sh('cat /etc/fault.old')).toBe('old\n');
      await until(() => host.isReachable(), 2000);
      const status = await host.xpush('status');
      expect(status.stdout).not.toContain('unconfirmed');
      const next = await host.apply(goodChange, ample);
      expect(next.code, next.stderr).toBe(0);
      await host.expectNew(await fleet.newState(kind));
    },
  );

  test.concurrent.each(['full', 'mini'] as const)(
    '%s: files for the next boot were never in place before the decision',
    async (kind) => {
      const host = await fleet.take(kind);
      // the second connection, which is to confirm, hears nothing
      await using proxy = await host.proxy([null], { afterBytes: 0, how: 'silence' });
      const run = await host.begin(parameterChange, ['--confirm-timeout', '60'], { proxy });
      await host.reaches('applied');

      expect(await host.sh('ls /etc/sysctl.d')).not.toContain('xpush');
      expect(await host.sh('cat /proc/sys/net/ipv4/conf/eth0/rp_filter')).toBe('1\n');
      run.kill('SIGKILL');
      await run.ended;
      await host.lab.reboot();

      expect(await host.sh('cat /proc/sys/net/ipv4/conf/eth0/rp_filter')).toBe('0\n');
      const next = await host.apply(goodChange, ample);
      expect(next.code, next.stderr).toBe(0);
      await host.expectNew(await fleet.newState(kind));
    },
  );

  test.concurrent('what an undo needs is on the disk before the first change: fsync comes first', async () => {
    const host = await fleet.take('full');
    const trace = '/root/trace';
    await host.sh(
      `mv /var/log/sshd.log /root/ 2>/dev/null; kill $(cat /run/sshd.pid); until ! [ -e /proc/$(cat /run/sshd.pid 2>/dev/null || echo none) ]; do sleep 0.05; done; (strace -f -qq -s 200 -e trace=fsync,fdatasync,sync,syncfs,execve,rename,renameat,renameat2 -o ${trace} /usr/sbin/sshd -D >/dev/null 2>&1 &) ; until [ -s /run/sshd.pid ]; do sleep 0.05; done`,
    );

    const run = await host.apply(changing('touch /etc/fault.conf'), ample);
    const lines = (await host.sh(`cat ${trace}`)).split('\n');
    await host.sh(`rm ${trace}`);

    expect(run.code, run.stderr).toBe(0);
    const arms = lines.findIndex((line) => /(?:fsync|fdatasync|syncfs)\(/.test(line));
    const changes = lines.findIndex((line) => /execve\(.*touch/.test(line));
    expect(arms).toBeGreaterThan(0);
    expect(changes).toBeGreaterThan(arms);
  });
});
