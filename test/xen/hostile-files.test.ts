import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentLimit } from '../../src/host/query.ts';
import { formerVifs } from '../../src/xen/former-vif.ts';
import { iftabFile } from '../../src/xen/iftab.ts';
import { interfacesFile, withoutPolicyRouting } from '../../src/xen/interfaces-file.ts';
import { includedIn } from '../../src/xen/interfaces-includes.ts';
import { splitJoinedLines, splitLines } from '../../src/xen/own-lines.ts';
import { rtTablesFile, tableNames } from '../../src/xen/rt-tables-file.ts';
import { udevNamesFile } from '../../src/xen/udev-names.ts';
import { editVifList } from '../../src/xen/vif-list.ts';
import { runs } from '../runs.ts';
import { webserv } from './fleet.ts';

/** What is said of a file by its host, which may be anybody's by now: as large as steps edit. */
const size = contentLimit - 1024;

const pumped = (before: string, unit: string, after: string): string =>
  before + unit.repeat(Math.floor(size / unit.length)) + after;

const editors = {
  interfacesFile: (text: string) => interfacesFile(text, webserv, formerVifs(webserv)),
  withoutPolicyRouting,
  includedIn: (text: string) => includedIn(text),
  iftabFile: (text: string) => iftabFile(text, webserv, formerVifs(webserv)),
  udevNamesFile: (text: string) => udevNamesFile(text, webserv, 175, formerVifs(webserv)),
  rtTablesFile: (text: string) =>
    rtTablesFile(text, tableNames(webserv), [{ id: 40, name: 'old' }]),
  editVifList: (text: string) => editVifList(text, webserv),
} as const;

function processorMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe.each(Object.entries(editors))('%s', (_name, edit) => {
  test.each<[string, string, string]>([
    ['iface eth9 inet static a', 'a', '\\\r'],
    ['', '\t', '\\\r'],
    ['', '\\', '\r'],
    ['iface eth9 inet manual\n', '\n', ' up true\n'],
    ['iface eth0 inet static\n up ip ', '-ip ', '\n'],
    ['iface eth0 inet static\n', ' address 192.168.0.200\n', ''],
    ['', 'iface eth0:1 inet static\n address 192.168.0.200\n', ''],
    ["vif = ['a', 'b'", ' ', "#\n, 'c']\n"],
    ["vif = ['a', 'b' #x", ' ', "x\n, 'c']\n"],
    ["vif = ['", '\\x', "']\n"],
    ['vif = ', '[', ''],
    ['vif = [', "'mac=de:ad:be:ef:00:00',", ']\n'],
    ['', 'eth0 mac de:ad:be:ef:00:00\n', ''],
    ['', '16 eth0-200\n', ''],
    ['iface eth0 inet static\n up ip rule add from ', 'a:', ' table 16\n'],
    ['iface eth1 inet6 static\n', ' address ::\n', ''],
    ['', 'iface eth3\n', ''],
    ['', 'iface eth0 inet6 static\n mtu 1\n', ''],
    ['source ', '* ', '\n'],
    ['source interfaces.d/', '*a', '\n'],
    ['SUBSYSTEM=="net", ', 'A', ''],
    ['SUBSYSTEM=="net", ', 'A{', ''],
    ['SUBSYSTEM=="net", NAME', ' ', '"eth0"'],
    ['', 'SUBSYSTEM=="net", NAME="eth0"\n', ''],
    ['SUBSYSTEM=="net"', ', NAME="eth0"', '\n'],
    ['16', ' ', '\n'],
  ])('takes no more than a moment for %j and so much of %j, then %j', (before, unit, after) => {
    const text = pumped(before, unit, after);

    expect(processorMs(() => edit(text))).toBeLessThan(3_000);
  });
});

describe('splitLines, splitJoinedLines', () => {
  test('lose no byte of any text', () => {
    const text = fc.string({
      unit: fc.constantFrom('\\', '\n', '\r', ' ', '\t', '#', 'a', '\0', '\x85', '\xff'),
    });
    fc.assert(
      fc.property(text, (lines) => {
        expect(splitLines(lines).join('')).toBe(lines);
        expect(splitJoinedLines(lines).join('')).toBe(lines);
      }),
      { numRuns: runs(1000) },
    );
  });
});
