import { describe, expect, test } from 'vitest';
import { parseRoutes } from '../../src/host/routes-text.ts';
import { sysctl } from '../../src/steps/sysctl.ts';
import { bind, fileOf, planTwice, stateFor } from './observed.ts';

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

  const byHand =
    'net.ipv4.ip_forward=1\n# net.ipv4.ip_forward = 0\nnet/ipv4/conf/eth0/proxy_arp = 1\n';

  test.each<[string, Record<string, unknown>]>([
    ['/etc/sysctl.conf', { 'file:/etc/sysctl.conf': fileOf(byHand) }],
    [
      'a file of sysctl.d',
      {
        'directory:/etc/sysctl.d/*.conf': {
          exists: true,
          files: new Map([['/etc/sysctl.d/10-xen.conf', fileOf(byHand)]]),
          isCut: false,
        },
      },
    ],
  ])('writes no file where %s sets it all at boot', (_, answers) => {
    const { first, second } = planTwice(bind(sysctl, 'xen1'), answers);

    expect(first).toMatchObject({ changes: [{ kind: 'parameter' }, { kind: 'parameter' }] });
    expect(second).toMatchObject({ changes: [] });
  });

  test('writes its file where another one sets something else at boot, and tells of one that is read later', () => {
    const off = fileOf(byHand.replace('forward=1', 'forward=0'));

    const { first } = planTwice(bind(sysctl, 'xen1'), { 'file:/etc/sysctl.conf': off });

    expect(first).toMatchObject({
      changes: [{ kind: 'parameter' }, { kind: 'parameter' }, { kind: 'write' }],
      message:
        '/etc/sysctl.conf sets net.ipv4.ip_forward = 0 at boot, after /etc/sysctl.d/60-xpush.conf: take it out there',
    });
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

  describe('for IPv6', () => {
    const learned = {
      entries: parseRoutes('default via fe80::1 dev eth0 proto ra metric 1024\n', 6),
      fingerprint: '',
    };
    const namesOf = (plan: ReturnType<typeof planTwice>['first']) =>
      'refusal' in plan
        ? []
        : plan.changes.flatMap((one) =>
            one.kind === 'parameter' ? [`${one.name}=${one.value}`] : [],
          );

    test('forwards, and answers for the guests on the uplink', () => {
      expect(namesOf(planTwice(bind(sysctl, 'xen6')).first)).toEqual([
        'net.ipv4.ip_forward=1',
        'net.ipv4.conf.eth0.proxy_arp=1',
        'net.ipv6.conf.all.forwarding=1',
        'net.ipv6.conf.eth0.proxy_ndp=1',
      ]);
    });

    test('goes on listening to routers where the default route comes from them, before it forwards', () => {
      const answers = { 'routes:6': learned, 'parameter:net.ipv6.conf.eth0.accept_ra': '1' };

      const { first, second } = planTwice(bind(sysctl, 'xen6'), answers);

      expect(namesOf(first).slice(2)).toEqual([
        'net.ipv6.conf.eth0.accept_ra=2',
        'net.ipv6.conf.all.forwarding=1',
        'net.ipv6.conf.eth0.proxy_ndp=1',
      ]);
      expect(second).toMatchObject({ changes: [], upkeep: [] });
    });

    test('says so at boot too for as long as it is there, route or no route', () => {
      const bound = bind(sysctl, 'xen6');
      const state = stateFor(bound, {
        'routes:6': learned,
        'parameter:net.ipv6.conf.eth0.accept_ra': '1',
      });
      const plan = bound.plan(state);
      const changes = 'refusal' in plan ? [] : plan.changes;
      const after = changes.reduce((before, one) => before.after(one), state);
      const noRoute = new Map([['routes:6', { answer: { entries: [], fingerprint: '' } }]]);

      expect(bound.plan(after.with(noRoute))).toMatchObject({ changes: [] });
    });

    test('leaves a network manager that listens in the kernel’s place alone', () => {
      const answers = { 'routes:6': learned, 'parameter:net.ipv6.conf.eth0.accept_ra': '0' };

      expect(namesOf(planTwice(bind(sysctl, 'xen6'), answers).first).join()).not.toContain(
        'accept',
      );
    });
  });

  describe('what an earlier run set', () => {
    const memory = 'file:/var/lib/xpush/sysctl.json';
    const boot = 'file:/etc/sysctl.d/60-xpush.conf';
    const forwarding = { name: 'net.ipv4.ip_forward', value: '1', before: '0' };
    const proxyArp = { name: 'net.ipv4.conf.eth0.proxy_arp', value: '1', before: '0' };
    const own = fileOf('# Written by xpush. Changes here are overwritten.\nany = 1\n');
    const live = {
      'parameter:net.ipv4.ip_forward': '1',
      'parameter:net.ipv4.conf.eth0.proxy_arp': '2',
    };

    test('is remembered with what it was before, but for what was right already', () => {
      const { first, second } = planTwice(bind(sysctl, 'xen1'), {
        'parameter:net.ipv4.ip_forward': '1',
      });

      expect('refusal' in first ? [] : first.upkeep).toMatchObject([
        { kind: 'directory', path: '/var/lib/xpush' },
        { kind: 'write', content: `${JSON.stringify([proxyArp])}\n` },
      ]);
      expect(second).toMatchObject({ changes: [], upkeep: [] });
    });

    test('gets its old value back when no guest is routed any more, unless somebody changed it', () => {
      const { first } = planTwice(bind(sysctl, 'xen2'), {
        [memory]: fileOf(JSON.stringify([forwarding, proxyArp])),
        [boot]: own,
        ...live,
      });

      expect(first).toMatchObject({
        changes: [
          { kind: 'remove', path: '/etc/sysctl.d/60-xpush.conf' },
          { kind: 'parameter', name: 'net.ipv4.ip_forward', before: '1', value: '0' },
        ],
        upkeep: [{ kind: 'remove', path: '/var/lib/xpush/sysctl.json' }],
      });
    });

    test('goes with xpush: files of its own, wherever they came from, and no others', () => {
      const bound = bind(sysctl, 'xen1');
      const files = new Map([
        ['/etc/sysctl.d/60-xpush-vm.swappiness.conf', own],
        ['/etc/sysctl.d/60-xpush-mine.conf', fileOf('vm.swappiness = 1\n')],
        ['/etc/sysctl.d/60-xpush.conf', own],
        ['/etc/sysctl.d/99-local.conf', own],
      ]);
      const state = stateFor(bound, {
        [memory]: fileOf(JSON.stringify([forwarding, proxyArp])),
        'directory:/etc/sysctl.d/*.conf': { exists: true, files, isCut: false },
        ...live,
      });

      expect(bound.leave?.(state)).toMatchObject({
        changes: [
          { kind: 'remove', path: '/etc/sysctl.d/60-xpush-vm.swappiness.conf' },
          { kind: 'remove', path: '/etc/sysctl.d/60-xpush.conf' },
          { kind: 'parameter', name: 'net.ipv4.ip_forward', before: '1', value: '0' },
        ],
        upkeep: [{ kind: 'remove' }],
        message:
          'what tasks of your own have set stays until the next boot; ' +
          'forwarding ends, as before xpush: what this host passed on, its guests too, is cut off',
      });
    });

    test('of a hostile memory only numbers of a dom0’s own parameters are believed', () => {
      const { first } = planTwice(bind(sysctl, 'xen2'), {
        [memory]: fileOf(
          JSON.stringify([
            { name: 'kernel.core_pattern', value: '1', before: '0' },
            { ...forwarding, before: '|/tmp/x' },
          ]),
        ),
        ...live,
      });

      expect(first).toMatchObject({ changes: [] });
    });
  });
});
