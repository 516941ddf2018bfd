import { describe, expect, test } from 'vitest';
import { kernelParameters, sysctlFile } from '../../src/xen/sysctls.ts';
import { guest, lan, mail, vif, webserv, xen1 } from './fleet.ts';
import { hasNamespaces, Namespace } from './namespace.ts';

describe('kernelParameters', () => {
  test('asks for forwarding, and for ARP answers on the uplink', () => {
    expect(kernelParameters(xen1, [webserv, mail])).toEqual([
      { name: 'net.ipv4.ip_forward', value: '1' },
      { name: 'net.ipv4.conf.eth0.proxy_arp', value: '1' },
    ]);
  });

  test('names each gateway device once, its dots as slashes', () => {
    const vlan = guest('vlan', [
      { ...vif(0, lan, ['192.168.0.5']), gatewaydev: 'eth0.100' },
      { ...vif(1, lan, ['192.168.0.6']), gatewaydev: 'eth0.100' },
    ]);

    expect(kernelParameters(xen1, [vlan]).map(({ name }) => name)).toEqual([
      'net.ipv4.ip_forward',
      'net.ipv4.conf.eth0/100.proxy_arp',
    ]);
  });

  test('asks for nothing where all vifs are bridged', () => {
    const bridged = guest('bridged', [
      { ...vif(0, lan, ['192.168.0.5']), script: 'vif-bridge', bridge: 'br0' },
    ]);

    expect(kernelParameters(xen1, [bridged])).toEqual([]);
  });
});

describe('sysctlFile', () => {
  test('claims nothing of the host: tasks write it for other machines too', () => {
    expect(sysctlFile([{ name: 'vm.swappiness', value: '10' }])).toBe(
      '# Written by xpush. Changes here are overwritten.\nvm.swappiness = 10\n',
    );
  });
});

describe.runIf(hasNamespaces)('sysctlFile', () => {
  test('is understood by sysctl, for a VLAN’s name too', () => {
    using namespace = new Namespace();
    namespace.run(
      'ip link add eth0 type veth peer name p0; ip link add link eth0 name eth0.100 type vlan id 100 || ip link add eth0.100 type veth peer name p1',
    );
    const vlan = guest('vlan', [{ ...vif(0, lan, ['192.168.0.5']), gatewaydev: 'eth0.100' }]);

    namespace.run('cat | sysctl -p /dev/stdin', sysctlFile(kernelParameters(xen1, [vlan])));

    expect(
      namespace.run('cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/eth0.100/proxy_arp'),
    ).toBe('1\n1\n');
  });
});
