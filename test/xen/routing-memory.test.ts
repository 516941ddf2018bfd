import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { mergeOwned, nothingOwned, ownedRoutingSchema } from '../../src/xen/routing-memory.ts';
import { mac } from './routing-states.ts';

const address = { mac: mac(1), ip: '192.168.0.5', prefix: 24 };

describe('ownedRoutingSchema', () => {
  test('takes what mergeOwned gives', () => {
    const owned = mergeOwned({ tables: [16], addresses: [address] });

    expect(v.parse(ownedRoutingSchema, JSON.parse(JSON.stringify(owned)))).toEqual(owned);
  });

  test.each([
    ['the main table', { tables: [254], addresses: [] }],
    ['table 0', { tables: [0], addresses: [] }],
    ['half a table', { tables: [16.5], addresses: [] }],
    ['words for an address', { tables: [], addresses: [{ ...address, ip: '-f' }] }],
    ['a name for a MAC', { tables: [], addresses: [{ ...address, mac: 'eth0' }] }],
    ['no end of tables', { tables: Array.from({ length: 1000 }, () => 16), addresses: [] }],
    ['a part', { tables: [16] }],
  ])('takes no %s', (_, owned) => {
    expect(v.safeParse(ownedRoutingSchema, owned).success).toBe(false);
  });
});

describe('mergeOwned', () => {
  test('has each once, in one order', () => {
    const other = { ...address, ip: '192.168.0.4' };
    const merged = { tables: [16, 17], addresses: [other, address] };

    expect(
      mergeOwned({ tables: [17], addresses: [address] }, { tables: [16, 17], addresses: [other] }),
    ).toEqual(merged);
    expect(mergeOwned(merged, nothingOwned)).toEqual(merged);
  });

  test('is null for nothing', () => {
    expect(mergeOwned(nothingOwned, nothingOwned)).toBeNull();
  });
});
