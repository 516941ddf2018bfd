import { describe, expect, test } from 'vitest';
import { type Act, compileAct } from '../../src/host/act-program.ts';
import { change } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import type { RunIdentity } from '../../src/host/run-identity.ts';
import type { GenerationText, LockResult } from '../../src/host/window.ts';
import { readLock } from '../../src/host/window-sections.ts';
import { runs } from '../runs.ts';
import { until } from '../until.ts';
import { isRoot, type RunningShell, type Section, shells } from './shells.ts';
import { identity, Room, sh, windowPlan } from './window-room.ts';

const other: RunIdentity = { id: '20261122T230001Z-0b', by: 'you@there', since: 'later' };

/** An act program of that run, which makes one change. */
async function act(
  running: RunningShell,
  who: RunIdentity,
  generation: GenerationText | null = null,
  line = 'echo changed',
): Promise<{ readonly lock: LockResult | null; readonly isChanged: boolean }> {
  if (!running.known.has('look.sh')) await running.observe([]);
  const acts: readonly Act[] = [{ id: '0', change: sh(line) }];
  running.send(compileAct(acts, running.known, [], { identity: who, generation }));
  const sections = await running.sections();
  return { lock: readLock(sections), isChanged: sections.has('0') };
}

/** As the last step of `xpush remove`. */
async function forget(running: RunningShell): Promise<Section | undefined> {
  const acts: readonly Act[] = change
    .removeFile('/var/lib/xpush', { type: 'directory' }, 'boot')
    .map((one) => ({ id: '0', change: one }));
  const generation = { id: `${identity.id}.9`, text: '{}', keep: 2 };
  running.send(compileAct(acts, running.known, [], { identity, generation }));
  return (await running.sections()).get('0');
}

const busy = {
  lock: { type: 'busy', run: identity.id, by: 'me@here', since: identity.since, isPending: false },
  isChanged: false,
};

