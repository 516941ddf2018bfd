import { describe, expect, test } from 'vitest';
import { sourceAddress } from '../../src/connection/source-address.ts';

describe('sourceAddress', () => {
  test('is the loopback address to itself, and none to where nobody gets', async () => {
    expect(await sourceAddress('127.0.0.1')).toBe('127.0.0.1');
    expect(await sourceAddress('255.255.255.255')).toBeNull();
  });
});
