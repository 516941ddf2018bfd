import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Change, change } from '../../src/host/change.ts';
import type { Observation } from '../../src/host/look-program.ts';
import {
  type Answer,
  type FileState,
  type NetworkInterface,
  type Query,
  query,
  queryKey,
  type Route,
  type Rule,
} from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import { runs } from '../runs.ts';

const observed = (...entries: readonly (readonly [Query, Observation])[]) =>
  new HostState(new Map(entries.map(([asked, observation]) => [queryKey(asked), observation])));

const answer = <Q extends Query>(state: HostState, asked: Q): Answer<Q> | undefined => {
  const observation = state.get(asked);
  return observation !== undefined && 'answer' in observation
    ? (observation.answer as Answer<Q>)
    : undefined;
};

const bytes = fc
  .uint8Array({ maxLength: 50 })
  .map((array) => Buffer.from(array).toString('latin1'));
const fileState: fc.Arbitrary<FileState> = fc.oneof(
  fc
    .constantFrom('absent', 'directory', 'special', 'unreadable')
    .map((type) => ({ type }) as const),
  fc.record({
    type: fc.constant('file' as const),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: fc.nat(),
    gid: fc.nat(),
    size: fc.constant(300_000),
    content: fc.constant(null),
    sums: fc.constant(`${'0'.repeat(64)} * *`),
  }),
  fc
    .record({
      type: fc.constant('file' as const),
      mode: fc.integer({ min: 0, max: 0o7777 }),
      uid: fc.nat(),
      gid: fc.nat(),
      content: bytes,
    })
    .map((file) => ({ ...file, size: file.content.length })),
);
const mode = fc.option(fc.integer({ min: 0, max: 0o7777 }), { nil: undefined });

const path = query.file('/etc/a');
const other = query.file('/etc/b');