describe.runIf(isRoot).each(shells)('compileAct with a holder ($name)', (shell) => {
  test.concurrent('changes nothing while another run holds the host, until that ends', async () => {
    await using room = new Room(shell);
    const first = await act(room.running, identity);
    {
      await using second = room.join();
      const refused = await act(second, other);
      const state = await second.look(query.windows());

      expect(first).toEqual({ lock: { type: 'locked', note: null }, isChanged: true });
      expect(refused).toEqual(busy);
      expect(state.lock).toEqual({
        run: identity.id,
        by: 'me@here',
        since: identity.since,
        isStale: false,
      });
      expect((await act(room.running, identity)).isChanged).toBe(true);
    }
  });

  test.concurrent('lets go when the shell ends, and takes over what a dead one left', async () => {
    await using room = new Room(shell);
    await room.running.observe([]);
    await using first = room.join();
    await act(first, other);
    await first.close();
    const afterEnd = await room.windows();
    await using second = room.join();
    await act(second, other);
    second.child.kill('SIGKILL');
    await second.ended;
    await until(() => second.processes().length === 0);

    const stale = await room.windows();
    const taken = await act(room.running, identity);

    expect(afterEnd.lock).toBeNull();
    expect(stale.lock).toMatchObject({ run: other.id, isStale: true });
    expect(taken.isChanged).toBe(true);
    expect(taken.lock).toEqual({
      type: 'locked',
      note: `took over a lock that was left behind by run ${other.id} by you@there since later: its process is gone`,
    });
    expect(await room.say('ls /var/lib/xpush')).toBe('lock\n');
  });

  test.concurrent('takes over an empty lock and one of another boot, not that of a window', async () => {
    await using room = new Room(shell);
    await room.running.observe([]);
    await room.say('mkdir -m 700 /var/lib/xpush; : >/var/lib/xpush/lock');
    const empty = await act(room.running, identity);
    await room.say(`printf '%s\\n' r b s 'other-boot 1 1' >/var/lib/xpush/lock`);
    const rebooted = await act(room.running, identity);
    await room.open(windowPlan([sh('ip route del default')]));
    await using second = room.join();

    expect(empty.isChanged).toBe(true);
    expect(rebooted.isChanged).toBe(true);
    expect(await act(second, other)).toEqual({
      ...busy,
      lock: { ...busy.lock, isPending: true },
    });
    await room.decide('undo');
    expect((await act(second, other)).isChanged).toBe(true); // the window's end let go of it
  });

  test.concurrent.each([
    ['read-only', 'ro,mode=700'],
    ['full', 'size=4k,mode=700'],
  ])('that cannot be written is told by its name: %s', async (_what, options) => {
    await using room = new Room(shell);
    await room.running.observe([]);
    await room.say(`mkdir /var/lib/xpush; mount -t tmpfs -o ${options} tmpfs /var/lib/xpush
      dd if=/dev/zero of=/var/lib/xpush/fill bs=4096 count=9 2>/dev/null`);

    expect(await act(room.running, identity)).toEqual({
      lock: {
        type: 'failed',
        message:
          '/var/lib/xpush/lock could not be written (disk full, or read-only?): nothing was changed',
      },
      isChanged: false,
    });
  });

  test.concurrent('waits for the last change of its own run’s other shell, not for its silence', async () => {
    await using room = new Room(shell);
    await room.running.observe([]);
    await using first = room.join();
    await first.observe([]);
    const working = 'echo first >>/run/order; sleep 2; echo first >>/run/order';
    const last = act(first, identity, null, working).catch(() => null);
    for (let tries = 0; tries < 100 && !(await room.say('cat /run/order')).includes('first'); )
      tries += 1;
    first.child.stdin?.end();
    await using second = room.join();
    const waited = await act(second, identity, null, 'echo second >>/run/order');
    await last;
    const order = await room.say('cat /run/order');
    const beganMs = performance.now();
    await using third = room.join(); // while the second one is idle, and lives
    const taken = await act(third, identity);

    expect(waited.isChanged).toBe(true);
    expect(order).toBe('first\nfirst\nsecond\n');
    expect(taken.isChanged).toBe(true);
    expect(performance.now() - beganMs).toBeLessThan(15_000);
  });

  test.concurrent('is made once for all programs of a shell, and is theirs while it is there and no window is', async () => {
    await using room = new Room(shell);
    const lock = () => room.say('cd /var/lib/xpush && ls && ls -i lock');
    await act(room.running, identity);
    const first = await lock();
    const again = await act(room.running, identity);
    const kept = await lock();
    const ofAnother = await act(room.running, other);
    await room.say('mv /var/lib/xpush/lock /var/lib/xpush/lock.gone');
    const anew = await act(room.running, identity);
    const made = await room.say('cd /var/lib/xpush && ls && rm lock.gone');
    await room.open(windowPlan([sh('true')]));
    const ofWindow = await lock();
    const pending = await act(room.running, identity);
    const afterwards = await lock();
    await room.decide('undo');

    expect(again).toEqual({ lock: { type: 'locked', note: null }, isChanged: true });
    expect(kept).toBe(first);
    expect(ofAnother).toEqual(busy);
    expect(anew).toEqual({ lock: { type: 'locked', note: null }, isChanged: true });
    expect(made).toBe('lock\nlock.gone\n');
    expect(pending).toEqual({ ...busy, lock: { ...busy.lock, isPending: true } });
    expect(afterwards).toBe(ofWindow);
  });

  test.concurrent.each(['SIGHUP', 'SIGPIPE', 'SIGTERM'] as const)(
    'lets go when a signal ends the shell: %s',
    async (signal) => {
      await using room = new Room(shell);
      await room.running.observe([]);
      await using first = room.join();
      await act(first, other);
      first.child.kill(signal); // a lost line is both

      await first.close();

      expect(await room.say('ls /var/lib/xpush')).toBe('');
    },
  );

  test.concurrent('keeps what undoes the newest runs', async () => {
    await using room = new Room(shell);
    for (const run of ['1', '2', '3', '4']) {
      const generation = { id: `${run}-a.10`, text: `{"run":"${run}é"}`, keep: 2 };
      await act(room.running, identity, generation);
    }

    expect(await room.say('cd /var/lib/xpush/generations && ls && cat 4*')).toBe(
      Buffer.from('3-a.10.json\n4-a.10.json\n{"run":"4é"}').toString('latin1'),
    );
  });

  test.concurrent('nothing is left once its place is removed, not even what undoes that', async () => {
    await using room = new Room(shell);
    const generation = { id: '1-a.1', text: '{}', keep: 2 };
    await act(room.running, identity, generation);
    await room.open(windowPlan([sh('true')]));
    await room.decide('confirm');
    await using rival = room.join();
    await rival.observe([]);
    const remembered = await act(
      room.running,
      identity,
      generation,
      'echo {} >/var/lib/xpush/firewall.json',
    );

    const stays = await forget(room.running);
    await room.say('rm /var/lib/xpush/firewall.json');
    const busy = await act(rival, other);
    const goes = await forget(room.running);
    const left = await room.say('ls -A /var/lib; ls -A /run | grep xpush');
    const afterwards = await act(rival, other);
    const state = await room.windows();

    expect(remembered.isChanged).toBe(true);
    expect(stays).toEqual({
      status: 1,
      body: '/var/lib/xpush/firewall.json is still there, so /var/lib/xpush stays\n',
    });
    expect(busy.isChanged).toBe(false);
    expect(goes).toEqual({ status: 0, body: '' });
    expect(left).toBe('');
    expect(afterwards.isChanged).toBe(true);
    expect(state.lock).toMatchObject({ run: other.id, isStale: false });
  });

  test.concurrent('one of many that see a dead holder wins', async () => {
    await using room = new Room(shell);
    await room.running.observe([]);
    await room.say('mkdir -m 700 /var/lib/xpush');
    const rivals = await Promise.all(
      Array.from({ length: 3 }, async (_, index) => {
        const running = room.join();
        await running.observe([]);
        return { running, who: { ...other, id: `rival-${index}` } };
      }),
    );
    try {
      for (let round = 0; round < runs(3); round += 1) {
        await room.say(
          `rm -f /var/lib/xpush/lock*; printf '%s\\n' r b s 'x 1 1' >/var/lib/xpush/lock`,
        );

        const results = await Promise.all(rivals.map(({ running, who }) => act(running, who)));

        expect(results.filter(({ isChanged }) => isChanged)).toHaveLength(1);
        expect(results.filter(({ lock }) => lock?.type === 'busy')).toHaveLength(2);
        expect(await room.say('ls /var/lib/xpush')).toBe('lock\n');
      }
    } finally {
      for (const { running } of rivals) await running[Symbol.asyncDispose]();
    }
  });
});
