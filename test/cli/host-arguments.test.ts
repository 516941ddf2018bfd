import { describe, expect, test } from 'vitest';
import { hostsOfArguments } from '../../src/cli/host-arguments.ts';

describe('hostsOfArguments', () => {
  test('has each host once, in their order', () => {
    const { hosts } = hostsOfArguments(['xen2', '192.0.2.1', 'xen2', '2001:db8::1']);

    expect([...hosts.keys()]).toEqual(['xen2', '192.0.2.1', '2001:db8::1']);
  });

  test.each(['fleet.yaml', './fleet.yml', 'inventory/fleet.yaml', '/etc/fleet'])(
    'says that %s is no host',
    (word) => {
      expect(() => hostsOfArguments(['xen1', word])).toThrowError(
        expect.objectContaining({ name: 'UsageError', hint: expect.any(String) }),
      );
    },
  );
});
