import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Lab, type LabPlan, startLab } from '../../src/lab/lab.ts';
import { detectPrivilege } from '../../src/lab/privilege.ts';
import { labDescribe } from '../lab-tier.ts';

const plan: LabPlan = {
  segments: [{ name: 'lan', controller: ['192.168.0.10/24'] }],
  hosts: [
    {
      name: 'alpha',
      nics: [{ segment: 'lan', mac: '00:16:3e:00:00:01', addresses: ['192.168.0.50/24'] }],
      sysctls: { 'net.ipv4.conf.all.rp_filter': 1 },
      files: {
        '/etc/motd': 'hello\n',
        '/root/secret': { content: Buffer.from([0, 255, 10]), mode: 0o600 },
        '/home/ops/bin/noisy': {
          content: '#!/bin/sh\necho noise\nexec /bin/sh "$@"\n',
          mode: 0o755,
          owner: [1000, 1000],
        },
        '/etc/rcS.d/S05early': { content: '#!/bin/sh\nip -br addr >/root/at-boot\n', mode: 0o755 },
      },
      shells: { ops: '/home/ops/bin/noisy' },
    },
    {
      name: 'beta',
      nics: [{ segment: 'lan', addresses: ['192.168.0.51/24', '2001:db8::51/64'] }],
      gateway: '192.168.0.1',
      routes: ['10.9.0.0/16 via 192.168.0.50'],
    },
    { name: 'router', kind: 'bare', nics: [{ segment: 'lan', addresses: ['192.168.0.1/24'] }] },
  ],
};

const describe = await labDescribe(plan);
const isRoot = (await detectPrivilege())?.kind === 'root';

