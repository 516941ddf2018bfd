import { afterAll, beforeAll, expect, test } from 'vitest';
import { runs } from '../../runs.ts';
import { until } from '../../until.ts';
import { withoutLater } from './changes.ts';
import { FaultFleet, type FaultHost, type FaultKind, faultDescribe, soon } from './fault-fleet.ts';
import type { LinkFault } from './tcp-proxy.ts';

const kinds = ['full', 'mini'] as const satisfies readonly FaultKind[];
const describe = await faultDescribe(kinds);

/** A run of one host with one window has this many events. */
const events = 5;
const marks = ['lock', 'who', 'armed', 'supervisor', 'runner', 'applied', 'settled'] as const;
/** 20 in an ordinary run, 100 in a long one. */
const cuts = Math.min(100, runs(20));
/** After it, most runs are over. */
const latestMs = 3500;

let fleet: FaultFleet;
beforeAll(async () => {
  const each = events + marks.length + Math.ceil(cuts / 2) + 1;
  fleet = await FaultFleet.start({ hosts: { full: each, mini: each } });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

/** A generator of numbers from 0 to 1 that is the same each time: xorshift32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

async function expectWhole(host: FaultHost): Promise<'old' | 'new'> {
  const state = await fleet.newState(host.kind);
  const { files = '' } = state;
  const lines = files.split('\n').filter((line) => !line.includes('/etc/fault.later'));
  return await host.expectOldOrNew({ ...state, files: lines.join('\n') });
}

describe('a controller that is killed with -9', () => {
  test.concurrent.each(
    kinds.flatMap((kind) =>
      Array.from({ length: events }, (_, index) => [kind, index + 1] as const),
    ),
  )('%s: at event %i of its run: the host is old or new', async (kind, count) => {
    const host = await fleet.take(kind);
    const run = await host.begin(withoutLater, soon);

    await until(() => run.events.length >= count);
    run.kill('SIGKILL');
    await run.ended;

    await expectWhole(host);
  });

  test.concurrent.each(kinds.flatMap((kind) => marks.map((mark) => [kind, mark] as const)))(
    '%s: when the host has its %s: the host is old or new',
    async (kind, mark) => {
      const host = await fleet.take(kind);
      const run = await host.begin(withoutLater, soon);

      const isThere = async () =>
        (mark === 'lock' ? await host.stateFiles() : await host.windowFiles()).includes(mark);
      let isOver = false;
      void run.ended.finally(() => {
        isOver = true;
      });
      // on a busy machine nobody may have looked while it was there
      await until(async () => isOver || (await isThere()), 60_000);
      run.kill('SIGKILL');
      await run.ended;

      await expectWhole(host);
    },
  );
});

describe('a line that is cut at any moment', () => {
  const random = seeded(20_261_122);
  const moments = Array.from({ length: cuts }, (_, index) => {
    const how = (['close', 'reset', 'silence'] as const)[Math.floor(random() * 3)] ?? 'reset';
    return [
      kinds[index % 2] ?? 'full',
      Math.round(random() * latestMs),
      how,
      Math.round(random() * latestMs),
    ] as const;
  });

  test.concurrent.each(moments)(
    '%s: after %i ms by a %s, and again after %i ms: the host is old or new, as the exit code says',
    async (kind, first, how, second) => {
      const host = await fleet.take(kind);
      const faults: readonly LinkFault[] = [
        { afterMs: first, how },
        { afterMs: second, how },
      ];
      await using proxy = await host.proxy(faults);

      const run = await host.apply(withoutLater, soon, { proxy });

      const state = await expectWhole(host);
      if (run.code === 0) expect(state).toBe('new');
      else if (run.code !== 5 && run.code !== 1)
        expect([run.code, state]).toEqual([run.code, 'old']);
    },
    120_000,
  );
});
