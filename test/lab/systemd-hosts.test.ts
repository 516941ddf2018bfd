import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Lab, type LabPlan, lanPlan, startLab } from '../../src/lab/lab.ts';
import { isAlive } from '../../src/lab/process-id.ts';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { builtLab } from './built-lab.ts';

const hook = `[Unit]
DefaultDependencies=no
Before=network-pre.target
Wants=network-pre.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'ip -4 addr >/root/at-boot'
[Install]
WantedBy=sysinit.target
`;
const plan: LabPlan = {
  segments: [{ name: 'lan', controller: ['192.168.0.10/24'] }],
  hosts: [
    {
      name: 'sys',
      kind: 'systemd',
      nics: [{ segment: 'lan', addresses: ['192.168.0.60/24'] }],
      gateway: '192.168.0.1',
      sysctls: { 'net.ipv4.ip_forward': 1 },
      files: { '/etc/systemd/system/early.service': hook },
    },
  ],
};
const describe = await labDescribe(plan);

/** Control groups of labs whose hub has this number. */
async function cgroupsOf(hubPid: number): Promise<readonly string[]> {
  const roots = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];
  const names = await Promise.all(roots.map((root) => readdir(root).catch(() => [])));
  return names.flat().filter((name) => name.startsWith(`xpush-lab-${hubPid}-`));
}

describe('startLab with a systemd host', () => {
  let lab: Lab;
  const ssh = async (command: string) =>
    await lab.run(['ssh', '-F', lab.sshConfig, '-o', 'ConnectTimeout=2', 'sys', command]);

  beforeAll(async () => {
    lab = await startLab(plan);
  });
  afterAll(async () => {
    await lab?.down();
  });

  test('systemd is its first process and runs, with nothing failed', async () => {
    const result = await ssh(
      'cat /proc/1/comm; systemctl is-system-running; systemctl is-active ssh; ls -d /run/systemd/system',
    );

    expect(result).toMatchObject({
      code: 0,
      stdout: 'systemd\nrunning\nactive\n/run/systemd/system\n',
    });
  });

  test('a session is in the control group of ssh, a transient service in its own', async () => {
    const result = await ssh(
      'tail -n 1 /proc/self/cgroup; systemd-run -q --unit=mine sh -c "tail -n 1 /proc/self/cgroup >/run/mine" && until [ -s /run/mine ]; do sleep 0.02; done; cat /run/mine',
    );

    expect(result.stdout).toBe('0::/system.slice/ssh.service\n0::/system.slice/mine.service\n');
  });

  test('the end of the control group of ssh is the end of its sessions, not of what left it; ssh is back', async () => {
    await ssh('systemd-run -q --unit=stays sleep 600');
    const session = ssh('echo $$ >/run/session; sleep 600');
    const sys = lab.host('sys');
    await until(async () => (await sys.exec(['test', '-s', '/run/session'])).code === 0);

    await sys.exec(['systemctl', 'kill', '--signal=KILL', 'ssh']);

    expect(await session).toMatchObject({ code: 255 });
    await until(async () => (await ssh('true')).code === 0);
    expect((await ssh('systemctl is-active stays')).stdout).toBe('active\n');
  });

  test('a reboot takes less than 5 s, keeps the disk, and starts what comes before the network', async () => {
    const sys = lab.host('sys');
    await sys.exec(['systemctl', 'enable', 'early']);
    await sys.exec(['sh', '-c', 'echo kept >/root/kept; ip route del default']);

    const start = performance.now();
    await sys.reboot();
    const tookMs = performance.now() - start;

    const after = await ssh('cat /root/kept; ip route; cat /proc/sys/net/ipv4/ip_forward');
    expect(after.stdout).toMatch(/^kept\ndefault via 192\.168\.0\.1 .*\n1\n$/s);
    expect((await sys.readFile('/root/at-boot')).toString()).not.toContain('192.168.0.60');
    // 200 ms when the machine is quiet.
    expect(tookMs).toBeLessThan(5000);
  });

  test('stopped it is unreachable; started it answers', async () => {
    await lab.host('sys').stop();
    const gone = await ssh('true');
    await lab.host('sys').start();

    expect(gone.code).toBe(255);
    expect((await ssh('hostname')).stdout).toBe('sys\n');
  });
});

describe('the control groups of a lab', () => {
  test('end with down, and with a boot that fails', async () => {
    const lab = await startLab(plan);
    expect(await cgroupsOf(lab.hubPid)).toHaveLength(1);
    await lab.down();
    const hosts = plan.hosts.map((host) => ({ ...host, routes: ['10.0.0.0/8 via 1.2.3.4'] }));

    await expect(startLab({ ...plan, hosts })).rejects.toThrow(/did not boot.*gateway/is);

    expect(await cgroupsOf(lab.hubPid)).toEqual([]);
    await until(async () => !(await isAnyLeft()));
  });

  test('are made for hosts that boot side by side', async () => {
    await using lab = await startLab(lanPlan(4, 'systemd'));

    expect(lab.hosts.map(({ isRunning }) => isRunning)).toEqual([true, true, true, true]);
    expect(await cgroupsOf(lab.hubPid)).toHaveLength(1);
  });

  test('end with the process that started it; what a killed hub leaves goes when the next lab starts', async () => {
    const script = `import { startLab } from ${JSON.stringify(`${builtLab}/lab.js`)};
        const lab = await startLab(${JSON.stringify(plan)});
        process.stdout.write(String(lab.hubPid) + '\\n');
        setInterval(() => undefined, 1000);`;
    const args = ['--input-type=module', '-e', script];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const hub = Number(await new Promise((resolve) => child.stdout.once('data', resolve)));
    expect(await cgroupsOf(hub)).toHaveLength(1);
    child.kill('SIGKILL');
    await until(async () => (await cgroupsOf(hub)).length === 0);

    const killed = await startLab(plan);
    process.kill(killed.hubPid, 'SIGKILL');
    await until(() => !killed.host('sys').isRunning);
    const next = await startLab({ ...plan, hosts: [] });
    const left = await cgroupsOf(killed.hubPid);
    await Promise.all([next.down(), killed.down()]);

    expect(left).toEqual([]);
  });
});

/** Whether there is a control group of a hub that has ended. */
async function isAnyLeft(): Promise<boolean> {
  const roots = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];
  const names = await Promise.all(roots.map((root) => readdir(root).catch(() => [])));
  return names.flat().some((name) => {
    const [, pid, startTime] = /^xpush-lab-(\d+)-(\d+)$/.exec(name) ?? [];
    if (pid === undefined || startTime === undefined) return false;
    return !isAlive({ pid: Number(pid), startTime });
  });
}
