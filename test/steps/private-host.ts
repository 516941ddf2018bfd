import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe } from 'vitest';
import type { Connection, Outcome } from '../../src/connection/transport.ts';
import { type LocalPlaybook, playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

/** Whether this machine can be made to look like another one. */
const canHide =
  process.getuid?.() === 0 && spawnSync('unshare', ['--mount', '--uts', 'true']).status === 0;

/** `describe`, skipped where there is no room. */
export const privateDescribe = describe.skipIf(!canHide);

/** /etc is a copy; homes, /var/lib and /var/spool are empty; mounts and the name of the host are its own. */
const furnish = `
cp -a /etc "$ROOM/etc" && mkdir "$ROOM/home" "$ROOM/root" "$ROOM/lib" "$ROOM/spool" &&
mount --bind "$ROOM/etc" /etc && mount --bind "$ROOM/home" /home && mount --bind "$ROOM/root" /root &&
mount --bind "$ROOM/lib" /var/lib && mount --bind "$ROOM/spool" /var/spool && echo ready && exec cat`;

export interface PrivateHost extends Pick<LocalPlaybook, 'run' | 'runThrice' | 'directory'> {
  /** What a line of shell prints there; throws when it fails. */
  readonly sh: (line: string) => string;
}

/** For a test file: a host of its own for each test, in namespaces of this machine. */
export function privateHost(): PrivateHost {
  const local = playbookOnLocalHost();
  const room: { holder: ChildProcess | null; directory: string } = { holder: null, directory: '' };
  const inside = (): readonly string[] => [
    ...['-t', `${room.holder?.pid}`, '--mount', '--uts', '/bin/sh', '-c'],
  ];
  const env = { ...process.env, HOME: '/root' };
  const connect = async (): Promise<Connection> => ({
    exec: async (command) => {
      const child = spawn('nsenter', [...inside(), command], { stdio: 'pipe', env });
      const outcome = new Promise<Outcome>((resolve) => {
        child.on('close', (code) => resolve({ kind: 'exit', code: code ?? 0 }));
      });
      return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, outcome };
    },
    close: async () => {},
  });
  beforeEach(async () => {
    if (!canHide) return;
    room.directory = mkdtempSync(join(tmpdir(), 'xpush-private-'));
    room.holder = spawn('unshare', ['--mount', '--uts', '/bin/sh', '-c', furnish], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ROOM: room.directory },
    });
    if (room.holder.stdout !== null) await once(room.holder.stdout, 'data');
    Object.assign(local.host, { connect });
  });
  afterEach(async () => {
    if (room.holder === null) return;
    const ended = once(room.holder, 'close');
    room.holder.stdin?.end();
    await ended;
    rmSync(room.directory, { recursive: true, force: true });
  });
  return {
    get directory() {
      return local.directory;
    },
    run: local.run,
    runThrice: local.runThrice,
    sh: (line) => {
      const { status, stdout, stderr } = spawnSync('nsenter', [...inside(), line], {
        encoding: 'utf8',
        env,
      });
      if (status !== 0) throw new Error(`${line}: ${stderr}`);
      return stdout;
    },
  };
}
