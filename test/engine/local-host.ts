import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection, Exec } from '../../src/connection/transport.ts';
import { placeFor } from '../place.ts';
import { execOf } from './shell-connection.ts';

const homes = placeFor('local-host');

/** Whether what is remembered below /var/lib can be kept from the machine's own. */
const canHide = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;
let count = 0;

/**
 * A "host" that is this machine, but for a /var/lib and a home of its own: a real sh, and hooks for
 * what happens to it between programs.
 */
export interface LocalHost {
  readonly connect: () => Promise<Connection>;
  connections: number;
  /** Programs that were sent, in order. */
  readonly programs: string[];
  /** Runs before a program reaches the shell; `cut` ends the connection. */
  beforeProgram: (program: string, cut: () => void) => void;
}

const { PATH = '' } = process.env;

/** @param path where it finds its commands */
export function localHost(path = PATH): LocalHost {
  count += 1;
  const home = join(homes, `${count}`);
  mkdirSync(home, { mode: 0o700 });
  const host: LocalHost = {
    connections: 0,
    programs: [],
    beforeProgram: () => {},
    connect: async () => {
      host.connections += 1;
      const exec: Connection['exec'] = async (command) => start(host, { home, path }, command);
      return { exec, close: async () => {} };
    },
  };
  return host;
}

const hidden = 'mount --bind "$HOME" /var/lib && PATH=$XPUSH_TEST_PATH && exec /bin/sh -c "$1"';

type WriteDone = (error?: Error | null) => void;

function start(
  host: LocalHost,
  { home, path }: { readonly home: string; readonly path: string },
  command: string,
): Exec {
  const [program, ...args] = canHide
    ? (['unshare', '--mount', '/bin/sh', '-c', hidden, 'sh', command] as const)
    : (['/bin/sh', '-c', `PATH=$XPUSH_TEST_PATH; ${command}`] as const);
  const env = { ...process.env, HOME: home, XPUSH_TEST_PATH: path };
  const child = spawn(program, args, { stdio: 'pipe', env });
  let isCut = false;
  const { stdin } = child;
  const write = stdin.write.bind(stdin);
  stdin.write = (chunk: string | Buffer, done?: BufferEncoding | WriteDone) => {
    // else it is a part of a file
    if (typeof chunk === 'string') {
      host.programs.push(chunk);
      host.beforeProgram(chunk, () => {
        isCut = true;
        stdin.destroy();
        child.kill('SIGKILL');
      });
    }
    return typeof done === 'string' ? write(chunk, done) : write(chunk, done);
  };
  return execOf(child, () => (isCut ? 'cut by the test' : null));
}
