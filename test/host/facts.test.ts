import { expect, test } from 'vitest';
import { type Answers, query } from '../../src/host/query.ts';
import { type Era, hostOf } from './era.ts';
import { describeShells, isRoot } from './shells.ts';

type System = Partial<Answers['system']>;
type Network = Partial<Answers['network']>;

const says = (text: string) => `echo '${text}'`;

const eras: readonly (readonly [string, Era, System])[] = [
  [
    'Debian 12',
    {
      files: {
        '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12"\nVERSION_ID="12"\nID=debian\n',
        '/etc/debian_version': '12.9\n',
      },
      directories: ['/run/systemd/system'],
      tools: {
        systemctl: 'printf "systemd 252 (252.39-1~deb12u1)\\n+PAM\\n"',
        udevadm: says('252'),
        ip: says('ip utility, iproute2-6.1.0, libbpf 1.1.0'),
      },
    },
    {
      ...{ distribution: 'debian', version: '12', init: 'systemd', systemd: 252, udev: 252 },
      iproute2: { version: '6.1.0', isBusybox: false, hasJson: true },
    },
  ],
  [
    'Debian testing, which has no number',
    { files: { '/etc/os-release': 'ID=debian\n', '/etc/debian_version': 'trixie/sid\n' } },
    { distribution: 'debian', version: 'trixie/sid' },
  ],
  [
    'Debian 3.1',
    {
      files: { '/etc/debian_version': '3.1\n', '/etc/inittab': '' },
      tools: { ip: says('ip utility, iproute2-ss041019') },
    },
    {
      ...{ distribution: 'debian', version: '3.1', systemd: null, udev: null },
      iproute2: { version: 'ss041019', isBusybox: false, hasJson: false },
    },
  ],
  [
    'Debian 4, whose udev is alone',
    {
      files: { '/etc/debian_version': '4.0\n' },
      tools: { udevinfo: says('udevinfo, version 105') },
    },
    { distribution: 'debian', version: '4.0', systemd: null, udev: 105 },
  ],
  [
    'Ubuntu 7.10, which has a debian_version too, and upstart',
    {
      files: {
        '/etc/lsb-release': 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=7.10\nDISTRIB_CODENAME=gutsy\n',
        '/etc/debian_version': 'lenny/sid\n',
      },
      directories: ['/etc/event.d'],
      tools: { initctl: says('initctl (upstart 0.3.9)') },
    },
    { distribution: 'ubuntu', version: '7.10', init: 'upstart' },
  ],
  [
    'Ubuntu 18.04, with snapshots of iproute2',
    {
      files: { '/etc/os-release': 'ID=ubuntu\nVERSION_ID="18.04"\n' },
      tools: { ip: says('ip utility, iproute2-ss180129'), udevadm: says('237') },
    },
    {
      ...{ distribution: 'ubuntu', version: '18.04', udev: 237 },
      iproute2: { version: 'ss180129', isBusybox: false, hasJson: false },
    },
  ],
  [
    'Ubuntu 20.04',
    { tools: { ip: says('ip utility, iproute2-ss200127') } },
    { iproute2: { version: 'ss200127', isBusybox: false, hasJson: true } },
  ],
  [
    'Alpine',
    {
      files: { '/etc/os-release': 'ID=alpine\nVERSION_ID=3.18.4\n', '/etc/inittab': '' },
      directories: ['/run/openrc'],
      tools: { ip: 'echo "BusyBox v1.36.1 (2023) multi-call binary." >&2; exit 1' },
    },
    {
      ...{ distribution: 'alpine', version: '3.18.4', init: 'openrc' },
      iproute2: { version: null, isBusybox: true, hasJson: false },
    },
  ],
  [
    'an Alpine before os-release',
    { files: { '/etc/alpine-release': '2.1.6\n' } },
    { distribution: 'alpine', version: '2.1.6' },
  ],
  [
    'CentOS 5',
    { files: { '/etc/redhat-release': 'CentOS release 5.11 (Final)\n' } },
    { distribution: 'centos', version: '5.11' },
  ],
  [
    'RHEL 5',
    { files: { '/etc/redhat-release': 'Red Hat Enterprise Linux Server release 5.8 (Tikanga)\n' } },
    { distribution: 'rhel', version: '5.8' },
  ],
  [
    'SLES 10',
    { files: { '/etc/SuSE-release': 'SUSE Linux Enterprise Server 10 (x86_64)\nVERSION = 10\n' } },
    { distribution: 'suse', version: '10' },
  ],
  ['an init of busybox', { links: { init: '/bin/busybox' } }, { init: 'busybox' }],
  ['Arch before os-release', { files: { '/etc/arch-release': '' } }, { distribution: 'arch' }],
  [
    'one that says nothing',
    {},
    { ...{ distribution: null, version: null, systemd: null, udev: null }, init: 'unknown' },
  ],
  [
    'one whose os-release is a script',
    { files: { '/etc/os-release': 'ID=$(touch /run/pwned)\nVERSION_ID="`id`"\n' } },
    { distribution: null, version: null },
  ],
];

