import { describe, expect, test } from 'vitest';
import { compileAct } from '../../src/host/act-program.ts';
import { change } from '../../src/host/change.ts';
import { readArm, readLock, readWindow } from '../../src/host/window-sections.ts';
import { hasTool, isRoot, shells } from './shells.ts';
import { identity, Room, sh, windowPlan } from './window-room.ts';

/** umask(2): where a directory has a default ACL, that decides in its place. */
const generous = (path: string) =>
  `setfacl -d -m u::rwx,g::rwx,o::rwx,u:1000:rwx ${path}; : >${path}/probe
   [ "$(stat -c %a ${path}/probe)" = 666 ] || exit 1; rm ${path}/probe`;

const absent = { type: 'absent' } as const;
const effect = 'boot';
const files = [
  ...change.writeFile('/etc/public', 'all\n', absent, { effect, mode: 0o644 }),
  ...change.writeFile('/etc/private', 'root\n', absent, { effect, mode: 0o600 }),
  ...change.writeFile('/etc/shared', 'some\n', absent, { effect, mode: 0o640 }),
];
const asPlanned = 'all\nroot\nsome\n-rw-------\n-rw-r-----\n-rw-r--r--\n';
const shown = `cd /etc && cat public private shared; for f in private shared public; do ls -l "$f"; done | cut -c1-10`;

const canHaveAcl = isRoot && hasTool('setfacl');

describe.runIf(canHaveAcl).each(shells)('where a directory has a default ACL ($name)', (shell) => {
  test.concurrent('a window is armed, and files have the modes that were planned', async () => {
    await using room = new Room(shell, generous('/etc'));

    const sections = await room.open(windowPlan([sh('true'), ...files]));
    const beside = await room.say('ls -ld /etc/.xpush-*.s* | cut -c1-10 | sort -u');
    const decision = await room.decide('confirm');

    expect(readArm(sections)).toEqual({ type: 'armed', note: null });
    expect(readWindow(sections)).toMatchObject({ type: 'applied' });
    expect(beside).toBe('drwx------\n');
    expect(decision).toEqual({ type: 'confirmed' });
    expect(await room.say(shown)).toBe(asPlanned);
  });

  test.concurrent('so they have without a window', async () => {
    const watched = `printf '#!/bin/sh\\nls -ld /etc/.xpush-* >>/run/seen\\nexec /usr/bin/mv "$@"\\n' >/run/bin/mv
      chmod +x /run/bin/mv`;
    await using room = new Room(shell, `${generous('/etc')}\n${watched}`);

    const made = await room.running.act(...files);

    expect(made).toEqual(files.map(() => ({ status: 0, body: '' })));
    expect(await room.say(shown)).toBe(asPlanned);
    if (shell.isBusybox) return; // which has its own mv
    expect(await room.say('cut -c1-10 /run/seen | tr S - | sort -u')).toBe('drwx------\n');
  });

  test.concurrent('what undoes a change, secrets too, is for nobody else', async () => {
    await using room = new Room(shell, generous('/var/lib'));
    const generation = { id: `${identity.id}.9`, text: '{}', keep: 2 };
    await room.running.observe([]);

    room.running.send(
      compileAct([{ id: '0', change: sh('true') }], room.running.known, [], {
        identity,
        generation,
      }),
    );
    const lock = readLock(await room.running.sections());
    const sections = await room.open(windowPlan([sh('true', ['/etc/kept'])]));
    await room.decide('undo');

    expect(lock).toEqual({ type: 'locked', note: null });
    expect(readArm(sections)).toEqual({ type: 'armed', note: null });
    expect(await room.say('ls -ld /var/lib/xpush | cut -c1-10')).toBe('drwx------\n');
  });
});

if (!canHaveAcl) process.stderr.write('skipped: default ACLs need root and setfacl\n');
