import { describe, expect, test } from 'vitest';
import { rtTables } from '../../src/steps/rt-tables.ts';
import { bind, fileOf, planTwice, stateFor } from './observed.ts';

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

  describe('what an earlier run wrote', () => {
    const memory = 'file:/var/lib/xpush/rt_tables.json';
    const answers = {
      [memory]: fileOf('[{"id":40,"name":"eth3-9"},{"id":16,"name":"eth0-200"}]'),
      [`file:${path}`]: fileOf('40\teth3-9\n41\ttheirs\n16\teth0-200\n17\teth1-201\n'),
    };

    test('goes when the inventory has it no more', () => {
      const { first, second } = planTwice(bind(rtTables, 'webserv'), answers);

      expect(first).toMatchObject({
        changes: [{ path, content: '41\ttheirs\n16\teth0-200\n17\teth1-201\n' }],
        upkeep: [
          { kind: 'directory' },
          { content: '[{"id":16,"name":"eth0-200"},{"id":17,"name":"eth1-201"}]\n' },
        ],
      });
      expect(second).toMatchObject({ changes: [], upkeep: [] });
    });

    test('goes with xpush, other lines stay', () => {
      const bound = bind(rtTables, 'webserv');

      expect(bound.leave?.(stateFor(bound, answers))).toMatchObject({
        changes: [{ path, content: '41\ttheirs\n' }],
        upkeep: [{ kind: 'remove' }],
      });
    });
  });
});
