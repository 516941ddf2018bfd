import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unpackPackage } from '../../src/lab/packages.ts';
import {
  addressFile,
  addressFilePath,
  hookFile,
  hookPath,
  isOwnFile,
  runsHooks,
  vifRoutePath,
} from '../../src/xen/vif-routes-files.ts';
import { labDescribe } from '../lab-tier.ts';
import { Namespace } from './namespace.ts';
import { mac } from './routing-states.ts';

const addresses = [
  { ip: '2001:db8:1::5', mac: mac(0), guest: 'g', uplink: 'eth0' },
  { ip: '2001:db8:1::6', mac: mac(0), guest: 'g', uplink: 'eth0' },
  { ip: '2001:db8:1::7', mac: mac(1), guest: 'g', uplink: 'wan' },
];

describe('addressFile', () => {
  test('has a line for each vif', () => {
    expect(addressFile(addresses).split('\n').slice(2)).toEqual([
      `${mac(0)} eth0 2001:db8:1::5 2001:db8:1::6`,
      `${mac(1)} wan 2001:db8:1::7`,
      '',
    ]);
  });

  test('and the hook are known as ours', () => {
    expect([addressFile(addresses), hookFile, '#!/bin/sh\n'].map(isOwnFile)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('runsHooks', () => {
  test.each([
    ['call_hooks vif post\n', true],
    ['handle_iptable\n\n  call_hooks vif post # all\n', true],
    ['# call_hooks vif post\n', false],
    ['handle_iptable\nsuccess\n', false],
  ])('of %j is %s', (text, expected) => {
    expect(runsHooks(text)).toBe(expected);
  });
});

const describeLab = await labDescribe();

describeLab('the hook, in Xen’s own vif-route', () => {
  let root = '';

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'xpush-hook-'));
    const unpacked = await unpackPackage('xen-utils-common');
    if (unpacked === null) throw new Error('xen-utils-common cannot be had');
    const stub = (name: string, text: string) =>
      writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    for (const directory of ['bin', 'store', 'etc', 'log', 'log/xen'])
      mkdirSync(join(root, directory));
    stub('xenstore-read', `cat "${root}/store/\${1##*/}" 2>/dev/null`);
    stub(
      'xenstore-write',
      `while [ $# -gt 1 ]; do echo "$1 $2" >>"${root}/written"; shift 2; done`,
    );
    stub('ifconfig', 'ip addr replace "$2/32" dev "$1"; ip link set "$1" up');
    writeFileSync(join(root, 'unpacked'), join(unpacked, 'etc/xen'));
    // /usr/bin/awk is a link to there
    cpSync('/etc/alternatives', join(root, 'etc/alternatives'), {
      recursive: true,
      verbatimSymlinks: true,
    });
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** Runs vif-route in a namespace that has its files where Xen has them. */
  function vifRoute(namespace: Namespace, command: string, vif: string): string {
    writeFileSync(join(root, 'written'), '');
    namespace.run(`
      export PATH="${root}/bin:$PATH"
      unshare -m sh -ec '
        mount --bind "${root}/etc" /etc
        mount --bind "${root}/log" /var/log
        XENBUS_PATH=backend vif=${vif} netdev=eth0 /etc/xen/scripts/vif-route ${command} type_if=vif'
    `);
    return readFileSync(join(root, 'written'), 'utf8');
  }

  /** A dom0 with the hook, and two vifs that are not online yet. */
  function dom0(): Namespace {
    const namespace = new Namespace();
    const from = readFileSync(join(root, 'unpacked'), 'utf8');
    namespace.run(
      `rm -rf "${root}/etc/xen"; cp -a "${from}" "${root}/etc/xen"; mkdir "${root}/etc/xen/scripts/vif-post.d"`,
    );
    const inRoot = (path: string) => join(root, path);
    writeFileSync(inRoot(hookPath), hookFile, { mode: 0o755 });
    writeFileSync(inRoot(addressFilePath), addressFile(addresses));
    writeFileSync(join(root, 'store', 'mac'), mac(0).toUpperCase());
    namespace.run(`
      ip link add eth0 type veth peer name p0; ip link set eth0 up; ip addr add 192.168.0.100/24 dev eth0
      ip link add vif1.0 address fe:ff:ff:ff:ff:ff type veth peer name v1
      ip link add vif2.0 address fe:ff:ff:ff:ff:ff type veth peer name v2
    `);
    return namespace;
  }

  const routesOf = (namespace: Namespace): string => namespace.run('ip -6 route');
  const proxiesOf = (namespace: Namespace): string => namespace.run('ip -6 neigh show proxy');

  test('is run by this Xen’s vif-route', () => {
    using _namespace = dom0();

    expect(runsHooks(readFileSync(join(root, 'etc/xen/scripts/vif-route'), 'utf8'))).toBe(true);
    expect(vifRoutePath).toBe('/etc/xen/scripts/vif-route');
  });

  test('routes a vif’s addresses when it comes, and tells Xen that it is connected', () => {
    using namespace = dom0();

    const written = vifRoute(namespace, 'online', 'vif1.0');

    expect(written).toContain('hotplug-status connected');
    for (const ip of ['2001:db8:1::5', '2001:db8:1::6']) {
      expect(routesOf(namespace)).toContain(`${ip} dev vif1.0 metric 1024`);
      expect(proxiesOf(namespace)).toContain(`${ip} dev eth0`);
    }
    expect(routesOf(namespace)).not.toContain('2001:db8:1::7');
    expect(namespace.run('ip -6 addr show dev vif1.0')).toContain('fe80::fcff:ffff:feff:ffff/64');
  });

  test('takes them back when it goes', () => {
    using namespace = dom0();
    vifRoute(namespace, 'online', 'vif1.0');

    vifRoute(namespace, 'offline', 'vif1.0');

    expect(routesOf(namespace)).not.toContain('2001:db8:1::');
    expect(proxiesOf(namespace)).toBe('');
  });

  test('goes on answering for a guest that is created anew before its old vif is gone', () => {
    using namespace = dom0();
    vifRoute(namespace, 'online', 'vif1.0');
    vifRoute(namespace, 'online', 'vif2.0');

    vifRoute(namespace, 'offline', 'vif1.0');

    expect(routesOf(namespace)).toContain('2001:db8:1::5 dev vif2.0');
    expect(proxiesOf(namespace)).toContain('2001:db8:1::5 dev eth0');
  });

  test('starts a guest all the same when its file is gone, the uplink is unknown or IPv6 is off', () => {
    using namespace = dom0();
    writeFileSync(join(root, 'etc/xen/xpush-ipv6'), `${mac(0)} nowhere 2001:db8:1::5\n`);
    expect(vifRoute(namespace, 'online', 'vif1.0')).toContain('connected');

    namespace.run('echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6');
    expect(vifRoute(namespace, 'online', 'vif2.0')).toContain('connected');

    rmSync(join(root, 'etc/xen/xpush-ipv6'));
    expect(vifRoute(namespace, 'offline', 'vif1.0')).not.toContain('error');
  });
});
