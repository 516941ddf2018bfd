import { describe, expect, test } from 'vitest';
import { contentLimit } from '../../src/host/query.ts';
import { linkPlan } from '../../src/xen/link-files.ts';
import { netplanPlan } from '../../src/xen/netplan.ts';
import { plainNetplanFile } from '../../src/xen/netplan-file.ts';
import { networkdPlan } from '../../src/xen/networkd.ts';
import { plainNetworkdFile } from '../../src/xen/networkd-file.ts';
import { fileOf } from '../steps/observed.ts';
import { webserv } from './fleet.ts';

/** What a host says of its files may be anybody's by now: as large as steps edit. */
const pumped = (before: string, unit: string, after: string): string =>
  before + unit.repeat(Math.floor((contentLimit - 1024) / unit.length)) + after;

const readers = {
  networkdPlan: (text: string) =>
    networkdPlan(webserv, [{ path: '/etc/systemd/network/50.network', file: fileOf(text) }], 252),
  linkPlan: (text: string) =>
    linkPlan(webserv, [{ path: '/etc/systemd/network/50.link', file: fileOf(text) }], 252),
  netplanPlan: (text: string) =>
    netplanPlan(webserv, [{ path: '/etc/netplan/50.yaml', file: fileOf(text) }], true),
  plainNetworkdFile,
  plainNetplanFile,
} as const;

function processorMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe.each(Object.entries(readers))('%s', (_name, read) => {
  test.each<[string, string, string]>([
    ['[Match]\nName=', '*', 'x\n'],
    ['[Match]\nName=', '*a ', '\n'],
    ['[Match]\nMACAddress=', 'de:ad:be:ef:00:00 ', '\n'],
    ['[Match]\n', 'Name=e*\n', ''],
    ['[Match]\nName=eth*\n', '[Route]\nDestination=10.0.0.0/8\n', ''],
    ['[Match]\nName=eth*\n[Network]\n', '# x\n', 'DNS=1\n'],
    ['[Match]\nName=eth*\n[Network]\nDNS=1 ', '\\\n', '\n'],
    ['[', '[', ']\n'],
    ['', '=', '\n'],
    ['', '\n[Route]\n', '\nTable=1'],
    ['network:\n  ethernets:\n    eth0:\n      routes:\n', '      - to: default\n', ''],
    ['network:\n  ethernets:\n    eth0:\n      routes:\n', '      - {table: 1}\n', ''],
    ['network:\n  ethernets:\n', '    e: {dhcp4: true}\n', ''],
    ['network:\n  ethernets:\n    eth0:\n      addresses: [', '1,', ']\n'],
    ['network:\n  ethernets:\n    eth0: {match: {name: "', '*a', '"}}\n'],
    ['', ' - {', 'table: \n'],
    ['', ' routes:\n', ''],
    ['', ' ', 'routes:'],
  ])('takes no more than a moment for %j and so much of %j, then %j', (before, unit, after) => {
    const text = pumped(before, unit, after);

    expect(processorMs(() => read(text))).toBeLessThan(3_000);
  });
});

describe('netplanPlan', () => {
  test('takes no more than a moment for many definitions of other interfaces', () => {
    const names = Array.from({ length: 9_000 }, (_, place) => `    e${place}: {dhcp4: true}\n`);
    const text = `network:\n  ethernets:\n${names.join('')}    eth0:\n      dhcp4: true\n`;

    expect(processorMs(() => readers.netplanPlan(text))).toBeLessThan(3_000);
  });
});
