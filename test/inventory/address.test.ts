import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  familyOf,
  formatIp,
  formatIpNetwork,
  holdsIp,
  lastIpOf,
  normalIp,
  parseIp,
  parseIpCidr,
  parseIpNetwork,
} from '../../src/inventory/address.ts';
import { runs } from '../runs.ts';

const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6().filter((text) => !text.includes('%'));
const address = fc.oneof(ipv4, ipv6);

/** What the URL standard's own serializer, which is RFC 5952's, makes of an IPv6 address. */
const byUrl = (text: string): string => new URL(`http://[${text}]/`).hostname.slice(1, -1);

describe('parseIp', () => {
  test('takes what Node takes for an IPv6 address, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.oneof(ipv6, fc.stringMatching(/^[0-9a-fA-F:.%/]{0,20}$/), fc.string()),
        (text) => {
          const isOne = isIPv6(text) && !text.includes('%');
          expect(parseIp(text)?.family === 6).toBe(isOne);
        },
      ),
      { numRuns: runs(1000) },
    );
  });

  test.each([
    'fe80::1%eth0',
    '[::1]',
    '::1/128',
    '1:2:3:4:5:6:7',
    '1::2::3',
    ':::',
    '12345::',
    '::1.2.3',
    '::01.2.3.4',
    ' ::1',
    '::1\n',
    '010.0.0.1',
    '10.1',
    '',
  ])('refuses %j', (text) => {
    expect(parseIp(text)).toBeNull();
  });
});

describe('normalIp', () => {
  test('writes IPv6 as RFC 5952 does, and an address in one way only', () => {
    fc.assert(
      fc.property(ipv6, (text) => {
        const normal = normalIp(text);

        expect(normal).toBe(byUrl(text));
        expect(normalIp(normal)).toBe(normal);
        expect(parseIp(normal)).toEqual(parseIp(text));
      }),
      { numRuns: runs(500) },
    );
  });

  test.each([
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['10.0.0.1', '10.0.0.1'],
    ['no address', 'no address'],
  ])('%s becomes %s', (text, normal) => {
    expect(normalIp(text)).toBe(normal);
  });
});

describe('parseIpCidr', () => {
  test('a network holds its first and last address and what was written, and neither neighbour', () => {
    fc.assert(
      fc.property(address, fc.nat(128), (text, length) => {
        const family = familyOf(text);
        const prefix = family === 4 ? length % 33 : length;
        const cidr = parseIpCidr(`${text}/${prefix}`);
        if (cidr === null) throw new Error(`${text}/${prefix} is a network`);
        const { network } = cidr;
        const last = lastIpOf(network);

        expect(formatIp(cidr.address)).toBe(normalIp(text));
        expect(parseIpCidr(formatIpNetwork(network))?.network).toEqual(network);
        for (const number of [network.first, cidr.address.number, last.number])
          expect(holdsIp(network, { family, number })).toBe(true);
        for (const number of [network.first - 1n, last.number + 1n])
          expect(holdsIp(network, { family, number })).toBe(false);
        expect(holdsIp(network, { ...last, family: family === 4 ? 6 : 4 })).toBe(false);
      }),
      { numRuns: runs(500) },
    );
  });

  test.each(['::/129', '10.0.0.0/33', '::/064', '::/', '::', '::/1/1', '::/-1', '::/1e1'])(
    'refuses %s',
    (text) => {
      expect(parseIpCidr(text)).toBeNull();
    },
  );
});

describe('parseIpNetwork', () => {
  test('takes an address for a network of one', () => {
    const network = parseIpNetwork('2001:DB8::1');

    expect(network && formatIpNetwork(network)).toBe('2001:db8::1/128');
    expect(parseIpNetwork('10.0.0.1')?.prefix).toBe(32);
    expect(parseIpNetwork('lan')).toBeNull();
  });
});
