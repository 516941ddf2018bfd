import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseWindows } from '../../src/host/look-windows.ts';
import { query } from '../../src/host/query.ts';
import {
  readArm,
  readDecision,
  readHealth,
  readLock,
  readWindow,
} from '../../src/host/window-sections.ts';
import { runs } from '../runs.ts';
import { hasTool, isRoot, RunningShell, shells, temporaryDirectory, unshared } from './shells.ts';

/** A host that is in the middle of a window, with another one over. */
const busyHost = `
  mount -t tmpfs -o mode=700 tmpfs /var/lib && mkdir -p /var/lib/xpush/window/run.1/now && cd /var/lib/xpush
  printf '%s\\n' run me@here today 'x 1 1' | tee window/run.1/who >lock
  printf '%s\\n' old.1 old you@there rolled_back 'some reason' "$(cat /proc/sys/kernel/random/boot_id) 1" >last
  cat /proc/sys/kernel/random/boot_id >window/run.1/boot_id
  echo 99999999 >window/run.1/now/deadline; : >window/run.1/armed; : >window/run.1/now/applied`;

describe.runIf(isRoot && hasTool('strace')).each(shells)('query.windows ($name)', (shell) => {
  test.concurrent('runs no program and no process, and opens nothing for writing', async () => {
    const log = join(temporaryDirectory(), 'log');
    const calls = 'execve,fork,vfork,clone,clone3,open,openat,creat,unlink,rename,mkdir,chmod';
    await using running = new RunningShell(shell, {
      wrapper: [
        ...unshared('-m', busyHost),
        ...['/usr/bin/strace', '-f', '-o', log, '-e', `trace=${calls}`],
      ],
    });
    await running.observe([query.windows()]);
    const before = readFileSync(log, 'latin1').length;

    const state = await running.look(query.windows());

    await running.close();
    const made = readFileSync(log, 'latin1').slice(before).split('\n');
    expect(state).toMatchObject({
      lock: { run: 'run', by: 'me@here', since: 'today', isStale: false },
      pending: { id: 'run.1', state: 'applied', hasRebooted: false },
      last: { id: 'old.1', by: 'you@there', outcome: 'rolled_back', why: 'some reason' },
    });
    expect(made.some((line) => line.includes('/var/lib/xpush/lock'))).toBe(true);
    expect(
      made.filter((line) => /\b(execve|v?fork|clone3?|unlink|rename|mkdir|chmod)\(/.test(line)),
    ).toEqual([]);
    expect(
      made.filter((line) => /O_(WRONLY|RDWR|CREAT)/.test(line) && !line.includes('/dev/null')),
    ).toEqual([]);
  });
});

/** What a hostile host may say: any bytes, among words that mean something. */
const word = fc.constantFrom(
  ...[
    'lock',
    'window',
    'last',
    'a.1',
    'run',
    'me@here',
    'held',
    'stale',
    'armed',
    'applied',
    'rolling',
    'same',
    'other',
    'watched',
    'alone',
  ],
  ...[
    'confirmed',
    'rolled_back',
    'incomplete',
    'too_late',
    'gone',
    '-',
    '-5',
    '99999999999',
    '1e9',
    '__proto__',
    '10.0.0.1',
    'yes',
  ],
);
const noise = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
});
const text = fc
  .array(fc.tuple(fc.oneof({ weight: 4, arbitrary: word }, noise), fc.constantFrom(' ', '\n', '')))
  .map((parts) => parts.flat().join(''));

describe('parseWindows and the readers of sections', () => {
  test('survive whatever a host says, and give nothing but what their types say', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(0, 1, 75, 76, 137), (body, status) => {
        const { lock, pending, last } = parseWindows(body);
        const sections = new Map(
          ['lock', 'arm', 'window', 'decision', 'health'].map((id) => [id, { status, body }]),
        );

        expect(lock === null || /^\S+$/.test(lock.run + lock.by + lock.since)).toBe(true);
        if (pending !== null) {
          expect(pending.secondsLeft).toBeGreaterThanOrEqual(0);
          expect(Number.isSafeInteger(pending.secondsLeft)).toBe(true);
        }
        if (last !== null) {
          expect(['confirmed', 'rolled_back', 'incomplete']).toContain(last.outcome);
          expect(last.why).not.toContain('\n');
        }
        expect(readLock(sections)?.type).toBe(
          status === 0 ? 'locked' : status === 76 ? 'busy' : 'failed',
        );
        expect(readArm(sections)?.type).toBe(
          status === 0 ? 'armed' : status === 75 ? 'stale' : 'failed',
        );
        expect([undefined, 'applied', 'rolled_back', 'incomplete']).toContain(
          readWindow(sections)?.type,
        );
        expect(readDecision(sections)).not.toBeNull();
        expect(
          [...readHealth(sections).values()].every((value) => typeof value === 'boolean'),
        ).toBe(true);
      }),
      { numRuns: runs() },
    );
  });

  test('only a decision that says so is confirmed', () => {
    fc.assert(
      fc.property(text, fc.nat(255), (body, status) => {
        const decision = readDecision(new Map([['decision', { status, body }]]));

        const isSaid = status !== 76 && body.trimStart().split('\n')[0]?.trim() === 'confirmed';
        expect(decision?.type === 'confirmed').toBe(isSaid);
      }),
      { numRuns: runs() },
    );
  });
});
