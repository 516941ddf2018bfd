import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { change } from '../../src/host/change.ts';
import { compileDecision } from '../../src/host/window-program.ts';
import { readArm, readDecision, readWindow } from '../../src/host/window-sections.ts';
import { runs } from '../runs.ts';
import { busybox, dash, hasTool, isRoot, temporaryDirectory } from './shells.ts';
import { identity, Room, sh, windowPlan } from './window-room.ts';

const both = [dash, busybox];

describe.runIf(isRoot).each(both)('the decision ($name)', (shell) => {
  test.concurrent('falls once, however close the confirmation is to the deadline', async () => {
    await using room = new Room(shell);
    await room.running.observe([]);
    await using rival = room.join();
    await rival.observe([]);
    const seen = { confirmed: 0, undone: 0 };
    for (let round = 0; round < runs(4); round += 1) {
      const id = `${identity.id}.${round}`;
      const sections = await room.open(
        windowPlan([sh(`echo ${round} >/etc/kept`, ['/etc/kept'])], { id }),
      );
      expect(readArm(sections)).toEqual({ type: 'armed', note: null });
      // the deadline is brought to now, at another moment each time
      const soon = room.say(
        `cd /var/lib/xpush/window/${id} && { for i in 0 1 2; do [ $i -ge ${round % 4} ] || sleep 0.05; done; echo 0 >now/new; mv now/new now/applied; echo 1<>now/wake; }`,
      );
      rival.send(
        compileDecision({ id, decision: 'confirm', why: '', identity: null }, rival.known),
      );
      const decision = readDecision(await rival.sections());
      await soon;
      const { last } = await room.over();
      const file = (await room.say('cat /etc/kept')).trim();

      const isConfirmed = decision?.type === 'confirmed';
      expect(decision?.type).toBe(isConfirmed ? 'confirmed' : 'too_late');
      expect(last).toMatchObject({ id, outcome: isConfirmed ? 'confirmed' : 'rolled_back' });
      expect(file === `${round}`).toBe(isConfirmed);
      expect(
        await room.say(
          `cd /var/lib/xpush/window/${id} && ls -d armed rolling confirmed settled undone`,
        ),
      ).toBe(isConfirmed ? 'settled\n' : 'undone\n');
      seen[isConfirmed ? 'confirmed' : 'undone'] += 1;
    }
    expect(seen.confirmed + seen.undone).toBe(runs(4));
  });

  test.concurrent('has one winner, in its own program, of who confirms and who undoes at once', async () => {
    await using room = new Room(shell);
    await room.open(windowPlan([sh('echo new >/etc/kept', ['/etc/kept'])]));
    // copies of it, with nobody who watches: its own program is all that decides
    const race = `
      cd /var/lib/xpush/window && rm -rf /run/model && cp -a */. /run/model && rm -f /run/model/now
      cp -aL */now /run/now
      for name in guard supervisor; do read -r _ id _ <"/run/now/$name" && kill -9 "$id"; done
      rm -rf /run/now/guard /run/now/supervisor *
      round=0
      while [ $round -lt ${runs(20)} ]; do
        for racer in 1 2 3 4; do
          round=$((round + 1)); window=/var/lib/xpush/window/race.$round
          cp -a /run/model "$window" && cp -a /run/now "$window/now" && echo 0 >"$window/now/applied"
          : >"$window/manifest"
          { until [ -e /run/go ]; do :; done; sh "$window/run.sh" confirm >"$window/said"; } 2>/dev/null 9>/dev/null &
          { until [ -e /run/go ]; do :; done; sh "$window/run.sh" recover; } >/dev/null 2>&1 9>/dev/null &
        done
        : >/run/go; wait; rm /run/go
        for window in /var/lib/xpush/window/race.*; do
          said=undone; ! grep -q '^confirmed$' "$window/said" || said=settled
          done=$(cd "$window" && ls -d armed rolling confirmed settled undone 2>/dev/null)
          undid=no; ! grep -q 'undoing it' "$window/log" || undid=yes
          case "$said $done $undid" in 'settled settled no' | 'undone undone yes') echo one ;; *) echo "$said $done $undid" ;; esac
          rm -rf "$window"
        done
      done | sort | uniq -c | sed 's/^ *//'`;

    expect(await room.say(race)).toBe(`${Math.ceil(runs(20) / 4) * 4} one\n`);
  });
});

