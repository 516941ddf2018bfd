import type { Duplex } from 'node:stream';

/**
 * Has what is written to a socket within one turn of the event loop leave together, and nothing wait longer:
 * a call of the system and a packet for each message costs both sides more than its bytes.
 */
export function gatherWrites(socket: Duplex): void {
  const { write } = socket;
  socket.write = (...args: readonly unknown[]): boolean => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return Reflect.apply(write, socket, args);
  };
}
