import { describe, expect, test } from 'vitest';
import { lastingRoutes } from '../../src/xen/routing-lasting.ts';
import { link, mac, route } from './routing-states.ts';

const lan = route(254, '192.168.0.0/24', { dev: 'eth0', src: '192.168.0.5', rest: 'proto kernel' });
const gateway = route(254, '0.0.0.0/0', { via: '192.168.0.1', dev: 'eth0' });
const sourced = route(100, '10.0.0.0/8', { dev: 'tun0', src: '192.168.0.5' });
const routes = [lan, gateway, sourced];
const removals = [{ iface: 'eth0', ip: '192.168.0.5', prefix: 24 }];
const left = (...addresses: readonly string[]) =>
  lastingRoutes(
    { additions: [], removals },
    { interfaces: [link('eth0', mac(0), ['192.168.0.5/24', ...addresses])], routes },
    4,
  );

describe('lastingRoutes', () => {
  test('has all but those by that source while the network has another address', () => {
    expect(left('192.168.0.6/24')).toEqual([lan, gateway]);
  });

  test('has no network whose last address goes', () => {
    expect(left('10.77.0.5/24')).toEqual([gateway]);
  });

  test('has nothing of an interface that loses its last IPv4 address', () => {
    expect(left('2001:db8::5/64')).toEqual([]);
  });

  test('has what names the address as source if it is elsewhere too', () => {
    const interfaces = [
      link('eth0', mac(0), ['192.168.0.5/24', '192.168.0.6/24']),
      link('eth1', mac(1), ['192.168.0.5/24']),
    ];

    expect(lastingRoutes({ additions: [], removals }, { interfaces, routes }, 4)).toEqual(routes);
  });

  test('keeps the other routes of an interface that loses its last IPv6 address', () => {
    const interfaces = [link('eth0', mac(0), ['2001:db8::5/64'])];
    const six = [
      route(254, '2001:db8::/64', { dev: 'eth0', metric: 256 }),
      route(254, '::/0', { via: 'fe80::1', dev: 'eth0' }),
    ];
    const gone = [{ iface: 'eth0', ip: '2001:db8::5', prefix: 64 }];

    expect(
      lastingRoutes({ additions: [], removals: gone }, { interfaces, routes: six }, 6),
    ).toEqual(six.slice(1));
  });
});
