import { chown, cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { detectPrivilege } from '../../src/lab/privilege.ts';
import { runCommand } from '../../src/lab/process.ts';
import { labDescribe } from '../lab-tier.ts';
import { builtLab } from './built-lab.ts';

// Debian's uid and gid of "games": somebody in every /etc/passwd, as ssh wants its user to be.
const SOMEBODY = { uid: 5, gid: 60 };

const describe = await labDescribe();
const { PATH } = process.env;
const isRoot = (await detectPrivilege())?.kind === 'root';

/** Printed as JSON by a process of an ordinary user. */
interface Report {
  readonly ssh: string;
  readonly rules: string;
  readonly capabilities: string;
  readonly afterReboot: string;
  readonly probes: readonly string[];
  readonly limits: readonly string[];
}

describe('a lab without root', () => {
  let home: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'xpush-rootless-'));
    await cp(join(builtLab, '..'), join(home, 'dist'), { recursive: true }); // ours may be out of their reach
    await cp('package.json', join(home, 'package.json'));
    await symlink(resolve('node_modules'), join(home, 'node_modules'));
    await chown(home, SOMEBODY.uid, SOMEBODY.gid).catch(() => undefined);
  });
  afterAll(async () => {
    await rm(home, { recursive: true, force: true });
  });

  // Without root, all the other tests are this one already.
  test.skipIf(!isRoot)(
    'has real ssh, firewalls, routing and vifs, and says what it lacks',
    async () => {
      const script = join(home, 'script.mjs');
      await writeFile(
        script,
        `import { documentPlan, startLab } from ${JSON.stringify(join(home, 'dist/lab/lab.js'))};
      const lab = await startLab(documentPlan());
      const ssh = async (host, command) => (await lab.run(['ssh', '-F', lab.sshConfig, host, command])).stdout;
      const report = {
        ssh: await ssh('xen1', 'hostname; id -u; id -un'),
        rules: await ssh('xen1', 'iptables -A INPUT -p tcp --dport 9 -j DROP && iptables-save -t filter; echo x >/etc/kept'),
        capabilities: await ssh('xen1', 'grep CapEff /proc/self/status'),
        afterReboot: '', probes: [], limits: lab.limits,
      };
      await lab.host('xen1').reboot();
      report.afterReboot = await ssh('xen1', 'cat /etc/kept; iptables -S; ip route');
      await ssh('xen1', 'sysctl -w net.ipv4.ip_forward=1 net.ipv4.conf.eth0.proxy_arp=1');
      const guest = ['192.168.0.200', '192.168.0.201'];
      await lab.host('webserv').listen(guest.map((address) => ({ address, port: 80 })));
      await lab.flushNeighbours();
      report.probes = (await lab.host('far').probe(guest.map((to) => ({ to, port: 80 })))).map((p) => p.status);
      console.log(JSON.stringify(report));
      await lab.down();
`,
      );
      const result = await runCommand(
        [
          'setpriv',
          ...[`--reuid=${SOMEBODY.uid}`, `--regid=${SOMEBODY.gid}`, '--clear-groups', '--'],
          ...[process.execPath, script],
        ],
        { env: { PATH, HOME: home, TMPDIR: home }, cwd: home },
      );

      expect(result.stderr).toBe('');
      const report: Report = JSON.parse(result.stdout);
      expect(report.ssh).toBe('xen1\n5\nroot\n');
      expect(report.rules).toContain('--dport 9 -j DROP');
      // CAP_NET_ADMIN is bit 12, CAP_SYS_ADMIN bit 21.
      const effective = BigInt(`0x${report.capabilities.trim().split('\t')[1]}`);
      expect(effective & ((1n << 12n) | (1n << 21n))).toBe((1n << 12n) | (1n << 21n));
      expect(report.afterReboot).toContain('x\n-P INPUT ACCEPT\n');
      expect(report.afterReboot).not.toContain('--dport 9');
      expect(report.afterReboot).toContain('192.168.0.200 dev vif1.0');
      expect(report.probes).toEqual(['open', 'timeout']);
      expect(report.limits.join('\n')).toContain('uid 5');
    },
  );
});
