import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../until.ts';
import { badChange, goodChange, waitingChange } from './changes.ts';
import {
  ample,
  errorOf,
  FaultFleet,
  type FaultHost,
  type FaultKind,
  faultDescribe,
  soon,
} from './fault-fleet.ts';

const kinds = ['full', 'mini'] as const satisfies readonly FaultKind[];
const describe = await faultDescribe(kinds, { concurrent: true });

let fleet: FaultFleet;
beforeAll(async () => {
  fleet = await FaultFleet.start({ hosts: { full: 20, mini: 19 } });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

const cut = (host: FaultHost): Promise<void> => fleet.fleet.lab.cut(host.name);
const heal = (host: FaultHost): Promise<void> => fleet.fleet.lab.heal(host.name);

describe('a line that breaks', () => {
  test.concurrent.each(kinds)(
    '%s: for good after arming: the host undoes it; a human is asked for, since nobody heard',
    async (kind) => {
      const host = await fleet.take(kind);
      const run = await host.begin(waitingChange, ['--confirm-timeout', '3'], { applySeconds: 10 });
      await host.waits();

      await cut(host);
      await host.go();
      const ended = await run.ended;
      await heal(host);

      expect(ended.code, ended.stderr).toBe(5);
      expect(errorOf(ended)).toContain('nothing was heard');
      await host.expectOld();
    },
    120_000,
  );

  test.concurrent.each(kinds)(
    '%s: for longer than the window: the host undoes it, and the controller learns that afterwards',
    async (kind) => {
      const host = await fleet.take(kind);
      const run = await host.begin(waitingChange, soon);
      await host.waits();

      await cut(host);
      await host.go();
      await host.reaches('applied');
      await host.isQuiet();
      await heal(host);
      const ended = await run.ended;

      expect(ended.code, ended.stderr).toBe(4);
      await host.expectOld();
    },
  );

  test.concurrent.each(kinds)(
    '%s: for a short time: the changes go on, and are confirmed',
    async (kind) => {
      const host = await fleet.take(kind);
      const run = await host.begin(waitingChange, ample);
      await host.waits();

      await cut(host);
      await host.go();
      await host.reaches('applied');
      await heal(host);
      const ended = await run.ended;

      expect(ended.code, ended.stderr).toBe(0);
      await host.expectNew(await fleet.newState(kind));
    },
  );

  test.concurrent.each(kinds)(
    '%s: and the connection is reset: it comes back over a new one and confirms',
    async (kind) => {
      const host = await fleet.take(kind);
      await using proxy = await host.proxy([{ afterMs: 2500, how: 'reset' }]);
      const run = await host.begin(waitingChange, ample, { proxy });
      await host.waits();
      await until(() => proxy.carried.length > 0);
      await host.go();
      const ended = await run.ended;

      expect(ended.code, ended.stderr).toBe(0);
      await host.expectNew(await fleet.newState(kind));
    },
  );

  test.concurrent.each(kinds)(
    '%s: while the confirmation is on its way, again and again: old or new, and the exit code says which',
    async (kind) => {
      const host = await fleet.take(kind);
      await using proxy = await host.proxy([
        null,
        { afterBytes: 3000, how: 'reset' },
        { afterBytes: 9000, how: 'close' },
      ]);

      const ended = await host.apply(goodChange, ['--confirm-timeout', '8'], { proxy });

      const state = await host.expectOldOrNew(await fleet.newState(kind));
      expect([ended.code, state]).toEqual([
        ended.code === 0 ? 0 : 4,
        ended.code === 0 ? 'new' : 'old',
      ]);
    },
  );
});

/** Where in the bytes of both directions the line is cut: in the handshake, in the look, in the program. */
const offsets = [100, 1500, 3500, 5000, 12_000, 30_000, 45_000] as const;

describe('a line that breaks while a program is sent', () => {
  test.concurrent.each(kinds.flatMap((kind) => offsets.map((bytes) => [kind, bytes] as const)))(
    '%s: after %i bytes, each time: nothing runs',
    async (kind, bytes) => {
      const host = await fleet.take(kind);
      const fault = { afterBytes: bytes, how: 'reset' } as const;
      await using proxy = await host.proxy([], fault);

      const ended = await host.apply(goodChange, soon, { proxy });

      const state = await host.expectOldOrNew(await fleet.newState(kind));
      if (bytes < 10_000) expect([ended.code, state], ended.stderr).toEqual([3, 'old']);
      else expect(state).toBe('old');
      expect([1, 3, 4, 5]).toContain(ended.code);
    },
  );
});

describe('a host that is not reached before arming', () => {
  test.concurrent.each(kinds)('%s: is unreachable, and nothing was changed', async (kind) => {
    const host = await fleet.take(kind);
    await cut(host);

    const ended = await host.apply(badChange, soon, { keys: 'ssh: { connect_timeout: 2 }' });
    await heal(host);

    expect(ended.code, ended.stderr).toBe(3);
    await host.expectOld();
    expect(await host.stateFiles()).toEqual([]);
  });

  test.concurrent('a slow line is no fault', async () => {
    const host = await fleet.take('full');
    await using proxy = await host.proxy([], { bytesPerSecond: 40_000, delayMs: 100 });

    const ended = await host.apply(goodChange, ample, { proxy });

    expect(ended.code, ended.stderr).toBe(0);
    await host.expectNew(await fleet.newState('full'));
  });
});
