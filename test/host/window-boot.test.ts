import { describe, expect, test } from 'vitest';
import { compileAct } from '../../src/host/act-program.ts';
import { change } from '../../src/host/change.ts';
import { readArm, readLock } from '../../src/host/window-sections.ts';
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
    for keeper in /var/lib/xpush/window/*/now/$name; do read -r _ id _ <"$keeper" && kill -9 "$id"; done; done
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

/** Whether the network finds the file as it was, when these scripts are started on a root that is read-only at first. */
const sysv = `mkdir -p /etc/init.d; echo >/run/at-network
  printf '#!/bin/sh\\nmount -o remount,rw,bind /etc; mount -o remount,rw /var/lib\\n' >/etc/rcS.d/S10checkroot.sh
  printf '#!/bin/sh\\ntrue\\n' >/etc/rcS.d/S35mountall.sh
  printf '#!/bin/sh\\ncat /etc/kept >/run/at-network\\n' >/etc/rcS.d/S40networking
  chmod +x /etc/rcS.d/*`;
const readOnly = 'mount -o remount,ro,bind /etc; mount -o remount,ro /var/lib';

/** insserv as far as it matters: what it is told of, it writes down with a link, and forgets. */
const insserv = `rm -rf /etc/init.d; mkdir /etc/init.d; echo 'TARGETS = checkroot.sh mountall.sh networking' >/etc/init.d/.depend.boot
  printf '%s\\n' '#!/bin/sh' 'cd /etc/init.d' 'sed -i "s/ xpush-undo//" .depend.boot; rm -f ../rcS.d/S*xpush-undo' \
    '[ "$1" != -r ] || exit 0' 'grep -q "^# X-Start-Before: *networking" "$1" && grep -q "^# Required-Start: *mountall" "$1" && grep -q "^# Default-Start: *S$" "$1" || exit 1' \
    'sed -i "s/ networking/ $1 networking/" .depend.boot; ln -s ../init.d/$1 ../rcS.d/S17$1' >/run/bin/insserv; chmod +x /run/bin/insserv
  for name in S10checkroot.sh S35mountall.sh S40networking; do mv /etc/rcS.d/$name /etc/init.d/\${name#S??}; ln -s ../init.d/\${name#S??} /etc/rcS.d/$name; done`;

describe.runIf(isRoot).each([dash, busybox])('a boot of System V ($name)', (shell) => {
  test.concurrent.each([
    ['in the order of numbers', sysv, 'for script in /etc/rcS.d/S*; do "$script" start; done'],
    [
      'in the order of insserv',
      `${sysv}\n${insserv}`,
      `for name in $(sed 's/.*= //' /etc/init.d/.depend.boot); do /etc/init.d/$name start; done`,
    ],
  ])('puts files back between the mounts and the network, %s', async (_, furniture, boot) => {
    await using room = new Room(shell, furniture);
    const before = await room.say('cd /etc; ls rcS.d init.d; cat init.d/.depend.boot');

    const sections = await room.open(windowPlan([sh('echo new >/etc/kept', ['/etc/kept'])]));
    await room.say(powerCut);
    await room.say(`${readOnly}; ${boot}`);

    expect(readArm(sections)).toEqual({ type: 'armed', note: null });
    expect(await room.say('cat /run/at-network')).toBe('old\n');
    expect((await room.windows()).last).toMatchObject({ outcome: 'rolled_back' });
    expect(await room.say('cd /etc; ls rcS.d init.d; cat init.d/.depend.boot')).toBe(before);
  });

  test.concurrent('that insserv orders, without insserv, is no boot that undoes files', async () => {
    await using room = new Room(shell, `${sysv}; echo 'TARGETS = x' >/etc/init.d/.depend.boot`);

    const refused = await room.open(windowPlan([sh('echo new >/etc/kept', ['/etc/kept'])]));

    expect(readArm(refused)).toMatchObject({ type: 'failed' });
    expect(await room.say(`cat /etc/kept; ${traces}`)).toBe('old\n');
  });
});

describe.runIf(isRoot)('a directory that was changed in place', () => {
  const boot = 'for script in /etc/rcS.d/S*; do "$script" start; done';
  const inTree = sh('echo n >/etc/tree/new; echo x >/etc/tree/old', ['/etc/tree']);

  test.concurrent('loses at the boot what is new in it', async () => {
    await using room = new Room(dash, 'mkdir /etc/tree; echo o >/etc/tree/old');

    await room.open(windowPlan([inTree]));
    await room.say(powerCut);
    await room.say(boot);

    expect(await room.say('ls /etc/tree; cat /etc/tree/old')).toBe('old\no\n');
    expect((await room.windows()).last).toMatchObject({ outcome: 'rolled_back' });
  });

  test.concurrent('is not as before where it can not be listed: that needs a human, until one lets go', async () => {
    await using room = new Room(dash, 'mkdir /etc/tree; echo o >/etc/tree/old');

    await room.open(windowPlan([inTree]));
    await room.say(
      `${powerCut}; printf '#!/bin/sh\\nexit 1\\n' >/run/bin/find; chmod +x /run/bin/find`,
    );
    await room.say(boot);
    const state = await room.windows();
    const confirmed = await room.decide('confirm');
    const forgotten = await room.decide('forget');

    expect(state).toMatchObject({
      pending: { state: 'rolling', hasRebooted: true, isWatched: false },
      last: { outcome: 'incomplete', secondsAgo: expect.any(Number) },
    });
    expect(confirmed).toMatchObject({ type: 'incomplete', parts: ['/etc/tree'] });
    expect(forgotten).toEqual({ type: 'rolled_back', why: 'put in order by hand' });
    expect(await room.windows()).toMatchObject({ pending: null, lock: null });
  });
});

describe.runIf(isRoot)('a window whose watchers die in the middle of the undo', () => {
  test.concurrent('is nobody’s, and the next who comes undoes it', async () => {
    await using room = new Room(
      dash,
      `printf '#!/bin/sh\\n[ -e /run/go ] || case "$*" in *"route add"*|*"route replace"*|*"route append"*) sleep 30 ;; esac\\nexec /usr/sbin/ip "$@"\\n' >/run/bin/ip; chmod +x /run/bin/ip`,
    );
    await room.running.observe([]);
    await using rival = room.join();
    await rival.observe([]);

    await room.open(windowPlan([sh('ip route del default')], { confirmSeconds: 1 }));
    while ((await room.windows()).pending?.state !== 'rolling') {}
    const watched = await room.windows();
    await room.say(`for name in guard supervisor; do
      for keeper in /var/lib/xpush/window/*/now/$name; do read -r _ id _ <"$keeper" && kill -9 "$id"; done; done; true >/run/go`);
    let alone = await room.windows();
    while (alone.pending?.isWatched) alone = await room.windows();
    const undone = await room.decide('undo');
    rival.send(
      compileAct([{ id: '0', change: sh('true') }], rival.known, [], {
        identity: { ...identity, id: 'other' },
        generation: null,
      }),
    );
    const sections = await rival.sections();

    expect(watched.pending).toMatchObject({ isWatched: true });
    expect(alone.pending).toMatchObject({ state: 'rolling' });
    expect(undone).toMatchObject({ type: 'rolled_back' });
    expect(readLock(sections)).toMatchObject({ type: 'locked' });
    expect(await room.say('ip route show default')).toContain('10.0.0.9');
    expect((await room.windows()).last).toMatchObject({ outcome: 'rolled_back' });
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