describe.runIf(isRoot && hasTool('strace'))('a window, traced', () => {
  test.concurrent('is on the disk before the first change, and asks no clock that can be set', async () => {
    const log = join(temporaryDirectory(), 'log');
    const calls = 'execve,fsync,fdatasync,sync,syncfs,rename,renameat,renameat2';
    await using room = new Room(
      dash,
      `printf '#!/bin/sh\\necho called >>/run/date-was-called\\nexec /usr/bin/date "$@"\\n' >/run/bin/date; chmod +x /run/bin/date
       ln -s /run/bin/date /run/bin/hwclock`,
      [...'/usr/bin/strace -f -y -s 300 -e'.split(' '), `trace=${calls}`, '-o', log],
    );
    const sections = await room.open(
      windowPlan([
        sh('echo new >/etc/kept; ip route del default', ['/etc/kept']),
        ...change.writeFile('/etc/later', 'x', { type: 'absent' }, { effect: 'boot' }),
      ]),
    );
    expect(readWindow(sections)).toMatchObject({ type: 'applied' });
    expect(await room.decide('confirm')).toEqual({ type: 'confirmed' });
    const dated = await room.say('ls /run/date-was-called');

    const lines = readFileSync(log, 'latin1').split('\n');
    const first = lines.findIndex((line) => line.includes('"ip", "route", "del"'));
    const fsynced = (name: string) =>
      lines.findIndex((line) => /f(data)?sync\(/.test(line) && line.includes(name));
    const window = `/var/lib/xpush/window/${identity.id}.1`;
    const names = [
      'run.sh',
      'settings.sh',
      'changes.sh',
      'who',
      'boot_id',
      'armed',
      'manifest',
      'beside',
      'hooks',
      'ballast',
      'files/1',
    ];
    expect(first).toBeGreaterThan(0);
    for (const name of names.map((one) => `${window}/${one}>`)) {
      expect(fsynced(name), name).toBeGreaterThan(-1);
      expect(fsynced(name), name).toBeLessThan(first);
    }
    for (const name of [`${window}>`, '/var/lib/xpush>', '/etc/.xpush-', '/new>', '/etc/rcS.d/']) {
      expect(fsynced(name), name).toBeGreaterThan(-1);
      expect(fsynced(name), name).toBeLessThan(first);
    }
    expect(dated).toBe('');
  });
});

const secret = 'correct-horse-battery-staple';
const given = (line: string) =>
  change.command(['/bin/sh', '-c', line], null, { stdin: { reveal: () => `${secret}\n` } });

describe.runIf(isRoot).each(both)('what is secret in a window ($name)', (shell) => {
  const onDisk = `find /var/lib/xpush /run/xpush* -type f -exec grep -lF ${secret} {} + 2>/dev/null; grep -slF ${secret} /etc/* /etc/.[!.]* /etc/.xpush-*/*`;

  test.concurrent('is in no argv and no environment, and on the disk no more once it is decided', async () => {
    await using room = new Room(shell);
    await room.running.observe([]);
    const scan = `
      cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c '${secret.slice(0, -1)}[e]' >&2
      cat >/dev/null; `;
    const write = change.writeFile(
      '/etc/secret',
      `${secret}\n`,
      { type: 'absent' },
      { effect: 'boot', mode: 0o600 },
    );
    const ends = [
      { decision: 'confirm', line: `${scan} true`, left: '/etc/secret\n' },
      { decision: 'undo', line: `${scan} true`, left: '' },
      { decision: 'undo', line: `${scan} exit 1`, left: '' },
    ] as const;
    for (const [index, { decision, line, left }] of ends.entries()) {
      const id = `${identity.id}.${index}`;
      const sections = await room.open(windowPlan([given(line), ...write], { id }));
      const modes = await room.say(
        `ls -ldn /var/lib/xpush/window/${id} /var/lib/xpush/window/${id}/*.sh | sed 's/^\\([^ ]*\\) .*/\\1/' | sort -u`,
      );
      await room.decide(decision, { id });

      expect(sections.get('0.0')?.errors).toBe('0');
      expect(modes).toMatch(/^(-rw-------\n)?(drwx------\n)$/);
      expect(await room.say(onDisk)).toBe(left);
      await room.say('rm -f /etc/secret');
    }
  });

  test.concurrent('goes with a window that timed out, was killed, or could not be undone', async () => {
    await using room = new Room(
      shell,
      `printf '#!/bin/sh\\n[ ! -e /run/broken ] || case "$*" in *" default "*" dev "*) exit 2 ;; esac\\nexec /usr/sbin/ip "$@"\\n' >/run/bin/ip; chmod +x /run/bin/ip`,
    );
    await room.running.observe([]);
    await room.open(windowPlan([given('cat')], { confirmSeconds: 1 }));
    await room.over();
    const timedOut = await room.say(onDisk);

    const id = `${identity.id}.2`;
    await room.open(windowPlan([given('cat >/dev/null')], { id, confirmSeconds: 1 }));
    await room.say(
      `cd /var/lib/xpush/window/${id} && for name in guard supervisor; do read -r _ pid _ <now/$name && kill -9 "$pid"; done; sleep 1.2; sh ./run.sh recover`,
    );
    const killed = await room.say(onDisk);

    expect([timedOut, killed]).toEqual(['', '']);
    if (shell.isBusybox) return; // which has its own `ip`
    const stuck = `${identity.id}.3`;
    const sections = await room.open(
      windowPlan([given(': >/run/broken; ip route del default; exit 1')], { id: stuck }),
    );
    const incomplete = await room.say(onDisk);

    expect(readWindow(sections), await room.log()).toMatchObject({ type: 'incomplete' });
    expect(incomplete).toBe('');
  });
});

describe.runIf(isRoot).each(both)('a window on an odd host ($name)', (shell) => {
  test.concurrent.each(['000', '077'])(
    'makes files of the right modes under umask %s',
    async (umask) => {
      await using room = new Room(
        shell,
        `chmod 640 /etc/kept; chown 7:8 /etc/kept; umask ${umask}`,
      );

      const sections = await room.open(windowPlan([sh('echo new >/etc/kept', ['/etc/kept'])]));

      expect(readArm(sections)).toEqual({ type: 'armed', note: null });
      expect(
        await room.say(
          'ls -ln /etc/.xpush-* | cut -c1-10; ls -ln /etc/.xpush-* | tr -s " " | cut -d" " -f3,4',
        ),
      ).toBe('-rw-r-----\n7 8\n');
      expect(
        await room.say(
          'ls -ld /var/lib/xpush /var/lib/xpush/window/*/ /run/xpush-* | cut -c1-10 | sort -u',
        ),
      ).toBe('drwx------\n');
      await room.decide('undo');
      expect(
        await room.say(
          'ls -ln /etc/kept | cut -c1-10; ls -ln /etc/rcS.d /etc/kept | grep -c xpush',
        ),
      ).toBe('-rw-r-----\n0\n');
    },
  );

  test.concurrent('follows nothing that others have planted', async () => {
    const id = `${identity.id}.1`;
    await using room = new Room(
      shell,
      `mount -t tmpfs -o mode=1777 tmpfs /var/tmp; mount -t tmpfs -o mode=1777 tmpfs /dev/shm; chmod 1777 /run
       mkdir -m 777 /var/tmp/trap; chown 1000 /var/tmp/trap
       for place in /var/tmp /run /dev/shm; do
         for name in xpush xpush-${id} .xpush-${id}; do ln -s /var/tmp/trap "$place/$name"; chown -h 1000 "$place/$name"; done
       done`,
    );

    const sections = await room.open(windowPlan([sh('echo new >/etc/kept', ['/etc/kept'])]));
    const now = await room.say('readlink /var/lib/xpush/window/*/now');
    const planted = await room.say('ls -A /var/tmp/trap');
    const decision = await room.decide('undo');

    expect(readArm(sections)).toEqual({ type: 'armed', note: null });
    expect(now).not.toMatch(/tmp|trap/);
    expect(planted).toBe('');
    expect(decision).toEqual({ type: 'rolled_back', why: 'by hand' });
    expect(await room.say('ls -A /var/tmp/trap; ls -d /var/tmp/trap')).toContain('/var/tmp/trap\n');
  });
});
