import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startDeadline } from '../../src/connection/deadline.ts';
import { dial } from '../../src/connection/tcp.ts';
import { listening, never } from './sshd.ts';

describe('startDeadline', () => {
  test('expires once, and not before its time', async () => {
    const started = performance.now();
    let count = 0;

    await new Promise<void>((resolve) => {
      startDeadline(50, () => {
        count += 1;
        resolve();
      });
    });

    expect(performance.now() - started).toBeGreaterThanOrEqual(49);
    expect(count).toBe(1);
  });

  test('does not expire when the answer came while the event loop was blocked', async () => {
    await using server = await listening(createServer());
    // After this await the loop is among its incoming events, and its timers are next.
    await readFile(import.meta.filename);
    const attempt = dial({ host: '127.0.0.1', port: server.port }, 200, never);

    const blockedUntil = Date.now() + 600;
    while (Date.now() < blockedUntil);

    (await attempt).destroy();
  });

  test('can be moved and cleared', async () => {
    let count = 0;
    const deadline = startDeadline(10, () => {
      count += 1;
    });
    deadline.restart(40);
    await new Promise((resolve) => setTimeout(resolve, 25));
    expect(count).toBe(0);
    deadline.clear();
    await new Promise((resolve) => setTimeout(resolve, 40));

    expect(count).toBe(0);
  });
});
