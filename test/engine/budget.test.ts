import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchStops, exceeded, type FailureLimit, failureLimit } from '../../src/engine/budget.ts';
import type { HostStatus } from '../../src/engine/events.ts';
import { usualRollout } from '../../src/playbook/model.ts';

const usual: FailureLimit = { kind: 'usual' };

describe('failureLimit', () => {
  test('any_errors_fatal goes before max_fail_percentage', () => {
    expect(failureLimit(usualRollout)).toEqual(usual);
    expect(failureLimit({ ...usualRollout, maxFailPercentage: 5 })).toEqual({
      kind: 'percent',
      most: 5,
    });
    expect(failureLimit({ ...usualRollout, maxFailPercentage: 5, anyErrorsFatal: true })).toEqual({
      kind: 'hosts',
      most: 0,
    });
  });
});

describe('exceeded', () => {
  test.each<[FailureLimit, number, number, string | null]>([
    [usual, 2, 2, null],
    [usual, 3, 3, '3 of 3 hosts begun ended badly, more than a fifth'],
    [usual, 3, 14, '3 of 14 hosts begun ended badly, more than a fifth'],
    [usual, 3, 15, null],
    [usual, 200, 1000, null],
    [usual, 201, 1000, '201 of 1000 hosts begun ended badly, more than a fifth'],
    [{ kind: 'percent', most: 5 }, 1, 20, null],
    [{ kind: 'percent', most: 5 }, 1, 19, '1 of 19 hosts begun ended badly, more than 5%'],
    [{ kind: 'percent', most: 100 }, 9, 9, null],
    [{ kind: 'percent', most: 0 }, 1, 999, '1 of 999 hosts begun ended badly, more than 0%'],
    [{ kind: 'hosts', most: 2 }, 2, 2, null],
    [{ kind: 'hosts', most: 2 }, 3, 999, '3 of 999 hosts begun ended badly, more than 2'],
    [{ kind: 'hosts', most: 0 }, 1, 999, 'a host ended badly'],
  ])('%j: %i of %i', (limit, bad, begun, why) => {
    expect(exceeded(limit, { bad, begun })).toBe(why);
  });

  test('nothing bad stops nothing, and more bad hosts never stop less', () => {
    const limits = fc.oneof(
      fc.constant(usual),
      fc.record({ kind: fc.constantFrom('hosts' as const, 'percent' as const), most: fc.nat(100) }),
    );
    fc.assert(
      fc.property(limits, fc.nat(2000), fc.nat(2000), (limit, one, other) => {
        const begun = Math.max(one, other);
        const bad = Math.min(one, other);
        expect(exceeded(limit, { bad: 0, begun })).toBeNull();
        if (exceeded(limit, { bad, begun }) === null) return;
        expect(exceeded(limit, { bad: Math.min(bad + 1, begun), begun })).not.toBeNull();
      }),
    );
  });
});

describe('batchStops', () => {
  test.each<[string, FailureLimit, HostStatus[], boolean, string | null]>([
    ['a canary that failed', usual, ['failed'], true, 'the first host ended badly'],
    [
      'one of several first hosts',
      usual,
      ['ok', 'rolled_back', 'ok'],
      true,
      '1 of the 3 first hosts ended badly',
    ],
    ['a canary that is busy', usual, ['busy'], true, 'no host of the batch is as described'],
    ['a good canary', usual, ['changed'], true, null],
    ['a later batch with one bad host', usual, ['failed', 'ok'], false, null],
    [
      'a later batch without a good host',
      usual,
      ['failed', 'skipped'],
      false,
      'no host of the batch is as described',
    ],
    ['a canary where the play has a limit', { kind: 'percent', most: 50 }, ['failed'], true, null],
  ])('%s', (_, limit, statuses, isFirst, why) => {
    expect(batchStops(limit, statuses, isFirst)).toBe(why);
  });
});
