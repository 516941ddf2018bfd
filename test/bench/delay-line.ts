import { connect, createServer } from 'node:net';
import { listening } from '../connection/sshd.ts';
import { startDelayRelay } from './delay-relay.ts';

/*
 * `node delay-line.mjs HOST PORT DELAY [STUMBLING-PORT]`: a line of DELAY ms each way to HOST:PORT, until
 * it is killed. Prints the port that it listens on. With STUMBLING-PORT every other connection, the first
 * one too, goes to that port of HOST, without delay.
 */
const [host = '', port, delay, stumbling] = process.argv.slice(2);
const relay = await startDelayRelay(Number(port), Number(delay), host);
if (stumbling === undefined) {
  process.stdout.write(`${relay.port}\n`);
} else {
  let connections = 0;
  const front = await listening(
    createServer({ noDelay: true }, (near) => {
      connections += 1;
      const isDirect = connections % 2 === 1;
      const far = connect({
        ...(isDirect ? { host, port: Number(stumbling) } : { host: '127.0.0.1', port: relay.port }),
        noDelay: true,
      });
      near.pipe(far).pipe(near);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.on('error', () => undefined);
        one.on('close', () => other.destroy());
      }
    }),
  );
  process.stdout.write(`${front.port}\n`);
}
