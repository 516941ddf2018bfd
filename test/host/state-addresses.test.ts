import { describe, expect, test } from 'vitest';
import { change } from '../../src/host/change.ts';
import type { Observation } from '../../src/host/look-program.ts';
import {
  type Answer,
  type NetworkInterface,
  type Query,
  query,
  queryKey,
  type Route,
} from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';

const observed = (...entries: readonly (readonly [Query, Observation])[]) =>
  new HostState(new Map(entries.map(([asked, observation]) => [queryKey(asked), observation])));

const answer = <Q extends Query>(state: HostState, asked: Q): Answer<Q> | undefined => {
  const observation = state.get(asked);
  return observation !== undefined && 'answer' in observation
    ? (observation.answer as Answer<Q>)
    : undefined;
};

describe('HostState.after', () => {
  const route = (destination: string, dev: string, more: Partial<Route> = {}): Route => ({
    ...{ table: 254, destination, via: null, dev, scope: null, src: null, metric: null, rest: '' },
    ...more,
  });
  const deleted = (
    family: 4 | 6,
    addresses: NetworkInterface['addresses'],
    entries: readonly Route[],
  ) => {
    const interfaces = [{ name: 'eth0', mac: null, isUp: true, addresses }];
    const listing = { entries, fingerprint: 's' };
    const state = observed(
      [query.interfaces(), { answer: interfaces }],
      [query.routes(family), { answer: listing }],
      [query.path({ to: '10.9.9.9' }), { answer: null as never }],
    );
    const [go] = change.routing(
      family,
      [{ verb: 'delete', object: 'address', iface: 'eth0', ...addresses[0]! }],
      { rules: { entries: [], fingerprint: 'r' }, routes: listing },
    );
    const after = state.after(go!);
    expect(answer(after, query.interfaces())?.[0]?.addresses).toEqual(addresses.slice(1));
    expect(after.get(query.path({ to: '10.9.9.9' }))).toHaveProperty('failure');
    return answer(after, query.routes(family))?.entries;
  };
  const kernel = { rest: 'proto kernel' };

  test('addresses that go hand the route of their network to the next, and take those of table main along', () => {
    const others = [
      route('10.7.0.0/24', 'eth0', { table: 16, src: '10.0.0.1' }),
      route('10.8.0.0/24', 'eth0'),
    ];

    expect(
      deleted(
        4,
        [
          { ip: '10.0.0.1', prefix: 24 },
          { ip: '10.0.0.2', prefix: 24 },
        ],
        [
          route('10.0.0.0/24', 'eth0', { src: '10.0.0.1', ...kernel }),
          route('10.7.0.0/24', 'eth0', { src: '10.0.0.1' }),
          ...others,
        ],
      ),
    ).toEqual([...others, route('10.0.0.0/24', 'eth0', { src: '10.0.0.2', ...kernel })]);
  });

  test('the last leaves no route of the interface in its family', () => {
    const elsewhere = route('10.9.0.0/24', 'eth1');

    expect(
      deleted(
        4,
        [
          { ip: '10.0.0.1', prefix: 24 },
          { ip: '2001:db8::1', prefix: 64 },
        ],
        [route('10.7.0.0/24', 'eth0', { table: 16 }), elsewhere],
      ),
    ).toEqual([elsewhere]);
  });

  test('those of IPv6 leave their routes, which forget them', () => {
    const network = route('2001:db8::/64', 'eth0', { metric: 256, ...kernel });
    const mine = route('::/0', 'eth0', { table: 16, src: '2001:db8::1' });

    expect(
      deleted(
        6,
        [
          { ip: '2001:db8::1', prefix: 64 },
          { ip: '2001:db8::2', prefix: 64 },
        ],
        [network, mine],
      ),
    ).toEqual([network, { ...mine, src: null }]);
    expect(deleted(6, [{ ip: '2001:db8::1', prefix: 64 }], [network, mine])).toEqual([
      { ...mine, src: null },
    ]);
  });
});
