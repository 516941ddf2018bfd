import { describe, expect, test } from 'vitest';
import { sysctl } from '../../src/steps/sysctl.ts';
import { bind, fileOf, planTwice } from './observed.ts';

describe('sysctl', () => {
  test('sets what a dom0 needs, now and at boot', () => {
    const { first } = planTwice(bind(sysctl, 'xen1'));

    expect(first).toMatchObject({
      changes: [
        { kind: 'parameter', name: 'net.ipv4.ip_forward', before: '0', value: '1' },
        { kind: 'parameter', name: 'net.ipv4.conf.eth0.proxy_arp', before: '0', value: '1' },
        { kind: 'write', effect: 'boot', path: '/etc/sysctl.d/60-xpush.conf' },
      ],
    });
  });

  test('writes the file when only the live value is right', () => {
    const { first } = planTwice(bind(sysctl, 'plain', { name: 'vm.swappiness', value: 10 }), {
      'parameter:vm.swappiness': '10',
    });

    expect(first).toMatchObject({
      changes: [
        {
          kind: 'write',
          path: '/etc/sysctl.d/60-xpush-vm.swappiness.conf',
          content: expect.stringContaining('vm.swappiness = 10\n'),
        },
      ],
    });
  });

  test('does nothing when value and file are right', () => {
    const bound = bind(sysctl, 'plain', { name: 'vm.swappiness', value: 10 });
    const { first } = planTwice(bound, { 'parameter:vm.swappiness': '60' });
    const content = 'refusal' in first ? '' : first.changes.find((one) => one.kind === 'write');

    const again = planTwice(bound, {
      'parameter:vm.swappiness': '10',
      'file:/etc/sysctl.d/60-xpush-vm.swappiness.conf': fileOf(
        typeof content === 'object' ? content.content : '',
      ),
    });

    expect(again.first).toMatchObject({ changes: [] });
  });

  test('refuses a parameter that the kernel has not', () => {
    const { first } = planTwice(bind(sysctl, 'plain', { name: 'net.nothing', value: 1 }), {
      'parameter:net.nothing': null,
    });

    expect(first).toMatchObject({
      refusal: 'the kernel has no parameter net.nothing (/proc/sys/net/nothing)',
    });
  });

  test.each([
    ['file:/etc/sysctl.d', { type: 'absent' }, 'there is no /etc/sysctl.d to set it at boot'],
    [
      'file:/etc/sysctl.d/60-xpush.conf',
      { type: 'unreadable' },
      '/etc/sysctl.d/60-xpush.conf cannot be read',
    ],
  ])('refuses what would fail half-way: %s is %j', (key, file, refusal) => {
    expect(planTwice(bind(sysctl, 'xen1'), { [key]: file }).first).toMatchObject({ refusal });
  });

  test('without a name is for a dom0', () => {
    expect(planTwice(bind(sysctl, 'plain')).first).toMatchObject({ refusal: 'plain is no dom0' });
  });
});
