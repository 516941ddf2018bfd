import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCondition } from '../../src/host/condition.ts';
import { query } from '../../src/host/query.ts';
import { describeShells, isRoot, RunningShell, unshared } from './shells.ts';

const room = `
mount -t tmpfs -o size=1m,nr_inodes=100 tmpfs /var
mkdir -p /var/lib /var/etc/ssh/sshd_config.d /var/etc/rcS.d
cat >/var/etc/ssh/sshd_config <<'END'
#MaxStartups 1
Include /etc/ssh/sshd_config.d/*.conf
maxstartups 10:30:100
  MaxSessions=7
Match User git
AllowTcpForwarding no
END
echo 'MaxStartups "64"' >/var/etc/ssh/sshd_config.d/50-many.conf
mount --bind /var/etc /etc
mount -t tmpfs -o noexec,ro tmpfs /run
mount -t tmpfs -o size=64k tmpfs /var/lib
`;

describeShells('lookCondition', (shell) => {
  test.runIf(isRoot)('tells the time, the disks, the shells and what sshd is told', async () => {
    const wrapper = unshared('-nm', room);
    const env = { SHELL: '/bin/csh' };
    await using running = new RunningShell(shell, { wrapper, env });

    const condition = await running.look(query.condition());

    expect(running.errors).toBe('');
    expect(Math.abs((condition.clockSeconds ?? 0) - Date.now() / 1000)).toBeLessThan(5);
    expect(condition).toMatchObject({ uid: 0, loginShell: '/bin/csh', bootHook: 'sysv' });
    expect(condition.sh).toContain(shell.isBusybox ? 'busybox' : shell.name);
    expect(condition.sshd).toEqual({
      ...{ maxStartups: '64', maxSessions: '7' },
      allowTcpForwarding: null, // of one user only
    });
    const at = (mount: string) => condition.disks.find((disk) => disk.mount === mount);
    expect(at('/run')).toMatchObject({ type: 'tmpfs', isReadOnly: true, isNoexec: true });
    expect(at('/var/lib')).toMatchObject({ freeKiB: 64, isReadOnly: false, isNoexec: false });
    expect(at('/var')?.freeInodes).toBeLessThan(100);
    expect(at('/')?.freeKiB).toBeGreaterThan(0);
  });
});

describe('parseCondition', () => {
  test('knows btrfs, which has no number of inodes, and names with blanks', () => {
    const { disks } = parseCondition(
      [
        'df:Filesystem 1024-blocks Used Available Capacity Mounted on',
        'df:/dev/my disk 1000 900 100 90% /',
        'df:none 10 20 -10 - /var',
        'inodes:Filesystem Inodes IUsed IFree IUse% Mounted on',
        'inodes:/dev/my disk 0 0 0 - /',
        'inodes:none 10 10 0 100% /var',
        'mount:/dev/mydisk / btrfs rw,noatime 0 0',
        'mount:overlay / overlay ro,noexec 0 0',
      ].join('\n'),
    );

    expect(disks).toEqual([
      {
        ...{ mount: '/', type: 'overlay', isReadOnly: true, isNoexec: true },
        ...{ freeKiB: 100, freeInodes: null },
      },
      {
        ...{ mount: '/var', type: null, isReadOnly: false, isNoexec: false },
        ...{ freeKiB: 0, freeInodes: 0 },
      },
    ]);
  });

  test('believes nothing that is no answer, whatever the host says', () => {
    const words = ['clock', 'uid', 'shell', 'sh', 'boot', 'df', 'inodes', 'mount', 'sshd'];
    const line = fc.tuple(fc.constantFrom(...words), fc.string()).map((pair) => pair.join(':'));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const { clockSeconds, loginShell, disks } = parseCondition(lines.join('\n'));
        expect(clockSeconds === null || Number.isSafeInteger(clockSeconds)).toBe(true);
        expect(loginShell ?? '/').toMatch(/^\//);
        for (const { freeKiB, mount } of disks) {
          expect(freeKiB).toBeGreaterThanOrEqual(0);
          expect(mount).toMatch(/^\//);
        }
      }),
    );
  });

  test('boot hooks are looked for as the windows look for them', () => {
    const runtime = (name: string) =>
      readFileSync(new URL(`../../src/host/runtime/${name}`, import.meta.url), 'utf8');
    const tests = (text: string) => text.match(/(?:el)?if \[ -[de] \/(?:etc|run)\/\S+ \]/g);
    const [, hook = ''] = /xp_install_hook\(\) \{(.*?)\n\}/s.exec(runtime('window-boot.sh')) ?? [];
    const [, way = ''] = /xp_boot_way\(\) \{(.*?)\n\}/s.exec(runtime('condition.sh')) ?? [];

    expect(tests(way)).toHaveLength(5);
    expect(tests(way)).toEqual(tests(hook));
  });
});
