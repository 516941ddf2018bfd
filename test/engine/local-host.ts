import { spawn } from 'node:child_process';
import type { Connection, Exec, Outcome } from '../../src/connection/transport.ts';

/** A "host" that is this machine: a real sh, and hooks for what happens to it between programs. */
export interface LocalHost {
  readonly connect: () => Promise<Connection>;
  connections: number;
  /** Programs that were sent, in order. */
  readonly programs: string[];
  /** Runs before a program reaches the shell; `cut` ends the connection. */
  beforeProgram: (program: string, cut: () => void) => void;
}

export function localHost(): LocalHost {
  const host: LocalHost = {
    connections: 0,
    programs: [],
    beforeProgram: () => {},
    connect: async () => {
      host.connections += 1;
      return { exec: async (command) => start(host, command), close: async () => {} };
    },
  };
  return host;
}

function start(host: LocalHost, command: string): Exec {
  const child = spawn('/bin/sh', ['-c', command], { stdio: 'pipe' });
  let isCut = false;
  const outcome = new Promise<Outcome>((resolve) => {
    child.on('close', (code, signal) => {
      if (isCut) resolve({ kind: 'lost', reason: 'cut by the test' });
      else if (signal !== null) resolve({ kind: 'signal', signal });
      else resolve({ kind: 'exit', code: code ?? 0 });
    });
  });
  const write = child.stdin.write.bind(child.stdin);
  child.stdin.write = (program: string) => {
    host.programs.push(program);
    host.beforeProgram(program, () => {
      isCut = true;
      child.kill('SIGKILL');
    });
    return isCut ? false : write(program);
  };
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, outcome };
}
