import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Lab, type LabPlan, startLab } from '../../src/lab/lab.ts';
import { detectPrivilege } from '../../src/lab/privilege.ts';
import { labDescribe } from '../lab-tier.ts';

const interfaces = `auto lo eth0
iface lo inet loopback
iface eth0 inet static
  address 192.168.0.70
  netmask 255.255.255.0
  gateway 192.168.0.1
  up ip rule add pref 1000 from 192.168.0.70 lookup 16 || true
`;
const plan: LabPlan = {
  segments: [{ name: 'lan', controller: ['192.168.0.10/24'] }],
  hosts: [
    {
      name: 'debian',
      nics: [{ segment: 'lan', addresses: ['192.168.0.70/24'] }],
      packages: ['sudo', 'ifupdown', 'hello'],
      bootFrom: 'interfaces',
      files: {
        '/etc/sudoers.d/ops': { content: 'ops ALL=(ALL) NOPASSWD: ALL\n', mode: 0o440 },
        '/etc/network/if-pre-up.d/hook': {
          content: '#!/bin/sh\necho "$IFACE $PHASE" >>/run/hooks\n',
          mode: 0o755,
        },
      },
    },
    {
      name: 'old',
      kind: 'mini',
      nics: [{ segment: 'lan', addresses: ['192.168.0.71/24'] }],
      bootFrom: 'interfaces',
    },
    { name: 'plain', nics: [{ segment: 'lan', addresses: ['192.168.0.72/24'] }] },
  ],
};
const describe = await labDescribe(plan);
const isRoot = (await detectPrivilege())?.kind === 'root';

describe('hosts with packages', () => {
  let lab: Lab;
  const ssh = async (host: string, command: string, user = 'root') =>
    await lab.run(['ssh', '-F', lab.sshConfig, '-l', user, host, command]);

  beforeAll(async () => {
    lab = await startLab(plan);
  });
  afterAll(async () => {
    await lab?.down();
  });

  test('have their programs, and other hosts do not', async () => {
    expect((await ssh('debian', 'hello; command -v ifup')).stdout).toMatch(
      /^Hello, world!\n.*ifup\n$/,
    );
    expect((await ssh('plain', 'hello')).code).toBe(127);
  });

  test.skipIf(!isRoot)('sudo works', async () => {
    expect((await ssh('debian', 'id -un; sudo -n id -un', 'ops')).stdout).toBe('ops\nroot\n');
  });

  test('a host boots from the plan until it has an interfaces file, and runs its hooks either way', async () => {
    const before = await ssh('debian', 'cat /run/hooks; ip rule; ip route');
    await lab.host('debian').writeFile('/etc/network/interfaces', interfaces);

    await lab.host('debian').reboot();

    const after = await ssh(
      'debian',
      'cat /run/hooks; ip rule; ip route; ip -4 -o addr show dev eth0',
    );
    expect(before.stdout).toContain('eth0 pre-up\n');
    expect(before.stdout).not.toContain('1000:');
    expect(after.stdout).toContain('eth0 pre-up\n');
    expect(after.stdout).toContain('1000:\tfrom 192.168.0.70 lookup 16');
    expect(after.stdout).toContain('default via 192.168.0.1 dev eth0');
    expect(after.stdout).toContain('192.168.0.70/24');
  });

  test('a mini host boots by the ifup of busybox', async () => {
    await lab.host('old').writeFile('/etc/network/interfaces', interfaces.replaceAll('.70', '.71'));

    await lab.host('old').reboot();

    const after = await ssh('old', 'ip rule; ip route');
    expect(after.stdout).toMatch(/1000:\s+from 192.168.0.71 lookup 16/);
    expect(after.stdout).toContain('default via 192.168.0.1 dev eth0');
  });
});
