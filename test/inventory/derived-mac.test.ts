import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derivedMac } from '../../src/inventory/derived-mac.ts';
import { runs } from '../runs.ts';

describe('derivedMac', () => {
  test('is fixed for ever', () => {
    expect(derivedMac('webserv', 'eth0')).toBe('00:16:3e:57:5d:b0');
    expect(derivedMac('mail', 'eth0')).toBe('00:16:3e:60:58:f6');
    expect(derivedMac('mail', 'eth1')).toBe('00:16:3e:20:30:1f');
  });

  test('is the prefix of Xen and the bits 2 to 24 of the digest', () => {
    const name = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
    fc.assert(
      fc.property(name, name, (domU, iface) => {
        const digest = createHash('sha256').update(`xpush:${domU}/${iface}`).digest('hex');
        const bits = BigInt(`0x${digest.slice(0, 6)}`) & 0x7fffffn;

        expect(derivedMac(domU, iface).replaceAll(':', '')).toBe(
          `00163e${bits.toString(16).padStart(6, '0')}`,
        );
      }),
      { numRuns: runs() },
    );
  });
});