describe('startLab with full hosts', () => {
  let lab: Lab;
  const ssh = async (host: string, command: string, ...options: readonly string[]) =>
    await lab.run([
      'ssh',
      '-F',
      lab.sshConfig,
      '-o',
      'ConnectTimeout=2',
      ...options,
      host,
      command,
    ]);

  beforeAll(async () => {
    lab = await startLab(plan);
  });
  afterAll(async () => {
    await lab?.down();
  });

  test('every host answers ssh as itself, with its own host key', async () => {
    const alpha = await ssh('alpha', 'hostname; cat /etc/hostname; cat /etc/motd');
    const beta = await ssh('beta', 'hostname');

    expect(alpha).toMatchObject({ code: 0, stdout: 'alpha\nalpha\nhello\n' });
    expect(beta).toMatchObject({ code: 0, stdout: 'beta\n' });
    expect(lab.host('alpha').hostKey).not.toBe(lab.host('beta').hostKey);
  });

  test("another host's key is refused", async () => {
    const wrong = await ssh(
      'alpha',
      'true',
      '-o',
      'HostName=192.168.0.51',
      '-o',
      'HostKeyAlias=alpha',
    );

    expect(wrong.code).toBe(255);
    expect(wrong.stderr).toContain('REMOTE HOST IDENTIFICATION HAS CHANGED');
  });

  test('ops may log in, by the shell that the plan gives', async () => {
    const result = await ssh('alpha', 'echo $USER; pwd', '-l', 'ops');

    expect(result).toMatchObject({ code: 0, stdout: 'noise\nops\n/home/ops\n' });
  });

  test('files, modes, addresses, routes and settings are the plan’s', async () => {
    const alpha = lab.host('alpha');
    const modes = await alpha.exec([
      'stat',
      '-c',
      '%a %u %g',
      '/root/secret',
      '/home/ops/bin/noisy',
    ]);
    const link = await alpha.exec(['cat', '/sys/class/net/eth0/address']);
    const filter = await alpha.exec(['cat', '/proc/sys/net/ipv4/conf/all/rp_filter']);
    const routes = await lab.host('beta').exec(['ip', 'route']);
    const early = await alpha.readFile('/root/at-boot');

    expect(modes.stdout).toBe(isRoot ? '600 0 0\n755 1000 1000\n' : '600 0 0\n755 0 0\n');
    expect(await alpha.readFile('/root/secret')).toEqual(Buffer.from([0, 255, 10]));
    expect(link.stdout).toBe('00:16:3e:00:00:01\n');
    expect(filter.stdout).toBe('1\n');
    expect(routes.stdout).toContain('default via 192.168.0.1 dev eth0');
    expect(routes.stdout).toContain('10.9.0.0/16 via 192.168.0.50');
    // rcS.d runs before the network.
    expect(early.toString()).not.toContain('192.168.0.50');
  });

  test('hosts are private: nothing leaks into the machine or into another host', async () => {
    await lab
      .host('alpha')
      .exec(['sh', '-c', 'echo x >/etc/only-here; hostname changed; iptables -A INPUT -j LOG']);

    const other = await lab
      .host('beta')
      .exec(['sh', '-c', 'hostname; iptables -S; ls /etc/only-here /usr/x']);
    const write = await lab.host('alpha').exec(['touch', '/usr/bin/x']);

    expect(other.stdout).not.toContain('LOG');
    expect(other.stderr).toContain('/etc/only-here');
    expect(write.code).not.toBe(0);
    await expect(stat('/etc/only-here')).rejects.toThrow('ENOENT');
    await lab.host('alpha').exec(['sh', '-c', 'hostname alpha; iptables -F']);
  });

  test('a reboot keeps the disk and loses /run, live network state and open connections', async () => {
    const alpha = lab.host('alpha');
    await alpha.exec([
      'sh',
      '-c',
      'echo kept >/etc/kept; echo lost >/run/lost; ip rule add pref 99 lookup 99',
    ]);
    const before = alpha.pid;
    const bootId = (await alpha.readFile('/proc/sys/kernel/random/boot_id')).toString();

    const start = performance.now();
    await alpha.reboot();
    const tookMs = performance.now() - start;

    const after = await ssh('alpha', 'cat /etc/kept; ls /run/lost; ip rule');
    expect(alpha.pid).not.toBe(before);
    expect(bootId).toMatch(/^[0-9a-f-]{36}\n$/);
    expect((await alpha.readFile('/proc/sys/kernel/random/boot_id')).toString()).not.toBe(bootId);
    expect(after.stdout).toContain('kept\n');
    expect(after.stderr).toContain('/run/lost');
    expect(after.stdout).not.toContain('99:');
    // 70-100 ms when the machine is quiet.
    expect(tookMs).toBeLessThan(3000);
  });

  test('nothing of the controller’s environment reaches a host', async () => {
    const hosts = await lab
      .host('alpha')
      .exec(['sh', '-c', 'tr "\\0" "\\n" </proc/1/environ | cut -d= -f1 | sort']);
    const session = await ssh('alpha', 'env | cut -d= -f1 | sort');

    expect(hosts.stdout).toBe('LANG\nPATH\nPWD\n');
    expect(session.stdout).not.toContain('VITEST');
    expect(session.stdout).not.toContain('npm_');
  });

  test('a stopped host is unreachable, and is back when started', async () => {
    const beta = lab.host('beta');
    await beta.stop();

    const gone = await ssh('beta', 'true');
    expect(beta.isRunning).toBe(false);
    await beta.start();
    const back = await ssh('beta', 'hostname');

    expect(gone.code).toBe(255);
    expect(back.stderr).toBe('');
    expect(back.stdout).toBe('beta\n');
  });

  test('a cut interface passes nothing and keeps its routes; healed, it passes all', async () => {
    await lab.cut('alpha');

    const cut = await ssh('alpha', 'true');
    const routes = await lab.host('alpha').exec(['ip', 'route']);
    await lab.heal('alpha');
    await lab.heal('alpha');
    const healed = await ssh('alpha', 'hostname');

    expect(cut).toMatchObject({ code: 255 });
    expect(cut.stderr).toContain('timed out');
    expect(routes.stdout).toContain('192.168.0.0/24');
    expect(healed).toMatchObject({ code: 0, stdout: 'alpha\n' });
  });

  test('the controller may have a terminal of its own by spawn', async () => {
    const child = lab.spawn(['ip', '-br', 'addr'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    await new Promise((resolve) => child.once('close', resolve));

    expect(out).toContain('192.168.0.10/24');
  });
});
