import { connect, createServer, type Socket } from 'node:net';
import { listening } from '../connection/sshd.ts';

/** A line with a delay, in user space. */
export interface DelayRelay extends AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
  /**
   * How often the client has sent something without waiting for an answer in between, over all
   * connections: one less waiting is one less here, whatever the clock says.
   */
  readonly flights: number;
}

/**
 * A relay before a server, by default on the loopback, that makes each byte `delayMs` late, each way; what arrives
 * meanwhile goes along. TCP's own handshake is made to last as long as on such a line: the client is
 * connected at once, but its first byte takes three times the delay. The server's wait for an
 * acknowledgement between two small packets (Nagle, where sshd has it on) is not in it.
 */
export async function startDelayRelay(
  port: number,
  delayMs: number,
  host = '127.0.0.1',
): Promise<DelayRelay> {
  const count = { connections: 0, flights: 0 };
  const pairs: Socket[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, work: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  };
  const listener = await listening(
    createServer({ noDelay: true }, (near) => {
      count.connections += 1;
      pairs.push(near);
      let mayFly = true;
      const openedAt = performance.now();
      const far = connect({ port, host, noDelay: true });
      far.pause();
      pairs.push(far);
      /** Hands on what comes, together with what comes until then. */
      const relay = (from: Socket, to: Socket, dueAt: () => number, onPass: () => void) => {
        let waiting: Buffer[] = [];
        const flush = () => {
          onPass();
          if (to.writable) to.write(Buffer.concat(waiting));
          waiting = [];
        };
        from.on('data', (chunk) => {
          if (waiting.push(chunk) === 1) later(dueAt() - performance.now(), flush);
        });
        from.on('error', () => {});
        from.on('close', () => later(delayMs, () => to.destroy()));
      };
      const firstArrivalAt = openedAt + 3 * delayMs;
      near.on('data', () => {
        if (mayFly) count.flights += 1;
        mayFly = false;
      });
      relay(
        near,
        far,
        () => Math.max(firstArrivalAt, performance.now() + delayMs),
        () => {},
      );
      relay(
        far,
        near,
        () => performance.now() + delayMs,
        () => {
          mayFly = true;
        },
      );
      // the server hears of the connection with the end of its handshake
      later(3 * delayMs, () => far.resume());
    }),
  );
  return {
    port: listener.port,
    get connections() {
      return count.connections;
    },
    get flights() {
      return count.flights;
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of pairs) socket.destroy();
      await listener[Symbol.asyncDispose]();
    },
  };
}
