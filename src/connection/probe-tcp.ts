import { createConnection } from 'node:net';
import { startDeadline } from './deadline.ts';

/**
 * How a new TCP connection ended; `unreachable`: the network said so (ICMP), or this machine has no route;
 * `not_sent`: this machine would not, since the source port is taken or takes root, or for want of descriptors.
 */
export type TcpOutcome = 'open' | 'refused' | 'timeout' | 'unreachable' | 'not_sent';

/** One end of a probe. */
export interface TcpProbe {
  /** Numeric, either family. */
  readonly address: string;
  readonly port: number;
  /** Source port; null for one that the system chooses. */
  readonly localPort: number | null;
}

/**
 * Opens a new TCP connection and closes it at once, by RST, so that a fixed source port is free again.
 * Resolves always: `timeout` after `timeoutMs`, or once `signal` is aborted.
 */
export function probeTcp(
  { address, port, localPort }: TcpProbe,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<TcpOutcome> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve('timeout');
      return;
    }
    const socket = createConnection({
      host: address,
      port,
      ...(localPort === null ? {} : { localPort }),
    });
    const end = (outcome: TcpOutcome): void => {
      deadline.clear();
      signal.removeEventListener('abort', stop);
      if (outcome === 'open') socket.resetAndDestroy();
      else socket.destroy();
      resolve(outcome);
    };
    const stop = (): void => end('timeout');
    const deadline = startDeadline(timeoutMs, stop);
    signal.addEventListener('abort', stop, { once: true });
    socket.once('connect', () => end('open'));
    socket.on('error', (error: NodeJS.ErrnoException) => end(outcomeOf(error.code)));
  });
}

function outcomeOf(code: string | undefined): TcpOutcome {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return 'refused';
    case 'ETIMEDOUT':
      return 'timeout';
    case 'EACCES':
    case 'EADDRINUSE':
    case 'EADDRNOTAVAIL':
    case 'EMFILE':
    case 'ENFILE':
    case 'EPERM':
      return 'not_sent';
    default:
      return 'unreachable';
  }
}
