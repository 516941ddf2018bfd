import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formerVifs } from '../../src/xen/former-vif.ts';
import { iftabFile } from '../../src/xen/iftab.ts';
import { runs } from '../runs.ts';
import { guest, webserv } from './fleet.ts';

fc.configureGlobal({ numRuns: runs() });

const own = `eth0 mac de:ad:be:ef:00:00 arp 1
eth1 mac de:ad:be:ef:00:01 arp 1
eth2 mac de:ad:be:ef:00:02 arp 1
`;

describe('iftabFile', () => {
  test('is the source document’s for its guest', () => {
    expect(iftabFile(null, webserv)).toBe(own);
    expect(iftabFile(own, webserv)).toBe(own);
  });

  test('replaces lines with our names or our MACs, and keeps all others', () => {
    const old = `# names
eth0\tmac 00:0c:29:00:00:01
wlan0 mac 00:0c:29:00:00:02
lan mac DE:AD:BE:EF:00:01 arp 1
`;

    expect(iftabFile(old, webserv)).toBe(`# names
eth0 mac de:ad:be:ef:00:00 arp 1
wlan0 mac 00:0c:29:00:00:02
eth1 mac de:ad:be:ef:00:01 arp 1
eth2 mac de:ad:be:ef:00:02 arp 1
`);
  });

  test('leaves lines alone that say the same, joined ones too', () => {
    const text = `eth2  mac DE:AD:BE:EF:00:02 # third
eth0 \\
  mac de:ad:be:ef:00:00
eth1 mac de:ad:be:ef:00:01 arp 1`;

    expect(iftabFile(text, webserv)).toBe(text);
  });

  test('sorts out two names that are swapped', () => {
    const old = `eth1 mac de:ad:be:ef:00:00 arp 1
eth0 mac de:ad:be:ef:00:01 arp 1
eth2 mac de:ad:be:ef:00:02 arp 1
`;

    expect(iftabFile(old, webserv)?.split('\n').toSorted()).toEqual(own.split('\n').toSorted());
  });

  test('takes away the line of a vif that left, and not what came in its place', () => {
    const one = guest('one', webserv.vifs.slice(0, 1));
    const former = formerVifs(webserv);
    const text = `# x\n${own}`;

    expect(iftabFile(text, one, former)).toBe('# x\neth0 mac de:ad:be:ef:00:00 arp 1\n');
    expect(iftabFile(text.replace('00:01', '00:09'), one, former)).toContain('eth1 mac');
    expect(iftabFile(text.replace('eth1 mac', 'lan mac'), one, former)).toContain('lan mac');
    expect(iftabFile(own, guest('none', []), former)).toBe('');
    expect(iftabFile(text, one)).toBe(text);
  });

  test('has nothing to write for a guest without vifs', () => {
    expect(iftabFile(null, guest('none', []))).toBeNull();
  });

  test('keeps foreign lines byte for byte, has ours once, and changes nothing again', () => {
    const foreign = fc.constantFrom(
      '# eth0 mac',
      '',
      'eth10 mac 00:0c:29:00:00:09',
      'x\\',
      '\\',
      '\xe9',
    );
    const ours = fc
      .tuple(
        fc.constantFrom('eth0', 'eth1', 'eth2', 'lan'),
        fc.constantFrom('de:ad:be:ef:00:00', 'DE:AD:BE:EF:00:01', '00:0c:29:00:00:01'),
        fc.constantFrom('', ' arp 1', ' # x'),
      )
      .map(([name, mac, more]) => `${name} mac ${mac}${more}`);

    fc.assert(
      fc.property(fc.array(fc.oneof(foreign, ours)), (lines) => {
        const text = iftabFile(lines.join('\n'), webserv) ?? '';

        expect(iftabFile(text, webserv)).toBe(text);
        if (!lines.some((line) => line.endsWith('\\'))) {
          const isForeign = (line: string) => line !== '' && !/^(eth[012]|lan) /.test(line);
          expect(text.split('\n').filter(isForeign)).toEqual(lines.filter(isForeign));
        }
        for (const line of own.split('\n').slice(0, 3)) {
          const [name = '', , mac = ''] = line.split(' ');
          expect(text.match(new RegExp(`^${name} mac ${mac}`, 'gim'))).toHaveLength(1);
        }
      }),
    );
  });
});