const managers: readonly (readonly [string, Era, Network])[] = [
  [
    'ifupdown where networkd is merely there',
    {
      files: {
        '/etc/network/interfaces': 'auto lo\niface lo inet loopback\n\niface eth0 inet dhcp\n',
      },
      tools: { ifup: ':' },
    },
    { manager: 'ifupdown' },
  ],
  [
    'ifupdown whose stanzas are in files of their own',
    {
      files: {
        '/etc/network/interfaces': 'source /etc/network/interfaces.d/*\n',
        '/etc/network/interfaces.d/eth0': 'iface eth0 inet dhcp\n',
        '/etc/systemd/network/eth0.network': '[Match]\nName=eth0\n',
      },
      tools: { ifup: ':' },
    },
    { manager: 'ifupdown' },
  ],
  [
    'netplan, although it drives networkd',
    {
      files: { '/etc/netplan/50-cloud-init.yaml': '', '/run/systemd/netif/state': '' },
      tools: { netplan: ':', ifup: ':' },
    },
    { manager: 'netplan' },
  ],
  [
    'networkd where netplan has nothing to say',
    {
      files: { '/etc/systemd/network/eth0.network': '', '/run/systemd/netif/state': '' },
      tools: { netplan: ':' },
    },
    { manager: 'networkd' },
  ],
  [
    'networkd that runs, with files, beside interfaces of ifupdown',
    {
      files: {
        '/etc/network/interfaces': 'iface eth0 inet dhcp\n',
        '/etc/systemd/network/eth0.network': '',
        '/etc/systemd/system/multi-user.target.wants/systemd-networkd.service': '',
      },
      tools: { ifup: ':' },
    },
    { manager: 'networkd' },
  ],
  [
    'ifupdown beside a networkd that runs without files',
    {
      files: {
        '/etc/network/interfaces': 'iface eth0 inet dhcp\n',
        '/run/systemd/netif/state': '',
      },
      tools: { ifup: ':' },
    },
    { manager: 'ifupdown' },
  ],
  [
    'NetworkManager that runs where ifupdown has only lo',
    {
      files: { '/etc/network/interfaces': 'iface lo inet loopback\n' },
      directories: ['/run/NetworkManager'],
      tools: { ifup: ':', NetworkManager: ':' },
    },
    { manager: 'NetworkManager' },
  ],
  [
    'ifupdown that has only lo, where nothing else runs',
    { files: { '/etc/network/interfaces': 'iface lo inet loopback\n' }, tools: { ifup: ':' } },
    { manager: 'ifupdown' },
  ],
  [
    'nothing, where there is nothing',
    { files: { '/etc/network/interfaces': '' } },
    { manager: null },
  ],
  ['nothing of ifrename', {}, { hasIfrename: false }],
  ['ifrename', { tools: { ifrename: ':' } }, { hasIfrename: true }],
];

describeShells('lookFacts', (shell) => {
  test.runIf(isRoot).each(eras)('knows %s', async (_name, era, expected) => {
    await using running = hostOf(shell, era);

    const system = await running.look(query.system());

    expect(running.errors).toBe('');
    // busybox runs its own ip, whatever the PATH
    const { iproute2, ...rest } = expected;
    expect(system).toMatchObject(shell.isBusybox || iproute2 === undefined ? rest : expected);
    expect(system.kernel).toMatch(/^\d+\.\d+/);
  });

  test.runIf(isRoot).each(managers)('knows %s', async (_name, era, expected) => {
    await using running = hostOf(shell, era);

    const network = await running.look(query.network());

    expect(running.errors).toBe('');
    if (shell.isBusybox && expected.manager === null) return; // it has an ifup of its own
    expect(network).toMatchObject(expected);
  });

  test.runIf(isRoot)(
    'all facts come with one look, and the runtime file only with them',
    async () => {
      await using running = hostOf(shell, { files: { '/etc/debian_version': '7.1\n' } });

      await running.look(query.tool('sh'));
      const answers = await running.observe([
        ...[query.system(), query.network(), query.firewalls(), query.xen(), query.session()],
      ]);

      expect([...answers.values()].every((one) => 'answer' in one)).toBe(true);
    },
  );
});
