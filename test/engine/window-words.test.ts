import { describe, expect, test } from 'vitest';
import { ago, busyEnding, windowEnding } from '../../src/engine/window-words.ts';

const holder = { run: 'R-1', by: 'ops@desk', since: '2026-11-22T23:05:01Z' };

describe('busyEnding', () => {
  test('names who holds the host, and what it waits for', () => {
    expect(busyEnding(holder, null)).toMatchObject({
      status: 'busy',
      error: {
        message: 'busy with run R-1 by ops@desk, since 2026-11-22T23:05:01Z; nothing was changed',
      },
    });
    expect(busyEnding(holder, 23).error.message).toContain('undoes itself within 23 s');
    const end = { ...holder, type: 'busy', isPending: true } as const;
    expect(windowEnding(end, null, false).error?.message).toContain(
      'it is in a confirm window, and undoes itself unless that run confirms',
    );
    const plain = windowEnding({ ...end, isPending: false }, null, false);
    expect(plain.error?.message).not.toContain('confirm window');
  });
});

describe('windowEnding', () => {
  test('not confirmed: when it was undone, how the host is, and why', () => {
    const end = { type: 'undone', why: 'no answer', afterSeconds: 6 } as const;

    expect(windowEnding(end, null, false)).toMatchObject({
      status: 'rolled_back',
      error: {
        message:
          'not confirmed: rolled back 6 s after the change; the host is as before (no answer)',
      },
    });
    expect(windowEnding(end, null, true).error.message).toContain(
      'what the earlier tasks changed stays',
    );
  });

  test('says how to see what was to change, whatever the command was', () => {
    const end = { type: 'undone', why: 'no answer', afterSeconds: 6 } as const;

    expect(windowEnding(end, null, false).error.hint).toContain(
      'the same command with --check --diff shows what was to change',
    );
  });

  test('changes that were never all made were not confirmed either', () => {
    const end = { type: 'undone', why: 'the changes took longer than 60 s', afterSeconds: null };

    expect(windowEnding({ ...end, type: 'undone' }, null, false).error.message).toBe(
      'rolled back: the changes took longer than 60 s; the host is as before',
    );
  });

  test('a change that failed: what it said, and how the host is', () => {
    const end = { type: 'undone', why: 'a change failed', afterSeconds: null } as const;

    expect(windowEnding(end, 'Close: exit status 3', false)).toEqual({
      status: 'rolled_back',
      error: { message: 'Close: exit status 3\nrolled back: the host is as before', hint: null },
    });
  });

  test.each([
    [
      { type: 'incomplete', why: 'no answer', parts: ['eth0 address', '/etc/x'] },
      'CONSOLE NEEDED: it could not undo all of its changes (no answer): not as before: eth0 address, /etc/x',
    ],
    [
      { type: 'unheard', seconds: 42, why: 'no route to host' },
      'nothing was heard from it for 42 s after its confirm window was opened (no route to host)',
    ],
  ] as const)('%j needs a human', (end, message) => {
    const { status, error } = windowEnding(end, null, false);

    expect(status).toBe('needs_human');
    expect(error.message).toContain(message);
    expect(error.hint).not.toBeNull();
  });

  test('what opened no window changed nothing', () => {
    const end = { type: 'refused', message: 'no space on /var/lib' } as const;

    expect(windowEnding(end, null, false)).toMatchObject({
      status: 'failed',
      error: { message: 'no confirm window: no space on /var/lib; nothing was changed' },
    });
  });
});

describe('ago', () => {
  test.each([
    [0, '0 s ago'],
    [119, '119 s ago'],
    [120, '2 min ago'],
    [7199, '119 min ago'],
    [7200, '2 h ago'],
    [172_800, '2 days ago'],
  ])('%i seconds are %s', (seconds, text) => {
    expect(ago(seconds)).toBe(text);
  });
});
