import { describe, expect, test } from 'vitest';
import { environmentOf } from '../../src/cli/runs-list.ts';

const head = { environment: { XPUSH_FORKS: '8', XPUSH_SSH_CONFIG: 'my lab.conf' } };

describe('environmentOf', () => {
  test('what stands before a command, but for what is set already', () => {
    expect(environmentOf(head)).toBe("XPUSH_FORKS=8 XPUSH_SSH_CONFIG='my lab.conf' ");
    expect(environmentOf(head, { XPUSH_FORKS: '8' })).toBe("XPUSH_SSH_CONFIG='my lab.conf' ");
    expect(environmentOf(head, { ...head.environment })).toBe('');
  });
});
