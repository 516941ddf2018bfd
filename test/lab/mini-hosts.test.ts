import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Lab, type LabPlan, startLab } from '../../src/lab/lab.ts';
import { labDescribe } from '../lab-tier.ts';

const plan: LabPlan = {
  segments: [{ name: 'lan', controller: ['192.168.0.10/24'] }],
  hosts: [
    {
      name: 'tiny',
      kind: 'mini',
      nics: [{ segment: 'lan', addresses: ['192.168.0.60/24', '2001:db8::60/64'] }],
      gateway: '192.168.0.1',
      files: { '/usr/local/bin/hello': { content: '#!/bin/sh\necho hello\n', mode: 0o755 } },
    },
    { name: 'tiny2', kind: 'mini', nics: [{ segment: 'lan', addresses: ['192.168.0.61/24'] }] },
  ],
};
const describe = await labDescribe(plan);

describe('startLab with mini hosts', () => {
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

  test('dropbear answers with the host’s own key; the shell and all tools are busybox', async () => {
    const result = await ssh(
      'tiny',
      'hostname; readlink -f /bin/sh; ls -l /bin/cat /sbin/ip | grep -c busybox; hello; readlink /proc/$$/exe',
    );

    expect(result).toMatchObject({
      code: 0,
      stdout: 'tiny\n/usr/bin/busybox\n2\nhello\n/usr/bin/busybox\n',
    });
    expect((await ssh('tiny2', 'hostname')).stdout).toBe('tiny2\n');
    expect(lab.host('tiny').hostKey).not.toBe(lab.host('tiny2').hostKey);
  });

  test('there is nothing that an old host lacks', async () => {
    const result = await ssh(
      'tiny',
      'for tool in bash perl python3 systemctl flock nohup; do command -v $tool; done; ip -V 2>&1; iptables -V',
    );

    expect(result.stdout).not.toMatch(/bin\/(bash|perl|python3|systemctl|flock|nohup)/);
    expect(result.stdout).not.toContain('iproute2');
    expect(result.stdout).toContain('(legacy)');
  });

  test('ops may log in', async () => {
    expect((await ssh('tiny', 'pwd', '-l', 'ops')).stdout).toBe('/home/ops\n');
  });

  test('legacy iptables works', async () => {
    const result = await ssh(
      'tiny',
      'iptables -A INPUT -p tcp --dport 9 -j DROP && iptables-save -t filter',
    );

    expect(result.stdout).toContain('-A INPUT -p tcp -m tcp --dport 9 -j DROP');
  });

  test('it has its addresses of both families and its route, and again after a reboot', async () => {
    const look = 'ip -o addr show dev eth0; ip route; cat /root/kept 2>/dev/null';
    const before = await ssh('tiny', look);
    await lab.host('tiny').exec(['sh', '-c', 'echo kept >/root/kept; ip route del default']);

    await lab.host('tiny').reboot();

    const after = await ssh('tiny', look);
    expect(before.stdout).toContain('192.168.0.60/24');
    expect(before.stdout).toContain('2001:db8::60/64');
    expect(before.stdout).toContain('default via 192.168.0.1 dev eth0');
    expect(after.stdout).toContain('default via 192.168.0.1 dev eth0');
    expect(after.stdout).toContain('kept');
  });
});
