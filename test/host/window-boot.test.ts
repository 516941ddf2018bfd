import { describe, expect, test } from 'vitest';
import { change } from '../../src/host/change.ts';
import { readArm } from '../../src/host/window-sections.ts';
import { busybox, dash, isRoot } from './shells.ts';
import { identity, Room, sh, windowPlan } from './window-room.ts';

/** What each kind of init makes of its hook, run as it would: from its directories, or in its words. */
const inits = [
  {
    init: 'rcS.d',
    room: '',
    boot: 'for script in /etc/rcS.d/S*; do "$script" start; done',
    stop: 'for script in /etc/rcS.d/S*; do "$script" stop; done',
  },
  {
    init: 'rc.d',
    room: 'rmdir /etc/rcS.d; mkdir -p /etc/rc.d/rc2.d /etc/rc.d/rc3.d /etc/rc.d/rc4.d /etc/rc.d/rc5.d',
    boot: 'for script in /etc/rc.d/rc3.d/S*; do "$script" start; done',
    stop: 'for script in /etc/rc.d/rc3.d/S*; do "$script" stop; done',
  },
  {
    init: 'OpenRC',
    room: 'rmdir /etc/rcS.d; mkdir -p /etc/runlevels/sysinit /etc/runlevels/boot',
    boot: 'for script in /etc/runlevels/boot/*; do sh -c ". $script && start"; done',
    stop: ':',
  },
  {
    init: 'systemd',
    room: 'mkdir -p /run/systemd/system /etc/systemd/system; rm -rf /etc/systemd/system/*',
    boot: `for unit in /etc/systemd/system/sysinit.target.wants/*; do
      eval "$(sed -n -e 's/\\$\\$/$/g' -e 's/^ExecStart=//p' "$unit")"; done`,
    stop: ':',
  },
] as const;

/** Processes and memory are gone; the disk is as it was. */
const powerCut = `
  for name in guard supervisor; do
    read -r _ id _ </var/lib/xpush/window/*/now/$name && kill -9 "$id"; done
  rm -rf /run/xpush-*; ip link set eth0 down
  echo 11111111-2222-3333-4444-555555555555 >/run/boot_id; mount --bind /run/boot_id /proc/sys/kernel/random/boot_id`;

const traces = 'find /etc -name "*xpush*"';

describe
  .runIf(isRoot)
  .each([dash, busybox].flatMap((shell) => inits.map((init) => ({ ...init, shell }))))(
  'a reboot in a window ($init, $shell.name)',
  ({ shell, room: furniture, boot, stop }) => {
    test.concurrent('puts files back before the network comes up, and the hook goes', async () => {
      await using room = new Room(shell, furniture);
      const plan = windowPlan([
        sh('echo new >/etc/kept; echo made >/etc/came', ['/etc/kept', '/etc/came']),
        ...change.writeFile('/etc/later', 'x\n', { type: 'absent' }, { effect: 'boot' }),
      ]);

      const sections = await room.open(plan);
      await room.say(stop);
      const inTheWindow = await room.say('cat /etc/kept');
      await room.say(powerCut);
      const state = await room.windows();
      await room.say(boot);

      expect(readArm(sections)).toEqual({ type: 'armed', note: null });
      expect(inTheWindow).toBe('new\n');
      expect(state.pending).toMatchObject({ state: 'armed', hasRebooted: true, secondsLeft: 0 });
      expect(await room.say('cat /etc/kept; ls /etc/came /etc/later')).toBe('old\n');
      expect(await room.say(traces)).toBe('');
      expect(await room.windows()).toMatchObject({
        pending: null,
        lock: null,
        last: { outcome: 'rolled_back', why: 'the host was rebooted before anybody confirmed it' },
      });
      expect(await room.decide('confirm')).toEqual({ type: 'rebooted' });
    });
  },
);

describe.runIf(isRoot)('a host without any known init', () => {
  test.concurrent('is refused files in place, unless that is allowed, and told', async () => {
    await using room = new Room(dash, 'rmdir /etc/rcS.d');
    const inPlace = sh('echo new >/etc/kept', ['/etc/kept']);

    const refused = await room.open(windowPlan([inPlace]));
    const left = await room.say('cat /etc/kept; ls /var/lib/xpush/window /run');
    const allowed = await room.open(windowPlan([inPlace], { allowNoBootHook: true }));
    const undone = await room.decide('undo');
    const live = await room.open(windowPlan([sh('true')], { id: `${identity.id}.2` }));

    expect(readArm(refused)).toMatchObject({
      type: 'failed',
      message: expect.stringMatching(
        /nothing .* runs at a boot.*allow_no_boot_hook: true.*nothing was changed/,
      ),
    });
    expect(left).toMatch(/^old\n/);
    expect(left).not.toContain('xpush-');
    expect(readArm(allowed)).toMatchObject({
      note: expect.stringContaining('a reboot before the confirmation'),
    });
    expect(undone).toEqual({ type: 'rolled_back', why: 'by hand' });
    expect(readArm(live)).toEqual({ type: 'armed', note: null });
  });
});

describe.runIf(isRoot)('a cut move of files for the next boot', () => {
  test.concurrent('is completed at the next boot, or by the next run', async () => {
    await using room = new Room(dash);
    const write = (path: string) =>
      change.writeFile(path, 'x\n', { type: 'absent' }, { effect: 'boot' });

    await room.open(windowPlan([...write('/etc/first'), ...write('/etc/second')]));
    await room.say(`${powerCut}
      cd /var/lib/xpush/window/*/ && mv armed confirmed && mv /etc/.xpush-*.s0/new /etc/first`);
    const state = await room.windows();
    await room.say('for script in /etc/rcS.d/S*; do "$script" start; done');

    expect(state.pending).toMatchObject({ state: 'confirmed', hasRebooted: true });
    expect(await room.say('cat /etc/first /etc/second')).toBe('x\nx\n');
    expect(await room.say(traces)).toBe('');
    expect((await room.windows()).last).toMatchObject({ outcome: 'confirmed' });
  });
});
