import type { ChildProcess } from 'node:child_process';
import type { Connection, Exec, Outcome } from '../../src/connection/transport.ts';

/** A connection whose shells are processes of this machine. */
export function shellConnection(start: (command: string) => ChildProcess): Connection {
  return { exec: async (command) => execOf(start(command)), close: async () => {} };
}

/**
 * A process as what runs on a host.
 *
 * @param whyLost asked when it ends: why the line was lost by then; null: it was not
 */
export function execOf(child: ChildProcess, whyLost: () => string | null = () => null): Exec {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('no pipes');
  const outcome = new Promise<Outcome>((resolve) => {
    child.on('close', (code, signal) => {
      const reason = whyLost();
      if (reason !== null) resolve({ kind: 'lost', reason });
      else if (signal !== null) resolve({ kind: 'signal', signal });
      else resolve({ kind: 'exit', code: code ?? 0 });
    });
  });
  return { stdin, stdout, stderr, outcome };
}