describe('HostState.after', () => {
  test('a file that was written is as it was meant: writing it again is no change', () => {
    fc.assert(
      fc.property(fileState, bytes, mode, (before, content, bits) => {
        const options = { effect: 'boot', ...(bits === undefined ? {} : { mode: bits }) } as const;
        const state = observed([path, { answer: before }], [other, { answer: before }]);

        const changes = change.writeFile('/etc/a', content, before, options);
        const after = changes.reduce((one: HostState, next: Change) => one.after(next), state);

        const seen = answer(after, path);
        expect(seen).toMatchObject({ type: 'file', content, size: content.length });
        expect(change.writeFile('/etc/a', content, seen!, options)).toEqual([]);
        if (before.type === 'file') {
          expect(seen).toMatchObject({
            mode: bits ?? before.mode,
            uid: before.uid,
            gid: before.gid,
          });
        } else {
          expect(seen).toMatchObject({ mode: bits ?? 0o644 });
        }
        expect(answer(after, other)).toEqual(before);
        expect(answer(state, path)).toEqual(before);
      }),
      { numRuns: runs() },
    );
  });

  test('a file that was removed is absent', () => {
    const before = { type: 'directory' } as const;
    const state = observed([path, { answer: before }], [other, { answer: before }]);

    const after = state.after({ kind: 'remove', effect: 'boot', path: '/etc/a', before });

    expect(answer(after, path)).toEqual({ type: 'absent' });
    expect(answer(after, other)).toEqual(before);
  });

  test('a parameter has its value, whatever blanks were written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 1 }),
        fc.constantFrom(' ', '\t', '  '),
        (numbers, blank) => {
          const asked = query.parameter('net.ipv4.x');
          const state = observed([asked, { answer: 'old' }]);

          const [set] = change.setParameter('net.ipv4.x', numbers.join(blank), 'old');
          const value = answer(state.after(set!), asked);

          expect(value).toBe(numbers.join(' '));
          expect(change.setParameter('net.ipv4.x', numbers.join(blank), value!)).toEqual([]);
        },
      ),
      { numRuns: runs() },
    );
  });

  test('a command changes nothing that is known', () => {
    const state = observed([path, { answer: { type: 'absent' } }]);

    expect(answer(state.after(change.command(['rm', '/etc/a'], null)), path)).toEqual({
      type: 'absent',
    });
  });

  test('what was never asked, or could not be answered, stays so', () => {
    const state = observed([path, { failure: 'no' }]);
    const [write] = change.writeFile('/etc/b', 'x', { type: 'absent' }, { effect: 'boot' });
    const [overwrite] = change.writeFile('/etc/a', 'x', { type: 'absent' }, { effect: 'boot' });

    const after = state.after(write!).after(overwrite!);

    expect(after.get(other)).toBeUndefined();
    expect(after.get(path)).toEqual({ failure: 'no' });
  });

  test('routing that was changed has no fingerprint: what the host prints is not known', () => {
    const rule: Rule = {
      ...{ priority: 1000, from: 'all', to: null, iif: null, oif: null, table: 16, rest: '' },
    };
    const listings = {
      rules: { entries: [], fingerprint: 'r' },
      routes: { entries: [], fingerprint: 's' },
    };
    const state = observed(
      [query.rules(4), { answer: listings.rules }],
      [query.routes(4), { answer: listings.routes }],
    );

    const [add] = change.routing(4, [{ verb: 'add', object: 'rule', rule }], listings);
    const after = state.after(add!);

    expect(answer(after, query.rules(4))).toEqual({ entries: [rule], fingerprint: null });
    expect(answer(after, query.routes(4))).toEqual({ entries: [], fingerprint: null });
    const reordered = Object.fromEntries(Object.entries(rule).reverse()) as unknown as Rule;
    const [remove] = change.routing(
      4,
      [{ verb: 'delete', object: 'rule', rule: reordered }],
      listings,
    );
    expect(answer(after.after(remove!), query.rules(4))?.entries).toEqual([]);
  });

  test('of two routes to one network the first is replaced, and only the one meant is deleted', () => {
    const route = (dev: string, rest = ''): Route => ({
      ...{ table: 254, destination: '10.0.0.0/24', via: null, dev, scope: 'link' },
      ...{ src: null, metric: null, rest },
    });
    const entries = [route('eth0'), route('eth1')];
    const routes = { entries, fingerprint: 's' };
    const before = { rules: { entries: [], fingerprint: 'r' }, routes };
    const state = observed([query.routes(4), { answer: routes }]);
    const routesAfter = (verb: 'replace' | 'delete', one: Route) => {
      const [only] = change.routing(4, [{ verb, object: 'route', route: one }], before);
      return answer(state.after(only!), query.routes(4))?.entries;
    };

    expect(routesAfter('replace', route('eth2'))).toEqual([route('eth2'), route('eth1')]);
    expect(routesAfter('replace', route('eth2', 'tos 0x10'))).toEqual([
      ...entries,
      route('eth2', 'tos 0x10'),
    ]);
    expect(routesAfter('delete', route('eth1'))).toEqual([route('eth0')]);
    expect(routesAfter('delete', route('eth3'))).toEqual(entries);
  });

  test('an address brings the route of its network, unless the link is down or has one', () => {
    const link = (name: string, isUp: boolean, ip?: string): NetworkInterface => {
      return { name, mac: null, isUp, addresses: ip === undefined ? [] : [{ ip, prefix: 24 }] };
    };
    const listings = {
      rules: { entries: [], fingerprint: 'r' },
      routes: { entries: [], fingerprint: 's' },
    };
    const state = observed(
      [
        query.interfaces(),
        { answer: [link('up', true), link('down', false), link('has', true, '10.0.2.1')] },
      ],
      [query.routes(4), { answer: listings.routes }],
    );
    const destinations = (iface: string, ip: string, prefix: number) => {
      const [add] = change.routing(
        4,
        [{ verb: 'add', object: 'address', iface, ip, prefix }],
        listings,
      );
      const after = state.after(add!);
      const owner = answer(after, query.interfaces())?.find(({ name }) => name === iface);
      expect(owner?.addresses.at(-1)).toEqual({ ip, prefix });
      return answer(after, query.routes(4))?.entries.map(({ destination }) => destination);
    };

    expect(destinations('up', '10.0.3.200', 25)).toEqual(['10.0.3.128/25']);
    expect(destinations('up', '10.0.3.200', 32)).toEqual([]);
    expect(destinations('down', '10.0.3.200', 24)).toEqual([]);
    expect(destinations('has', '10.0.2.2', 24)).toEqual([]);
    expect(destinations('has', '10.0.2.2', 25)).toEqual(['10.0.2.0/25']);
    expect(destinations('up', '200.1.2.3', 1)).toEqual(['128.0.0.0/1']);
    expect(destinations('up', '200.1.2.3', 0)).toEqual([]);
  });
});

describe('HostState.with', () => {
  test('adds answers and keeps the others', () => {
    const state = observed([path, { answer: { type: 'absent' } }]);

    const more = state.with(new Map([[queryKey(other), { answer: { type: 'directory' } }]]));

    expect(answer(more, path)).toEqual({ type: 'absent' });
    expect(answer(more, other)).toEqual({ type: 'directory' });
    expect(state.get(other)).toBeUndefined();
  });
});
