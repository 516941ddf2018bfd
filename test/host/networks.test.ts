import fc from 'fast-check';
import { Address6 } from 'ip-address';
import { describe, expect, test } from 'vitest';
import { networkOf } from '../../src/host/networks.ts';
import { runs } from '../runs.ts';

describe('networkOf', () => {
  test.each([
    ['10.1.2.3', 8, '10.0.0.0/8'],
    ['10.1.2.3', 32, '10.1.2.3/32'],
    ['200.1.2.3', 0, '0.0.0.0/0'],
    ['2001:db8::1:0:0:5', 64, '2001:db8::/64'],
    ['2001:db8::1:0:0:5', 128, '2001:db8::1:0:0:5/128'],
    ['2001:db8:0:0:1::5', 80, '2001:db8:0:0:1::/80'],
    ['2001:db8:0:1:1:1:1:1', 48, '2001:db8::/48'],
    ['::ffff:10.0.0.1', 128, '::ffff:a00:1/128'],
    ['::1', 0, '::/0'],
    ['1:0:0:2:0:0:0:3', 128, '1:0:0:2::3/128'],
    ['1:0:2:3:4:5:6:7', 128, '1:0:2:3:4:5:6:7/128'],
  ])('of %s/%i is %s', (ip, prefix, network) => {
    expect(networkOf(ip, prefix)).toBe(network);
  });

  test('is written as others write it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 0, 0, 1, 0xffff, 0x10, 0xab0), { minLength: 8, maxLength: 8 }),
        fc.integer({ min: 0, max: 128 }),
        (groups, prefix) => {
          const ip = groups.map((group) => group.toString(16)).join(':');
          const other = new Address6(`${ip}/${prefix}`).startAddress().correctForm();

          expect(networkOf(ip, prefix)).toBe(`${other}/${prefix}`);
        },
      ),
      { numRuns: runs(1000) },
    );
  });
});
