import { describe, expect, test } from 'vitest';
import { change } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import { readWindow } from '../../src/host/window-sections.ts';
import { busybox, dash, isRoot } from './shells.ts';
import { Room, windowPlan } from './window-room.ts';

describe.runIf(isRoot).each([dash, busybox])('a window ($name)', (shell) => {
  test.concurrent('puts links, owners and modes back', async () => {
    await using room = new Room(
      shell,
      'ln -s kept /etc/link; echo 1 >/etc/file; chown 1:1 /etc/file; chmod 640 /etc/file',
    );
    const [link, none, file] = [
      await room.running.look(query.entry('/etc/link')),
      await room.running.look(query.entry('/etc/none')),
      await room.running.look(query.entry('/etc/file')),
    ];
    const show =
      "ls -ldn /etc/link /etc/none /etc/file 2>/dev/null | sed 's/ [^ ]* [^ ]* [^ ]* [/]/ /'";
    const before = await room.say(show);

    const sections = await room.open(
      windowPlan([
        ...change.makeLink('/etc/link', 'other', link, 'boot'),
        ...change.makeLink('/etc/none', 'kept', none, 'both'),
        ...change.setAttributes(
          '/etc/file',
          { mode: 0o600, owner: { name: '0', id: 0 } },
          file,
          'boot',
        ),
      ]),
    );
    const between = await room.say(show);
    const decision = await room.decide('undo');

    expect(readWindow(sections)).toMatchObject({ type: 'applied' });
    expect(between).toContain('link -> other');
    expect(between).toContain('none -> kept');
    expect(between).toMatch(/-rw------- +1 0 +1 /);
    expect(decision).toMatchObject({ type: 'rolled_back' });
    expect(await room.say(show)).toBe(before);
  });

  test.concurrent('stops what runs as another user with all else', async () => {
    await using room = new Room(shell);
    const seconds = shell.isBusybox ? '7351' : '7352'; // rooms see each other's processes
    const slow = change.command(['sleep', seconds], null, { user: 'nobody' });

    const sections = await room.open(windowPlan([slow], { applySeconds: 1 }));

    expect(readWindow(sections)).toMatchObject({ type: 'rolled_back' });
    expect(
      await room.say(
        `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c '[s]leep ${seconds}'`,
      ),
    ).toBe('0\n');
  });
});
