import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Connection, Outcome } from '../../src/connection/transport.ts';
import type { TaskEnd } from '../../src/engine/events.ts';
import { localHost } from '../engine/local-host.ts';
import { type Played, play } from '../engine/playbook-on-local-host.ts';

/** Whether this machine can be made to look like another one. */
export const hasPrivateHosts =
  process.getuid?.() === 0 && spawnSync('unshare', ['--mount', '--uts', 'true']).status === 0;

/** /etc is a copy; homes, /var/lib and /var/spool are empty; mounts and the name of the host are its own. */
const furnish = `
cp -a /etc "$ROOM/etc" && mkdir "$ROOM/home" "$ROOM/root" "$ROOM/lib" "$ROOM/spool" &&
mount --bind "$ROOM/etc" /etc && mount --bind "$ROOM/home" /home && mount --bind "$ROOM/root" /root &&
mount --bind "$ROOM/lib" /var/lib && mount --bind "$ROOM/spool" /var/spool && echo ready && exec cat`;

export interface PrivateHost {
  /** What a line of shell prints there; throws when it fails. */
  readonly sh: (line: string) => string;
  /** Runs tasks (`- name: ...`); what became of each. */
  readonly run: (tasks: string, check?: boolean) => Promise<Played>;
  /** The same in a check, which must foretell it, as an apply, and again, when nothing may change; lines of the apply. */
  readonly runThrice: (tasks: string) => Promise<readonly string[]>;
}

/** For a test file: a host of its own for each test, in namespaces of this machine. */
export function privateHost(): PrivateHost {
  const room: { holder: ChildProcess | null; directory: string } = { holder: null, directory: '' };
  const env = { ...process.env, HOME: '/root' };
  const inside = (line: string): string[] => [
    ...['-t', `${room.holder?.pid}`, '--mount', '--uts', '/bin/sh', '-c', line],
  ];
  const connect = async (): Promise<Connection> => ({
    exec: async (command) => {
      const child = spawn('nsenter', inside(command), { stdio: 'pipe', env });
      const outcome = new Promise<Outcome>((resolve) => {
        child.on('close', (code) => resolve({ kind: 'exit', code: code ?? 0 }));
      });
      return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, outcome };
    },
    close: async () => {},
  });
  beforeEach(async () => {
    if (!hasPrivateHosts) return;
    room.directory = mkdtempSync(join(tmpdir(), 'xpush-private-'));
    const holder = spawn('unshare', ['--mount', '--uts', '/bin/sh', '-c', furnish], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ROOM: room.directory },
    });
    room.holder = holder;
    await once(holder.stdout, 'data');
  });
  afterEach(async () => {
    if (room.holder === null) return;
    const ended = once(room.holder, 'close');
    room.holder.stdin?.end();
    await ended;
    rmSync(room.directory, { recursive: true, force: true });
  });
  const run: PrivateHost['run'] = (tasks, check = false) => {
    const { directory } = room;
    return play({ ...localHost(), connect }, `tasks:\n${tasks}`, { directory, check });
  };
  const changesOf = (ended: readonly TaskEnd[]) =>
    ended.map(({ task, status, changes }) => ({ task, status, changes }));
  return {
    run,
    runThrice: async (tasks) => {
      const check = await run(tasks, true);
      const apply = await run(tasks);
      const again = await run(tasks);
      expect(changesOf(apply.ended)).toEqual(changesOf(check.ended));
      const settled = again.ended.map(({ task, status }) => `${task} ${status}`);
      expect(settled).toEqual(again.ended.map(({ task }) => `${task} ok`));
      return apply.lines;
    },
    sh: (line) => {
      const { status, stdout, stderr } = spawnSync('nsenter', inside(line), {
        encoding: 'utf8',
        env,
      });
      if (status !== 0) throw new Error(`${line}: ${stderr}`);
      return stdout;
    },
  };
}
