import { describe, expect, test } from 'vitest';
import { checkPlan } from '../../src/lab/check-plan.ts';
import { documentPlan, LabError, type LabHostPlan, lanPlan } from '../../src/lab/lab.ts';

function checkHost(host: Partial<LabHostPlan>): () => void {
  return () =>
    checkPlan({
      segments: [{ name: 'lan' }],
      hosts: [{ name: 'h1', nics: [{ segment: 'lan' }], ...host }],
    });
}

describe('checkPlan', () => {
  test('takes the sample plans', () => {
    expect(() => checkPlan(documentPlan())).not.toThrow();
    expect(() => checkPlan(lanPlan(300, 'mini'))).not.toThrow();
  });

  test.each<readonly [string, Partial<LabHostPlan>]>([
    ['is no host name', { name: '-h' }],
    ['is no host name', { name: 'a b' }],
    ['there is no segment wan', { nics: [{ segment: 'wan' }] }],
    ['there is no dom0 xen1', { nics: [{ vifOf: 'xen1' }] }],
    ['is no interface name', { nics: [{ segment: 'lan', iface: '0123456789abcdef' }] }],
    ['is no interface name', { nics: [{ segment: 'lan', iface: '-x' }] }],
    ['is no unicast MAC', { nics: [{ segment: 'lan', mac: '01:00:00:00:00:00' }] }],
    ['is no address with a prefix', { nics: [{ segment: 'lan', addresses: ['10.0.0.1'] }] }],
    ['is no address with a prefix', { nics: [{ segment: 'lan', addresses: ['10.0.0.1/33'] }] }],
    [
      'interface of h1 eth0 is there twice',
      { nics: [{ segment: 'lan' }, { segment: 'lan', iface: 'eth0' }] },
    ],
    ['a route has a line break', { routes: ['default via 10.0.0.1\nrule flush'] }],
    ['is no sysctl', { sysctls: { '../../etc/passwd': 1 } }],
    ['the value has a line break', { sysctls: { 'net.x': '1\nip link' } }],
    ['is no absolute path', { files: { 'etc/x': '' } }],
    ['is no absolute path', { files: { '/etc/../../x': '' } }],
    ['is read only', { files: { '/usr/bin/x': '' } }],
    ['is no package name', { packages: ['--force'] }],
    ['takes no packages', { kind: 'mini', packages: ['sudo'] }],
    ['a dom0 needs the full kind', { kind: 'mini', dom0: {} }],
    ['is no address', { gateway: 'router' }],
  ])('says "%s"', (message, host) => {
    expect(checkHost(host)).toThrow(LabError);
    expect(checkHost(host)).toThrow(message);
  });

  test('says all at once', () => {
    expect(checkHost({ name: '!', gateway: 'x', routes: ['\n'] })).toThrow(
      /host name.*no address.*line break/s,
    );
  });
});
