import { describe, expect, test } from 'vitest';
import { proberFor, type Vantage } from '../../src/verify/probing.ts';
import { webserv } from '../xen/fleet.ts';
import { second } from './known.ts';

const book = new Map([
  ['192.168.0.100', 'xen1'],
  ['203.0.113.9', 'bastion'],
  ['192.168.0.200', 'webserv'],
]);

const seenFrom = (vantage: Partial<Vantage>, subject = second) =>
  proberFor(subject, { own: '192.168.0.10', peer: null, isRoot: false, ...vantage }, book);

const other = { reason: expect.stringContaining('by way of another host') };

describe('proberFor', () => {
  test.each<[string, Partial<Vantage>, object]>([
    ['the guest sees this machine', { peer: '192.168.0.10' }, { source: '192.168.0.10' }],
    ['the guest could not be asked', {}, { source: '192.168.0.10' }],
    [
      'the guest was reached by the other family',
      { peer: '2001:db8::9' },
      { source: '192.168.0.10' },
    ],
    ['a private address is translated', { peer: '203.0.113.77' }, { source: '203.0.113.77' }],
    ['a host of the inventory is on the way', { peer: '203.0.113.9' }, other],
    ['a private address sees another one', { peer: '10.1.1.1' }, other],
    ['a public address sees another one', { own: '198.51.100.1', peer: '203.0.113.77' }, other],
    ['no way', { own: null }, { reason: 'this machine has no way to IPv4 addresses' }],
    [
      'on dom0 itself',
      { own: '192.168.0.100' },
      { reason: expect.stringContaining('pass by its firewall') },
    ],
  ])('%s', (_, vantage, wanted) => {
    expect(seenFrom(vantage)).toMatchObject(wanted);
  });

  test('a jump host of the inventory', () => {
    const guest = { ...webserv, ssh: { ...webserv.ssh, jump: 'dom0' } };

    expect(seenFrom({}, { ...second, guest })).toMatchObject({
      reason: expect.stringContaining('jump host'),
    });
  });
});
