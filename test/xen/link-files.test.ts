import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { linkPlan } from '../../src/xen/link-files.ts';
import type { ObservedFile } from '../../src/xen/whole-file.ts';
import { fileOf } from '../steps/observed.ts';
import { unpacked } from './debian.ts';
import { guest, webserv } from './fleet.ts';
import { hasNamespaces, isAvailable, Namespace } from './namespace.ts';

const foreign = (name: string, match: string): ObservedFile => ({
  path: `/etc/systemd/network/${name}`,
  file: fileOf(`[Match]\n${match}\n[Link]\nName=lan0\n`),
});

describe('linkPlan', () => {
  test.each([
    ['MACAddress=de:ad:be:ef:00:01', 'eth1'],
    ['MACAddress=00:11:22:33:44:55 DE-AD-BE-EF-00-02', 'eth2'],
    ['OriginalName=eth0', 'eth0'],
    ['MACAddress=dead.beef.0001\nType=ether', 'eth1'],
  ])('says which of the vifs a file of another named: %s', (match, iface) => {
    expect(linkPlan(webserv, [foreign('10-lan.link', match)], 252)).toHaveProperty('remarks', [
      `/etc/systemd/network/10-lan.link is no longer used for ${iface}`,
    ]);
  });

  test.each([
    'MACAddress=00:11:22:33:44:55',
    'OriginalName=wlan*',
    'OriginalName=!eth*',
    'Type=!ether',
    'MACAddress=de:ad:be:ef:00:01\nType=wlan',
    'Kind=bridge\nOriginalName=*',
  ])('says nothing of a file that speaks of others: %s', (match) => {
    expect(linkPlan(webserv, [foreign('10-lan.link', match)], 252)).toHaveProperty('remarks', []);
  });

  const one = guest('one', webserv.vifs.slice(0, 1));
  const lan = '[Match]\nMACAddress=DE:AD:BE:EF:00:00\n\n[Link]\nName=eth0\nMTUBytes=9000\n';
  const listed = (path: string, text: string) => [{ path, file: fileOf(text) }];

  test('writes nothing where a file of somebody else gives the MAC its name', () => {
    expect(linkPlan(one, listed('/etc/systemd/network/10-lan.link', lan), 252)).toEqual({
      files: [],
      remarks: ['/etc/systemd/network/10-lan.link names eth0 already'],
    });
  });

  test.each([
    ['another name', 'Name=eth0', 'Name=lan0'],
    ['a policy before the name', 'Name=eth0', 'NamePolicy=path\nName=eth0'],
    ['no MAC', 'MACAddress=DE:AD:BE:EF:00:00', 'Driver=vif'],
    ['not at every boot', '[Link]', 'KernelCommandLine=lan\n[Link]'],
  ])('writes its own where that says something else: %s', (_, said, instead) => {
    const observed = listed('/etc/systemd/network/10-lan.link', lan.replace(said, instead));

    expect(linkPlan(one, observed, 252)).toMatchObject({ files: [expect.anything()] });
  });

  test('writes its own where the other one is made anew at boot', () => {
    const observed = listed('/run/systemd/network/10-lan.link', lan);

    expect(linkPlan(one, observed, 252)).toMatchObject({ files: [expect.anything()] });
  });
});

const udevadm = (): string => join(unpacked('udev', ['udev']), 'bin/udevadm');

const hasUdevadm =
  hasNamespaces &&
  isAvailable('no udevadm', () => {
    execFileSync(udevadm(), ['--version'], { stdio: 'ignore' });
  });

/** What udev would do with an interface, by the files of a plan. */
function netSetupLink(namespace: Namespace, files: string, iface: string): string {
  return namespace.run(`
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/udev /run/systemd/network
mount --bind ${files} /etc/systemd/network
${udevadm()} test-builtin net_setup_link /sys/class/net/${iface} 2>&1 || true`);
}

function udevVersion(): number {
  return Number(execFileSync(udevadm(), ['--version'], { encoding: 'utf8' }));
}

function withFiles(udev: number, use: (folder: string) => void): void {
  const plan = linkPlan(webserv, [], udev);
  if ('refusal' in plan) throw new Error(plan.refusal);
  const folder = mkdtempSync(join(tmpdir(), 'xpush-link-'));
  chmodSync(folder, 0o755);
  try {
    for (const { path, text } of plan.files) writeFileSync(join(folder, basename(path)), text);
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.runIf(hasUdevadm)('linkPlan, by udevadm', () => {
  test.each(['now', 'without the words of now'])('gives each MAC its name (%s)', (era) => {
    withFiles(era === 'now' ? udevVersion() : 241, (folder) => {
      using namespace = new Namespace();
      // in another order than the inventory has them
      namespace.addInterfaces(webserv.vifs.map(({ mac }) => mac).toReversed());

      const names = webserv.vifs.map((_, place) => {
        const said = netSetupLink(namespace, folder, `eth${place}`);
        expect(said).not.toMatch(/Unknown|\.link:\d+/);
        return /ID_NET_NAME=(\S+)/.exec(said)?.[1];
      });

      expect(names).toEqual(['eth2', 'eth1', 'eth0']);
    });
  });

  test('leaves a bridge alone that has the MAC of its port', () => {
    withFiles(udevVersion(), (folder) => {
      using namespace = new Namespace();
      namespace.run(`ip link add br0 address ${webserv.vifs[0]?.mac} type bridge`);

      expect(netSetupLink(namespace, folder, 'br0')).not.toContain('ID_NET_NAME=');
    });
  });
});
