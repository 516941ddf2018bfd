import { describe, expect, test } from 'vitest';
import type { HostStatus } from '../../src/engine/events.ts';
import { exitCode } from '../../src/engine/exit-code.ts';

const plain = { interrupted: false, pendingAsExit: false };

describe('exitCode', () => {
  test.each<[readonly HostStatus[], number]>([
    [[], 0],
    [['ok', 'changed', 'skipped'], 0],
    [['ok', 'busy'], 6],
    [['busy', 'unreachable'], 3],
    [['unreachable', 'failed'], 1],
    [['failed', 'rolled_back'], 4],
    [['rolled_back', 'needs_human', 'failed'], 5],
  ])('the worst of %j gives %i', (statuses, code) => {
    expect(exitCode(statuses, plain)).toBe(code);
  });

  test('changes are 10 only when they are asked for and nothing is wrong', () => {
    expect(exitCode(['changed'], { ...plain, pendingAsExit: true })).toBe(10);
    expect(exitCode(['ok'], { ...plain, pendingAsExit: true })).toBe(0);
    expect(exitCode(['changed', 'failed'], { ...plain, pendingAsExit: true })).toBe(1);
  });

  test('an interrupt is 130 unless a host undid a change or needs a human', () => {
    const interrupted = { ...plain, interrupted: true };

    expect(exitCode(['ok', 'failed'], interrupted)).toBe(130);
    expect(exitCode(['rolled_back'], interrupted)).toBe(4);
    expect(exitCode(['needs_human'], interrupted)).toBe(5);
  });
});
