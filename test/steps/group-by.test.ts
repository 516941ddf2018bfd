import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { groupBy } from '../../src/steps/group-by.ts';
import { bind, stateFor } from './observed.ts';

function planned(params: unknown) {
  const bound = bind(groupBy, 'plain', v.parse(groupBy.params, params));
  return bound.plan(stateFor(bound, {}));
}

describe('group_by', () => {
  test('puts its host into a group, whose name has no blanks', () => {
    expect(planned({ key: 'Red Hat 9', parents: 'rpm' })).toEqual({
      changes: [],
      message: 'joins Red-Hat-9',
      adds: [{ kind: 'member', group: 'Red-Hat-9', parents: ['rpm'] }],
    });
  });

  test.each([
    [{ key: 'xen1' }, '"xen1" is a host, and cannot be a group'],
    [{ key: 'a', parents: ['b', 'a'] }, '"a" cannot be part of itself'],
  ])('refuses %j', (params, refusal) => {
    expect(planned(params)).toMatchObject({ refusal });
  });

  test.each([{ key: 'all' }, { key: 'a/b' }, {}])('takes no %j', (params) => {
    expect(v.safeParse(groupBy.params, params).success).toBe(false);
  });
});
