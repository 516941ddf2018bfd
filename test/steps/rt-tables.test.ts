import { describe, expect, test } from 'vitest';
import { rtTables } from '../../src/steps/rt-tables.ts';
import { bind, fileOf, planTwice } from './observed.ts';

const path = '/etc/iproute2/rt_tables';

describe('rt_tables', () => {
  test('adds the names of the guest’s tables behind what is there', () => {
    const { first } = planTwice(bind(rtTables, 'webserv'), {
      [`file:${path}`]: fileOf('254\tmain\n1\tmine\n'),
    });

    expect(first).toMatchObject({
      changes: [{ path, content: '254\tmain\n1\tmine\n16\teth0-200\n17\teth1-201\n' }],
    });
  });

  test('does nothing where iproute2 has its files elsewhere', () => {
    const { first } = planTwice(bind(rtTables, 'webserv'), {
      'file:/etc/iproute2': { type: 'absent' },
    });

    expect(first).toMatchObject({
      changes: [],
      message: 'there is no /etc/iproute2: the tables go by their numbers',
    });
  });

  test('does nothing when they are named', () => {
    const { first } = planTwice(bind(rtTables, 'webserv'), {
      [`file:${path}`]: fileOf('254 main\n17 eth1-201\n16 eth0-200 # first\n'),
    });

    expect(first).toMatchObject({ changes: [] });
  });
});
